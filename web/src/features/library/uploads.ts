/** The queue of files on their way; it outlives a visit of another page, and what is not finished outlives a reload. */
import { ApiProblem } from "@/lib/api/problem";
import { currentSession, onSessionChange } from "@/lib/api/session";
import { type Chosen, readAgain, recallHandle } from "@/lib/handles";
import { createStore } from "@/lib/store";
import { check, type Limits } from "./check";
import { fingerprint } from "./fingerprint";
import { forget, type KeptUpload, keptUploads, remember } from "./kept";
import { look, send, takeBack } from "./tus";

export interface Upload {
  readonly key: string;
  readonly name: string;
  readonly bytes: number;
  /** Null after a reload: the browser gives a file only to the page in which it was chosen. */
  readonly file: File | null;
  /** With it the file can be read once more; null where the browser gives none. */
  readonly handle: FileSystemFileHandle | null;
  readonly fingerprint: string;
  /**
   * `chosen`: nobody has looked at it yet; `pausing`: tried again by itself; `paused`: by its person; `left`: waits for its file to
   * be chosen again.
   */
  readonly state:
    | "chosen"
    | "waiting"
    | "sending"
    | "pausing"
    | "paused"
    | "left"
    | "done"
    | "failed"
    | "cancelled";
  readonly share: number;
  /** Where it is on the server, once it was begun. */
  readonly url: string | null;
  readonly mediaId?: string;
  readonly error?: ApiProblem;
  readonly attempts: number;
}

const LOOKED_AT_AT_ONCE = 4;
const SENT_AT_ONCE = 3;
const MOST_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A page that is being reloaded may still hold its uploads when the next one begins. */
const LETS_GO_WITHIN_MS = 10_000;
/** Until the service has said what it takes. */
const PART_BYTES = 8 * 1024 * 1024;
const OPEN: readonly Upload["state"][] = ["chosen", "waiting", "sending", "pausing", "paused", "left"];

export const uploads = createStore<readonly Upload[]>([]);
/** Keys of those that are looked at now. */
const looking = new Set<string>();
const aborts = new Map<string, AbortController>();
const pauses = new Map<string, ReturnType<typeof setTimeout>>();
let limits: Limits | null = null;

/** Shows the files at once, looks at each, and sends those that can be judged; one that was left unfinished goes on. */
export function add(files: readonly Chosen[], taken: Limits | null): void {
  limits = taken ?? limits;
  const chosen = files.map(({ file, handle }): Upload => {
    const { name, size: bytes } = file;
    return {
      ...{ key: newKey(), name, bytes, file, handle, fingerprint: "" },
      ...{ state: "chosen", share: 0, url: null, attempts: 0 },
    };
  });
  uploads.set([...uploads.get(), ...chosen]);
  pump();
}

async function lookAt(key: string, file: File): Promise<void> {
  looking.add(key);
  const problem = await check(file, limits);
  const mark = problem === null ? await fingerprint(file).catch(() => null) : null;
  looking.delete(key);
  const upload = uploads.get().find((one) => one.key === key);
  // Cancelled meanwhile, or of a person who is gone.
  if (upload?.state === "chosen") {
    if (mark === null) {
      const code = problem ?? "unreadable_media";
      swap(key, { ...upload, state: "failed", error: new ApiProblem({ code, status: 422 }) });
    } else found({ ...upload, fingerprint: mark, state: "waiting" });
  }
  pump();
}

/** Nothing speaks against it: it waits for its turn, in the place of what was left of it. */
function found(upload: Upload): void {
  const { key, file, handle, fingerprint } = upload;
  const left = uploads.get().find((one) => one.state === "left" && one.fingerprint === fingerprint);
  swap(key, upload);
  if (!left) return;
  uploads.set(uploads.get().filter((one) => one.key !== key));
  swap(left.key, { ...left, file, handle: handle ?? left.handle, state: "waiting" });
}

/** Random on plain HTTP too, where `crypto.randomUUID` is missing. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Stops it until its person wants it to go on; what was sent stays on the server for a day. */
export function pause(key: string): void {
  halt(key);
  patch(key, { state: "paused" });
  pump();
}

export function resume(key: string): void {
  patch(key, { state: "waiting", attempts: 0 });
  pump();
}

/** Goes on with an upload from before a reload; false when this is another file. */
export async function goOn(key: string, file: File): Promise<boolean> {
  const mark = await fingerprint(file).catch(() => null);
  const left = uploads.get().find((upload) => upload.key === key && upload.state === "left");
  if (!left || mark !== left.fingerprint) return false;
  swap(key, { ...left, file, state: "waiting" });
  pump();
  return true;
}

/**
 * The same with the file that the browser still knows; false when it is another one by now. Where it may not be read, or is
 * gone, its person has to choose it.
 */
export async function goOnAgain({ key, handle }: Upload): Promise<boolean> {
  const file = handle && (await readAgain(handle));
  if (file) return goOn(key, file);
  patch(key, { handle: null });
  return true;
}

export function cancel(key: string): void {
  halt(key);
  const url = uploads.get().find((upload) => upload.key === key)?.url;
  // What cannot be taken back now is given up by the server after a day.
  if (url) void takeBack(url).catch(() => undefined);
  forget(key);
  patch(key, { state: "cancelled", url: null, share: 0 });
  pump();
}

export function retry(key: string): void {
  const { error: _, ...upload } = uploads.get().find((one) => one.key === key) ?? {};
  if (!("file" in upload)) return;
  const state = upload.fingerprint === "" ? "chosen" : "waiting";
  swap(key, { ...(upload as Upload), state, attempts: 0 });
  pump();
}

/** Whether the same file may be taken at another time: what is wrong with the file itself stays so. */
export function mayRetry({ state, error, file }: Upload): boolean {
  if (file === null) return false;
  return state === "cancelled" || (state === "failed" && (error?.mayPass || (error?.status ?? 0) >= 500));
}

export function isOpen({ state }: Upload): boolean {
  return OPEN.includes(state);
}

export function dismissEnded(): void {
  for (const upload of uploads.get()) if (!isOpen(upload)) forget(upload.key);
  uploads.set(uploads.get().filter(isOpen));
}

function pump(): void {
  const all = uploads.get();
  const next = (state: Upload["state"], most: number, busy: number) =>
    all.filter((one) => one.state === state && !looking.has(one.key)).slice(0, Math.max(0, most - busy));
  for (const { key, file } of next("chosen", LOOKED_AT_AT_ONCE, looking.size))
    if (file) void lookAt(key, file);
  const sending = all.filter(({ state }) => state === "sending").length;
  for (const upload of next("waiting", SENT_AT_ONCE, sending)) void begin(upload);
}

async function begin({ key, file, url, attempts }: Upload): Promise<void> {
  if (file === null) return;
  const abort = new AbortController();
  aborts.set(key, abort);
  patch(key, { state: "sending", attempts: attempts + 1 });
  let begun = -1;
  const onProgress = (bytes: number) => {
    // A connection that carried something is worth as many attempts as a new one.
    if (begun < 0) begun = bytes;
    else if (bytes > begun) patch(key, { attempts: 1 });
    patch(key, { share: bytes / file.size });
  };
  const onUrl = (url: string) => started(key, url);
  try {
    const partBytes = limits?.partBytes ?? PART_BYTES;
    const sending = { file, url, partBytes, signal: abort.signal, onProgress, onUrl };
    const id = await held(key, () => send(sending));
    forget(key);
    patch(key, { state: "done", share: 1, mediaId: id });
  } catch (thrown) {
    if (!abort.signal.aborted) await failed(key, file, ApiProblem.from(thrown));
  }
  if (aborts.get(key) === abort) aborts.delete(key);
  pump();
}

function started(key: string, url: string): void {
  patch(key, { url });
  const owner = person();
  const upload = uploads.get().find((one) => one.key === key);
  if (!upload || owner === null) return;
  const { name, bytes, fingerprint, handle } = upload;
  remember({ key, owner, url, name, bytes, fingerprint }, handle);
}

async function failed(key: string, file: File, error: ApiProblem): Promise<void> {
  const attempts = uploads.get().find((upload) => upload.key === key)?.attempts ?? 1;
  // A file that was removed or changed looks like a lost connection from here.
  const isThere = await file
    .slice(0, 1)
    .arrayBuffer()
    .then(Boolean, () => false);
  const isLost = error.status === 0;
  const mayPass = error.mayPass || error.code === "wrong_offset";
  if (!isThere || !mayPass || (attempts >= MOST_ATTEMPTS && !isLost)) {
    if (!mayPass) forget(key);
    const told = isThere ? error : new ApiProblem({ code: "unreadable_media", status: 422 });
    patch(key, { state: "failed", error: told, ...(mayPass ? {} : { url: null, share: 0 }) });
    return;
  }
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
  patch(key, { state: "pausing", error });
  const secs = error.retryAfterSecs ?? 0;
  pauses.set(
    key,
    setTimeout(() => again(key), Math.max(pause, secs * 1000)),
  );
}

function again(key: string): void {
  clearTimeout(pauses.get(key));
  pauses.delete(key);
  patch(key, { state: "waiting" });
  pump();
}

// The browser knows sooner than a pause ends that there is a network again.
if (typeof window !== "undefined")
  window.addEventListener("online", () => {
    for (const { key, error } of uploads.get()) if (pauses.has(key) && error?.status === 0) again(key);
  });

function halt(key: string): void {
  clearTimeout(pauses.get(key));
  pauses.delete(key);
  aborts.get(key)?.abort();
  aborts.delete(key);
}

function patch(key: string, change: Partial<Upload>): void {
  const before = uploads.get().find((upload) => upload.key === key);
  if (before) swap(key, { ...before, ...change });
}

function swap(key: string, next: Upload): void {
  uploads.set(uploads.get().map((upload) => (upload.key === key ? next : upload)));
}

/** Shows what an earlier page has left unfinished, and asks the server how far each is. */
async function showLeft(owner: string): Promise<void> {
  const elsewhere = await heldElsewhere();
  if (owner !== person()) return;
  const known = new Set(uploads.get().map(({ key }) => key));
  const unknown = keptUploads(owner).filter(({ key }) => !known.has(key));
  for (const { key } of unknown.filter(({ key }) => elsewhere.has(lockOf(key))))
    void letGo(key).then((isFree) => (isFree ? showLeft(owner) : undefined));
  const left = unknown.filter(({ key }) => !elsewhere.has(lockOf(key)));
  const asUpload = ({ key, name, bytes, fingerprint, url }: KeptUpload): Upload => ({
    ...{ key, name, bytes, fingerprint, url },
    ...{ file: null, handle: null, state: "left", share: 0, attempts: 0 },
  });
  uploads.set([...uploads.get(), ...left.map(asUpload)]);
  for (const { key } of left) void recallHandle(key).then((handle) => handle && patch(key, { handle }));
  for (const { key, url } of left) void showStanding(key, url);
}

async function showStanding(key: string, url: string): Promise<void> {
  const standing = await look(url).catch(() => undefined);
  const upload = uploads.get().find((one) => one.key === key && one.state === "left");
  // Nobody answers now: it is shown, and looked at again when it goes on.
  if (!upload || standing === undefined) return;
  if (standing !== null && standing.mediaId === null) {
    patch(key, { share: standing.offset / upload.bytes });
    return;
  }
  forget(key);
  uploads.set(uploads.get().filter((one) => one.key !== key));
}

const lockOf = (key: string) => `drishtiksha-upload-${key}`;

/** Keeps other tabs from showing it as left behind, where the browser can tell them. */
function held<T>(key: string, work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return work();
  return navigator.locks.request(lockOf(key), work) as Promise<T>;
}

/** Whether it is let go within moments; one that another tab sends is not. */
function letGo(key: string): Promise<boolean> {
  const signal = AbortSignal.timeout(LETS_GO_WITHIN_MS);
  return navigator.locks.request(lockOf(key), { signal }, () => true).catch(() => false);
}

async function heldElsewhere(): Promise<ReadonlySet<string | undefined>> {
  const locks = await navigator.locks?.query();
  return new Set(locks?.held?.map(({ name }) => name));
}

function person(): string | null {
  const session = currentSession();
  return session.state === "in" ? session.user.id : null;
}

// Nothing that one person sends is seen, or sent, by the next.
let owner = person();
if (owner !== null) void showLeft(owner);
onSessionChange(() => {
  const next = person();
  if (next === owner) return;
  const before = owner;
  owner = next;
  if (before !== null) {
    for (const { key } of uploads.get()) halt(key);
    uploads.set([]);
  }
  if (next !== null) void showLeft(next);
});
