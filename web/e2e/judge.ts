/**
 * The process that judges files, behind a desk where they can be held. How it is can always be asked: the service stops counting on
 * a server that does not answer, and then nothing would be under way.
 */
import { once } from "node:events";
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { freePort, Program } from "./program";

const LOOK = /^\/(stats|models)$/;

export class Judge extends Program {
  readonly #desk = createServer();
  /** What waits; `null` while nothing is held. */
  #held: (() => void)[] | null = null;

  /** Opens the desk before whoever listens on `port`, and tells its address. */
  async open(port: number): Promise<string> {
    this.#desk.keepAliveTimeout = 0;
    this.#desk.requestTimeout = 0;
    this.#desk.on("request", (request, response) => {
      const pass = () => hand(port, request, response);
      if (this.#held === null || LOOK.test(request.url ?? "")) pass();
      else this.#held.push(pass);
    });
    const own = await freePort();
    this.#desk.listen(own, "127.0.0.1");
    await once(this.#desk, "listening");
    return `http://127.0.0.1:${own}`;
  }

  /** Holds what is asked of it from now on. */
  pause(): void {
    this.#held ??= [];
  }

  /** Lets go what was held, and what comes. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const pass of held) pass();
  }

  close(): void {
    this.#desk.close();
    this.#desk.closeAllConnections();
  }
}

/** Hands a question on and its answer back; where one end is gone, so is the other. */
function hand(port: number, request: IncomingMessage, response: ServerResponse): void {
  if (response.destroyed) return;
  const { url, method, headers } = request;
  const onward = ask({ host: "127.0.0.1", port, path: url, method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}
