/**
 * Who is signed in. The access token lives in the memory of this page only; the refresh cookie is out of reach of
 * scripts. One refresh runs at a time, also across tabs, and every tab hears of its outcome.
 */
import { createStore, useStore } from "../store";
import { ApiProblem } from "./problem";
import type { components } from "./schema";

export type User = components["schemas"]["User"];
type TokenBody = components["schemas"]["TokenBody"];

export type Session =
  /** Nobody has asked the server yet. */
  | { readonly state: "unknown" }
  | { readonly state: "in"; readonly token: string; readonly user: User }
  /** `ended`: somebody was signed in here, and it ended without their doing. */
  | { readonly state: "out"; readonly ended: boolean };

const session = createStore<Session>({ state: "unknown" });
const LOCK = "drishtiksha-refresh";

type Note = { type: "in"; token: string; user: User } | { type: "out" };
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("drishtiksha-session");
tabs?.addEventListener("message", ({ data }: MessageEvent<Note>) => {
  if (data.type === "out") session.set({ state: "out", ended: false });
  // A tab that was signed out by hand stays so until somebody signs in on any tab.
  else session.set({ state: "in", token: data.token, user: data.user });
});

export function useSession(): Session {
  return useStore(session);
}

export const currentSession = session.get;
export const onSessionChange = session.subscribe;

/** The access token, where somebody is signed in. */
export function accessToken(): string | null {
  const now = session.get();
  return now.state === "in" ? now.token : null;
}

/** Takes what a sign-in brought. */
export function signedIn(body: TokenBody): void {
  session.set({ state: "in", token: body.token, user: body.user });
  tabs?.postMessage({ type: "in", token: body.token, user: body.user } satisfies Note);
}

/** Shows what people changed of themselves. */
export function userChanged(user: User): void {
  const now = session.get();
  if (now.state === "in") session.set({ ...now, user });
}

/** Ends the session here and on the server. */
export async function signOut(): Promise<void> {
  // The cookie must not be exchanged while it is taken away.
  await locked(() => fetch("/api/v1/auth/logout", { method: "POST", keepalive: true })).catch(() => {
    // Unreachable: the token of this page is forgotten all the same, and the session ends by itself.
  });
  session.set({ state: "out", ended: false });
  tabs?.postMessage({ type: "out" } satisfies Note);
}

let pending: Promise<string | null> | null = null;

/**
 * Exchanges the cookie for a new access token. `stale` is the token that was refused: when there is another one by
 * now, that is the answer. Null when nobody is signed in (any more); throws when the server cannot be asked.
 */
export function refresh(stale: string | null = null): Promise<string | null> {
  const token = accessToken();
  if (token !== null && token !== stale) return Promise.resolve(token);
  pending ??= locked(() => exchange(stale)).finally(() => {
    pending = null;
  });
  return pending;
}

async function exchange(stale: string | null): Promise<string | null> {
  // Another tab may have been first while this one waited for its turn.
  const token = accessToken();
  if (token !== null && token !== stale) return token;
  const response = await fetch("/api/v1/auth/refresh", { method: "POST" }).catch((error: unknown) => {
    throw ApiProblem.unreachable(error);
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) {
    signedIn(body as TokenBody);
    return (body as TokenBody).token;
  }
  if (response.status !== 401) throw ApiProblem.of(response, body);
  session.set({ state: "out", ended: session.get().state === "in" });
  return null;
}

/** Runs one of these at a time across tabs, where the browser can (it cannot on plain HTTP from another machine). */
function locked<T>(work: () => Promise<T>): Promise<T> {
  if (typeof navigator === "undefined" || !navigator.locks) return work();
  return navigator.locks.request(LOCK, work) as Promise<T>;
}
