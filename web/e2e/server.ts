/** The real program with a data folder of its own: started, stopped, killed, started anew. Ends with its test file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = resolve(CHECKOUT, process.env.PROGRAM ?? "target/debug/drishtiksha");
const START_MS = 90_000;

export interface Person {
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

export class Server {
  readonly home: string;
  readonly #port: number;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #said = "";

  private constructor(home: string, port: number, env: Readonly<Record<string, string>>) {
    this.home = home;
    this.#port = port;
    this.#env = env;
  }

  /** Starts `drishtiksha serve`; `env` changes its settings, see docs/configuration.md. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<Server> {
    const home = await mkdtemp(join(tmpdir(), "drishtiksha-walk-"));
    const shared = resolve(CHECKOUT, process.env.DRISHTIKSHA_HOME ?? ".drishtiksha");
    for (const name of ["lib", "weights"]) {
      if (existsSync(join(shared, name))) await symlink(join(shared, name), join(home, name));
    }
    const server = new Server(home, await freePort(), env);
    await server.launch();
    return server;
  }

  /** Such as `http://127.0.0.1:4242`; the same after a restart. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it (again), and waits until it listens. */
  async launch(): Promise<void> {
    const child = spawn(PROGRAM, ["serve"], {
      env: {
        PATH: process.env.PATH ?? "",
        HOME: process.env.HOME ?? "",
        DRISHTIKSHA_HOME: this.home,
        PORT: String(this.#port),
        METRICS_PORT: "0",
        REQUESTS_PER_MINUTE: "100000",
        ...this.#env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr?.on(
      "data",
      (bytes: Buffer) => void appendFile(join(this.home, "log"), bytes).catch(() => undefined),
    );
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`it does not listen: ${this.#said}`)), START_MS);
      child.once("error", fail);
      child.once("exit", (code) => fail(new Error(`it ended with ${code}: ${this.#said}`)));
      child.stdout?.on("data", (bytes: Buffer) => {
        this.#said += bytes.toString();
        if (!/^metrics/m.test(this.#said)) return;
        clearTimeout(timer);
        done();
      });
    });
  }

  /** Asks it to end, as an operator does. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it in the middle of what it does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  /** Ends it for good, with everything that it kept. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.home, { recursive: true, force: true });
  }

  log(): Promise<string> {
    return readFile(join(this.home, "log"), "utf8").catch(() => "");
  }

  /** Address and password of the administrator that its first start made. */
  get administrator(): { email: string; password: string } {
    const said = /^first administrator: (?<email>\S+) +password: (?<password>\S+)/m.exec(this.#said)?.groups;
    return { email: said?.email ?? "", password: said?.password ?? "" };
  }

  /** Makes an account through the API. */
  async signUp(firstName: string, lastName = "Example"): Promise<Person> {
    // Files of walks may share a server: no two of them get the same person.
    const email = `${firstName.toLowerCase()}-${crypto.randomUUID().slice(0, 8)}@example.org`;
    const person = { email, password: "correct horse battery", firstName, lastName };
    const response = await this.#post("/api/v1/auth/signup", person);
    if (response.status !== 201) throw new Error(`no account for ${email}: ${await response.text()}`);
    return person;
  }

  /** An access token of a person's own, for calls beside the page. */
  async token({ email, password }: Pick<Person, "email" | "password">): Promise<string> {
    const response = await this.#post("/api/v1/auth/login", { email, password });
    const body = (await response.json()) as { token?: string };
    if (!body.token) throw new Error(`${email} cannot sign in: ${JSON.stringify(body)}`);
    return body.token;
  }

  #post(path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #end(signal: NodeJS.Signals) {
    const child = this.#child;
    this.#child = null;
    this.#said = this.#said.replace(/^metrics/gm, "before: metrics");
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

/** The same port is needed again after a restart, so it is chosen here and not by the program. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** A file of `testdata/`, such as `samples/portrait.mp4`. */
export function testdata(name: string): string {
  return join(CHECKOUT, "testdata", name);
}
