/** The queue of files on their way; it outlives a visit of another page. */
import { ApiProblem } from "@/lib/api/problem";
import { currentSession, onSessionChange } from "@/lib/api/session";
import { createStore } from "@/lib/store";
import { send } from "./send";
import { sniff } from "./sniff";

export interface Upload {
  readonly key: string;
  readonly file: File;
  readonly state: "waiting" | "sending" | "pausing" | "done" | "failed" | "cancelled";
  readonly share: number;
  readonly mediaId?: string;
  readonly error?: ApiProblem;
  readonly attempts: number;
}

const AT_ONCE = 3;
const MOST_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export const uploads = createStore<readonly Upload[]>([]);
const aborts = new Map<string, AbortController>();
const pauses = new Map<string, ReturnType<typeof setTimeout>>();

/** Looks at each file, and sends those that can be judged. */
export async function add(files: readonly File[], mostBytes: number | null): Promise<void> {
  const owner = person();
  const looked = await Promise.all(files.map((file) => check(file, mostBytes)));
  if (owner !== person()) return;
  uploads.set([...uploads.get(), ...looked]);
  pump();
}

async function check(file: File, mostBytes: number | null): Promise<Upload> {
  const upload: Upload = { key: newKey(), file, state: "waiting", share: 0, attempts: 0 };
  const refuse = (code: ApiProblem["code"]): Upload => ({
    ...upload,
    state: "failed",
    error: new ApiProblem({ code, status: 422 }),
  });
  if (file.size === 0) return refuse("empty_file");
  if (mostBytes !== null && file.size > mostBytes) return refuse("file_too_large");
  // What cannot be read, such as a file deleted meanwhile, is told as such.
  const kind = await sniff(file).catch(() => undefined);
  if (kind === undefined) return refuse("unreadable_media");
  return kind === null ? refuse("unsupported_media") : upload;
}

/** Random on plain HTTP too, where `crypto.randomUUID` is missing. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

export function cancel(key: string): void {
  halt(key);
  patch(key, { state: "cancelled" });
  pump();
}

export function retry(key: string): void {
  const { error: _, ...upload } = uploads.get().find((one) => one.key === key) ?? {};
  if (!("file" in upload)) return;
  swap(key, { ...(upload as Upload), state: "waiting", share: 0, attempts: 0 });
  pump();
}

/** Whether the same file may be taken at another time: what is wrong with the file itself stays so. */
export function mayRetry({ state, error }: Upload): boolean {
  return state === "cancelled" || (state === "failed" && (error?.mayPass || (error?.status ?? 0) >= 500));
}

export function dismissEnded(): void {
  const open = (upload: Upload) => ["waiting", "sending", "pausing"].includes(upload.state);
  uploads.set(uploads.get().filter(open));
}

function pump(): void {
  const all = uploads.get();
  const free = AT_ONCE - all.filter((upload) => upload.state === "sending").length;
  for (const upload of all.filter(({ state }) => state === "waiting").slice(0, Math.max(0, free)))
    void begin(upload);
}

async function begin({ key, file, attempts }: Upload): Promise<void> {
  const abort = new AbortController();
  aborts.set(key, abort);
  patch(key, { state: "sending", share: 0, attempts: attempts + 1 });
  try {
    const onProgress = (share: number) => patch(key, { share });
    const { id } = await send({ file, key, signal: abort.signal, onProgress });
    patch(key, { state: "done", share: 1, mediaId: id });
  } catch (thrown) {
    if (!abort.signal.aborted) failed(key, attempts + 1, ApiProblem.from(thrown));
  }
  if (aborts.get(key) === abort) aborts.delete(key);
  pump();
}

function failed(key: string, attempts: number, error: ApiProblem): void {
  if (!error.mayPass || attempts >= MOST_ATTEMPTS) {
    patch(key, { state: "failed", error });
    return;
  }
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
  patch(key, { state: "pausing", error });
  const again = () => {
    pauses.delete(key);
    patch(key, { state: "waiting" });
    pump();
  };
  pauses.set(key, setTimeout(again, Math.max(pause, (error.retryAfterSecs ?? 0) * 1000)));
}

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

function person(): string | null {
  const session = currentSession();
  return session.state === "in" ? session.user.id : null;
}

// Nothing that one person sends is seen, or sent, by the next.
let owner = person();
onSessionChange(() => {
  const next = person();
  if (next === owner) return;
  const before = owner;
  owner = next;
  if (before === null) return;
  for (const { key } of uploads.get()) halt(key);
  uploads.set([]);
});
