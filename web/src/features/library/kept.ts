/**
 * What the browser remembers of uploads that are not finished, so that they go on after a reload: where they are on
 * the server and how to know their file again, or how to read it again where the browser gives a handle. No token, and no
 * content.
 */
import { dropHandle, keepHandle } from "@/lib/handles";
import { keep, recall } from "@/lib/storage";

export interface KeptUpload {
  readonly key: string;
  /** Id of the person whose upload it is. */
  readonly owner: string;
  readonly url: string;
  readonly name: string;
  readonly bytes: number;
  readonly fingerprint: string;
}

const MOST = 200;

/** Uploads of a person, oldest first. */
export function keptUploads(owner: string): KeptUpload[] {
  return all().filter((upload) => upload.owner === owner);
}

export function remember(upload: KeptUpload, handle: FileSystemFileHandle | null): void {
  if (handle) void keepHandle(upload.key, handle);
  write([...all().filter(({ key }) => key !== upload.key), upload].slice(-MOST));
}

export function forget(key: string): void {
  void dropHandle(key);
  write(all().filter((upload) => upload.key !== key));
}

function write(uploads: readonly KeptUpload[]): void {
  keep("uploads", uploads.length > 0 ? JSON.stringify(uploads) : null);
}

function all(): KeptUpload[] {
  try {
    const read: unknown = JSON.parse(recall("uploads") ?? "[]");
    return Array.isArray(read) ? read.filter(isKept) : [];
  } catch {
    // Another program's, or an older version's.
    return [];
  }
}

function isKept(value: unknown): value is KeptUpload {
  if (typeof value !== "object" || value === null) return false;
  const { key, owner, url, name, bytes, fingerprint } = value as Record<string, unknown>;
  const texts = [key, owner, url, name, fingerprint].every((text) => typeof text === "string");
  // Requests with a token go to this address: only to ours.
  return texts && typeof bytes === "number" && /^\/api\/v1\/uploads\/[0-9a-f-]{36}$/.test(String(url));
}
