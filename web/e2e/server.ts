/** The real service with a data folder of its own, and the people in it. Ends with its test file. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { Judge } from "./judge";
import { CHECKOUT, freePort, PROGRAM, Program } from "./program";

const ML_KEY = "a key for walks only";

export interface Person {
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

interface Start {
  /** Settings, see docs/configuration.md. */
  env?: Readonly<Record<string, string>>;
  /** Whether files are judged by a process of its own, `server.ml`, which is not started yet. */
  apart?: boolean;
  /** Whether its operator makes the first account, as where a database is named. */
  isNew?: boolean;
}

export class Server {
  readonly home: string;
  /** Such as `http://127.0.0.1:4242`; the same after a restart. */
  readonly url: string;
  /** Who judges files, where that is a process of its own. */
  readonly ml: Judge | null;
  readonly #program: Program;
  readonly #tokens = new Map<string, string>();

  private constructor(home: string, url: string, program: Program, ml: Judge | null) {
    this.home = home;
    this.url = url;
    this.ml = ml;
    this.#program = program;
  }

  /** Starts `drishtiksha serve`, with everything in one process unless told otherwise. */
  static async start({ env = {}, apart = false, isNew = false }: Start = {}): Promise<Server> {
    const home = await newHome();
    const port = await freePort();
    const log = join(home, "log");
    const common = { DRISHTIKSHA_HOME: home, METRICS_PORT: "0", REQUESTS_PER_MINUTE: "100000" };
    const settings = { ...common, PORT: String(port), ...env, ...(isNew ? database(home) : {}) };
    const url = `http://127.0.0.1:${port}`;
    const listens = /^metrics/m;
    if (!apart) {
      const program = new Program({ args: ["serve"], env: settings, listens, log });
      await program.launch();
      return new Server(home, url, program, null);
    }
    const mlPort = String(await freePort());
    const mlEnv = { ...common, ML_PORT: mlPort, ML_API_KEY: ML_KEY };
    const judge = new Judge({ args: ["ml"], env: mlEnv, listens, log: join(home, "ml.log") });
    const ml = { ML_SERVER_URLS: await judge.open(Number(mlPort)), ML_API_KEY: ML_KEY };
    const args = ["serve", "--roles", "api,worker"];
    const program = new Program({ args, env: { ...settings, ...ml }, listens, log });
    await program.launch();
    return new Server(home, url, program, judge);
  }

  launch(): Promise<void> {
    return this.#program.launch();
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }

  restart(): Promise<void> {
    return this.#program.restart();
  }

  log(): Promise<string> {
    return this.#program.log();
  }

  /** Ends it for good, with everything that it kept. */
  async dispose(): Promise<void> {
    await this.kill();
    await this.ml?.kill();
    this.ml?.close();
    await rm(this.home, { recursive: true, force: true });
  }

  /** Address and password of the administrator that its first start made. */
  get administrator(): { email: string; password: string } {
    const first = /^first administrator: (?<email>\S+) +password: (?<password>\S+)/m;
    const said = first.exec(this.#program.said)?.groups;
    return { email: said?.email ?? "", password: said?.password ?? "" };
  }

  /** Where the first administrator is made, as its first start has told. */
  get setUp(): string {
    return /^first set-up: open (\S+)/m.exec(this.#program.said)?.[1] ?? "";
  }

  /** Makes an account through the API. */
  async signUp(firstName: string, lastName = "Example"): Promise<Person> {
    // Walks of a file share a server: no two of them get the same person.
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

  /** Asks the API in the name of a person. */
  async ask(person: Person, path: string, init: RequestInit = {}): Promise<Response> {
    const token = this.#tokens.get(person.email) ?? (await this.token(person));
    this.#tokens.set(person.email, token);
    const headers = { ...init.headers, authorization: `Bearer ${token}` };
    return fetch(`${this.url}/api/v1${path}`, { ...init, headers });
  }

  /** Uploads a file of `testdata/`, or any bytes under a name, and tells the id of the medium. */
  async upload(person: Person, sample: string, named = basename(sample)): Promise<string> {
    const form = new FormData();
    form.set("media", new Blob([new Uint8Array(await readFile(testdata(sample)))]), named);
    const response = await this.ask(person, "/media", { method: "POST", body: form });
    if (response.status !== 202) throw new Error(`${sample} was refused: ${await response.text()}`);
    return ((await response.json()) as { id: string }).id;
  }

  #post(path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }
}

/** A database that is named and has its tables; the program then leaves the first account to a person. */
function database(home: string): Record<string, string> {
  const settings = {
    DRISHTIKSHA_HOME: home,
    DATABASE_URL: `sqlite://${join(home, "named.sqlite")}`,
    JWT_SECRET: crypto.randomUUID(),
  };
  execFileSync(PROGRAM, ["migrate"], { env: settings, stdio: "pipe" });
  return settings;
}

/** A data folder that shares what was installed for this checkout. */
async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "drishtiksha-walk-"));
  const shared = resolve(CHECKOUT, process.env.DRISHTIKSHA_HOME ?? ".drishtiksha");
  for (const name of ["lib", "weights"]) {
    if (existsSync(join(shared, name))) await symlink(join(shared, name), join(home, name));
  }
  return home;
}

/** A file of `testdata/`, such as `samples/portrait.mp4`. */
export function testdata(name: string): string {
  return resolve(CHECKOUT, "testdata", name);
}

/**
 * Makes `portrait.mp4` with one picture a second and tags such as `comment=fox`: of all its pictures the models would look at 32,
 * which is proven once and takes its time.
 */
export function film(server: Server, ...tags: string[]): string {
  const path = join(server.home, "portrait.mp4");
  const marks = tags.flatMap((tag) => ["-metadata", tag]);
  const from = ["-v", "error", "-y", "-i", testdata("samples/portrait.mp4")];
  execFileSync("ffmpeg", [...from, "-r", "1", "-c:a", "copy", ...marks, path]);
  return path;
}
