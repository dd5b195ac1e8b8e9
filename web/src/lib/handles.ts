/**
 * Handles of files that somebody has chosen: with one, a file is read again after a reload when its person says so by a click.
 * Only some browsers give them, and only at secure addresses. A handle holds no content, and the browser asks before it is used.
 */

/** A file, and its handle where the browser gives one. */
export interface Chosen {
  readonly file: File;
  readonly handle: FileSystemFileHandle | null;
}

// What the types of the DOM do not know yet.
interface Asked {
  requestPermission?(wish: { mode: "read" }): Promise<PermissionState>;
}
interface Dialogs {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}
interface Dropped {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

const DATABASE = "drishtiksha";
const FILES = "files";

export function canOpenFiles(): boolean {
  return "showOpenFilePicker" in window;
}

/** Has files chosen in the browser's own dialog; none when it was closed. */
export async function openFiles(): Promise<Chosen[]> {
  const handles = await (window as Dialogs).showOpenFilePicker?.({ multiple: true }).catch(() => []);
  return Promise.all((handles ?? []).map(chosen));
}

/** The handle of what was dropped; must be asked for within the event. */
export function droppedHandle(item: DataTransferItem): Promise<FileSystemHandle | null> {
  const asked = (item as Dropped).getAsFileSystemHandle?.();
  return asked?.catch(() => null) ?? Promise.resolve(null);
}

/** All files within, where it is a folder. */
export async function filesWithin(handle: FileSystemHandle): Promise<Chosen[]> {
  if (handle.kind === "file") return [await chosen(handle as FileSystemFileHandle)];
  const found: Chosen[] = [];
  for await (const one of (handle as FileSystemDirectoryHandle).values())
    found.push(...(await filesWithin(one)));
  return found;
}

async function chosen(handle: FileSystemFileHandle): Promise<Chosen> {
  return { file: await handle.getFile(), handle };
}

/** The file once more, when its person allows it; null when not, or when it is gone. Must follow a click. */
export async function readAgain(handle: FileSystemFileHandle): Promise<File | null> {
  const allowed = await (handle as Asked).requestPermission?.({ mode: "read" }).catch(() => "denied");
  return allowed === "granted" ? handle.getFile().catch(() => null) : null;
}

export async function keepHandle(key: string, handle: FileSystemFileHandle): Promise<void> {
  await within("readwrite", (files) => files.put(handle, key));
}

export async function recallHandle(key: string): Promise<FileSystemFileHandle | null> {
  const kept = await within<unknown>("readonly", (files) => files.get(key));
  return typeof FileSystemFileHandle !== "undefined" && kept instanceof FileSystemFileHandle ? kept : null;
}

export async function dropHandle(key: string): Promise<void> {
  await within("readwrite", (files) => files.delete(key));
}

type Act<T> = (files: IDBObjectStore) => IDBRequest<T>;

/** Null where storage is forbidden or fails: the file is then chosen again. */
async function within<T>(mode: IDBTransactionMode, act: Act<T>): Promise<T | null> {
  if (typeof indexedDB === "undefined") return null;
  const database = await open().catch(() => null);
  if (database === null) return null;
  try {
    return await outcome(act(database.transaction(FILES, mode).objectStore(FILES)));
  } catch {
    return null;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(FILES);
  return outcome(request);
}

function outcome<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}
