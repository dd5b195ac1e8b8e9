/** Looks at a file before anything of it is sent: what would be refused after all its bytes is refused now. */
import type { ProblemCode } from "@/lib/api/problem";
import { durationOf } from "./duration";
import { sniff } from "./sniff";

/** What the service takes, from `GET /about`; null while that is not known. */
export interface Limits {
  readonly uploadBytes: number;
  readonly durationSecs: number;
  readonly partBytes: number;
}

/** Why it would be refused; null when nothing speaks against it here. */
export async function check(file: File, limits: Limits | null): Promise<ProblemCode | null> {
  if (file.size === 0) return "empty_file";
  if (limits !== null && file.size > limits.uploadBytes) return "file_too_large";
  // What cannot be read, such as a file deleted meanwhile, is told as such.
  const kind = await sniff(file).catch(() => undefined);
  if (kind === undefined) return "unreadable_media";
  if (kind === null) return "unsupported_media";
  if (kind === "image" || limits === null) return null;
  const secs = await durationOf(file, kind);
  // A second more may be how the browser rounds; the server decides.
  return secs !== null && secs > limits.durationSecs + 1 ? "too_long" : null;
}
