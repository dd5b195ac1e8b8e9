/**
 * Sends a file part by part, by the protocol tus 1.0.0: what was cut off goes on where the server's count stands. Knows
 * no queue and tries nothing twice, but for a token that was refused.
 */
import { authorizedFetch } from "@/lib/api/client";
import { ApiProblem } from "@/lib/api/problem";
import { accessToken, refresh } from "@/lib/api/session";

interface Sending {
  file: File;
  /** Where it was begun before. */
  url: string | null;
  partBytes: number;
  signal: AbortSignal;
  /** It begins anew at this address, or goes on at it. */
  onUrl: (url: string) => void;
  /** Bytes that the server has, or gets just now. */
  onProgress: (bytes: number) => void;
}

/** Where an upload stands; `mediaId` once it has become a medium. */
interface Standing {
  offset: number;
  mediaId: string | null;
}

const VERSION = { "tus-resumable": "1.0.0" };

/** Sends what the server has not, and gives the id of the medium that the file became. */
export async function send(sending: Sending): Promise<string> {
  const { file, partBytes, signal, onProgress } = sending;
  const before = sending.url === null ? null : await look(sending.url, signal);
  const url = before === null || sending.url === null ? await begin(file, signal) : sending.url;
  sending.onUrl(url);
  let { offset, mediaId } = before ?? { offset: 0, mediaId: null };
  while (mediaId === null) {
    onProgress(offset);
    const start = offset;
    const part = file.slice(start, start + partBytes);
    // At the end of a whole file nothing is sent, and the server says once more what became of it.
    ({ offset, mediaId } = await append(url, start, part, signal, (bytes) => onProgress(start + bytes)));
    if (offset <= start && mediaId === null) throw new ApiProblem({ code: "unexpected_answer", status: 500 });
  }
  return mediaId;
}

async function begin(file: File, signal: AbortSignal): Promise<string> {
  const headers = {
    ...VERSION,
    "upload-length": String(file.size),
    "upload-metadata": `filename ${base64(file.name)}`,
  };
  const response = await authorizedFetch("/api/v1/uploads", { method: "POST", headers, signal });
  const url = response.headers.get("location");
  if (!response.ok || url === null) throw await problemOf(response);
  return url;
}

/** Null when the server knows nothing of it (any more). */
export async function look(url: string, signal?: AbortSignal): Promise<Standing | null> {
  const init: RequestInit = { method: "HEAD", headers: VERSION, cache: "no-store", signal: signal ?? null };
  const response = await authorizedFetch(url, init);
  if (response.status === 404) return null;
  if (!response.ok) throw await problemOf(response);
  return standing((name) => response.headers.get(name));
}

/** Takes an upload back; one that is gone already is fine. */
export async function takeBack(url: string): Promise<void> {
  const response = await authorizedFetch(url, { method: "DELETE", headers: VERSION });
  if (!response.ok && response.status !== 404) throw await problemOf(response);
}

async function problemOf(response: Response): Promise<ApiProblem> {
  return ApiProblem.of(response, await response.json().catch(() => null));
}

type OnSent = (bytes: number) => void;

async function append(
  url: string,
  offset: number,
  part: Blob,
  signal: AbortSignal,
  onSent: OnSent,
): Promise<Standing> {
  const token = accessToken() ?? (await refresh());
  try {
    return await patch(url, offset, part, signal, onSent, token);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401 || token === null) throw error;
    return patch(url, offset, part, signal, onSent, await refresh(token));
  }
}

/** `fetch` cannot tell how much has been sent. */
function patch(
  url: string,
  offset: number,
  part: Blob,
  signal: AbortSignal,
  onSent: OnSent,
  token: string | null,
): Promise<Standing> {
  return new Promise((done, fail) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open("PATCH", url);
    if (token !== null) request.setRequestHeader("authorization", `Bearer ${token}`);
    request.setRequestHeader("tus-resumable", "1.0.0");
    request.setRequestHeader("upload-offset", String(offset));
    request.setRequestHeader("content-type", "application/offset+octet-stream");
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => {
      if (request.status === 204) return done(standing((name) => request.getResponseHeader(name)));
      const after = request.getResponseHeader("retry-after");
      const headers = new Headers(after === null ? [] : [["retry-after", after]]);
      fail(
        ApiProblem.of(new Response(null, { status: request.status, headers }), parsed(request.responseText)),
      );
    };
    request.onerror = () => fail(ApiProblem.unreachable(new Error("the connection was lost")));
    request.onabort = () => fail(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", abort);
    request.send(part);
  });
}

function standing(header: (name: string) => string | null): Standing {
  const offset = Number.parseInt(header("upload-offset") ?? "", 10);
  if (!Number.isSafeInteger(offset)) throw new ApiProblem({ code: "unexpected_answer", status: 500 });
  return { offset, mediaId: header("media-id") };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Of the text in UTF-8. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
