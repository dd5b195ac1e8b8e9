/** One process of the real program: started, stopped, killed, started anew. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
export const PROGRAM = resolve(CHECKOUT, process.env.PROGRAM ?? "target/debug/drishtiksha");
const START_MS = 90_000;

interface Launch {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** What it says when it listens. */
  listens: RegExp;
  /** Where what it logs is kept. */
  log: string;
}

export class Program {
  readonly #launch: Launch;
  #child: ChildProcess | null = null;
  #said = "";

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  /** What it has said on standard output since it was first started. */
  get said(): string {
    return this.#said;
  }

  /** Starts it (again) where it does not run, and waits until it listens. */
  async launch(): Promise<void> {
    if (this.#child) return;
    const { args, env, listens, log } = this.#launch;
    const child = spawn(PROGRAM, [...args], {
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr?.on("data", (bytes: Buffer) => void appendFile(log, bytes).catch(() => undefined));
    await new Promise<void>((done, fail) => {
      let said = "";
      const timer = setTimeout(() => fail(new Error(`it does not listen: ${said}`)), START_MS);
      child.once("error", fail);
      child.once("exit", (code) => fail(new Error(`it ended with ${code}: ${said}`)));
      child.stdout?.on("data", (bytes: Buffer) => {
        said += bytes.toString();
        this.#said += bytes.toString();
        if (!listens.test(said)) return;
        clearTimeout(timer);
        done();
      });
    });
  }

  /** Asks it to end, as an operator does. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Ends it in the middle of what it does. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  log(): Promise<string> {
    return readFile(this.#launch.log, "utf8").catch(() => "");
  }

  async #end(signal: NodeJS.Signals) {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

/** The same port is needed again after a restart, so it is chosen here and not by the program. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
