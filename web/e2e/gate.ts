/**
 * A way to the server on which what is sent stops after a count of bytes, whatever the machine's speed, until it is let on.
 * What comes back, and connections that send little, pass as they are.
 */
import { createServer, connect as dial, type Server as Listener, type Socket } from "node:net";
import { freePort } from "./program";

/** More than this is a file. */
const LARGE_BYTES = 256 * 1024;

export class Gate {
  readonly url: string;
  readonly #listener: Listener;
  readonly #open = new Set<Socket>();
  /** What waits, by the connection to the server on which it is to go on. */
  readonly #waiting = new Map<Socket, Buffer[]>();
  #mostBytes: number;

  private constructor(url: string, target: URL, mostBytes: number) {
    this.url = url;
    this.#mostBytes = mostBytes;
    this.#listener = createServer((client) => this.#join(client, target));
  }

  /** Lets `mostBytes` of files through to `target`, and then nothing. */
  static async open(target: string, mostBytes: number): Promise<Gate> {
    const port = await freePort();
    const gate = new Gate(`http://127.0.0.1:${port}`, new URL(target), mostBytes);
    await new Promise<void>((done) => gate.#listener.listen(port, "127.0.0.1", done));
    return gate;
  }

  /** From now on everything passes. */
  letOn(): void {
    this.#mostBytes = Number.POSITIVE_INFINITY;
    for (const [server, parts] of this.#waiting) for (const part of parts) server.write(part);
    this.#waiting.clear();
  }

  close(): void {
    this.#listener.close();
    for (const socket of this.#open) socket.destroy();
  }

  #join(client: Socket, target: URL): void {
    const server = dial(Number(target.port), target.hostname);
    // Since the last answer: connections are used again.
    let sent = 0;
    client.on("data", (bytes) => {
      sent += bytes.length;
      if (sent > LARGE_BYTES) this.#mostBytes -= bytes.length;
      if (sent <= LARGE_BYTES || this.#mostBytes > 0) server.write(bytes);
      else this.#waiting.set(server, [...(this.#waiting.get(server) ?? []), bytes]);
    });
    server.on("data", (bytes) => {
      sent = 0;
      client.write(bytes);
    });
    this.#link(client, server);
    this.#link(server, client);
  }

  /** Where one end is gone, so is the other. */
  #link(socket: Socket, other: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      other.destroy();
      this.#open.delete(socket);
      this.#waiting.delete(socket);
    });
  }
}
