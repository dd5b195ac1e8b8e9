/** Sends one file with progress, which `fetch` cannot tell. */
import { ApiProblem } from "@/lib/api/problem";
import type { Media } from "@/lib/api/queries";
import { accessToken, refresh } from "@/lib/api/session";

interface Sending {
  file: File;
  /** Makes a repeat harmless. */
  key: string;
  signal: AbortSignal;
  onProgress: (share: number) => void;
}

export async function send(sending: Sending): Promise<Media> {
  const token = accessToken() ?? (await refresh());
  try {
    return await once(sending, token);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401 || token === null) throw error;
    return once(sending, await refresh(token));
  }
}

function once({ file, key, signal, onProgress }: Sending, token: string | null): Promise<Media> {
  return new Promise((done, fail) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open("POST", "/api/v1/media");
    if (token !== null) request.setRequestHeader("authorization", `Bearer ${token}`);
    request.setRequestHeader("idempotency-key", key);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) return done(body as Media);
      const after = request.getResponseHeader("retry-after");
      const headers = new Headers(after === null ? [] : [["retry-after", after]]);
      fail(ApiProblem.of(new Response(null, { status: request.status, headers }), body));
    };
    request.onerror = () => fail(ApiProblem.unreachable(new Error("the connection was lost")));
    request.onabort = () => fail(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", abort);
    const form = new FormData();
    form.append("media", file, file.name);
    request.send(form);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
