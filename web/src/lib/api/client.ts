/** Requests to the service, typed by its OpenAPI document. */
import createClient from "openapi-fetch";
import { ApiProblem } from "./problem";
import type { paths } from "./schema";
import { accessToken, refresh } from "./session";

/** As `fetch`, in the name of who is signed in. A refused token is exchanged once. Throws `ApiProblem` when offline. */
export async function authorizedFetch(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(typeof input === "string" ? new URL(input, location.origin) : input, init);
  const token = accessToken() ?? (await refresh());
  const response = await send(request.clone(), token);
  if (response.status !== 401 || token === null) return response;
  const next = await refresh(token);
  return next === null ? response : send(request, next);
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token !== null) request.headers.set("authorization", `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw ApiProblem.unreachable(error);
  }
}

const baseUrl = typeof location === "undefined" ? "" : location.origin;

/** For routes that need somebody signed in. */
export const api = createClient<paths>({ baseUrl, fetch: authorizedFetch });
/** For routes that anyone may call: about, sign-in, sign-up, first set-up. */
export const openApi = createClient<paths>({ baseUrl, fetch: (request) => send(request, null) });

type Outcome<T> = { data?: T; error?: unknown; response: Response };

/** The answer, or its `ApiProblem` thrown. */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw ApiProblem.of(response, error);
  return data as T;
}

/** Bytes that need a token, such as thumbnails and downloads. */
export async function fetchBlob(path: string, signal?: AbortSignal): Promise<Blob> {
  const response = await authorizedFetch(path, { signal: signal ?? null });
  if (!response.ok) throw ApiProblem.of(response, await response.json().catch(() => null));
  return response.blob();
}
