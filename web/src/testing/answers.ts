/** Answers of a service for tests of components; walks use the real one. */
import { vi } from "vitest";

type Answer = { status: number; body?: unknown; headers?: Record<string, string> };
type Handler = (request: Request) => Answer | Promise<Answer>;

/** Answers requests by `"POST /api/v1/auth/login"`; others get 404. Returns the requests that came. */
export function answerRequests(handlers: Record<string, Handler>): Request[] {
  const seen: Request[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const request = new Request(typeof input === "string" ? new URL(input, location.origin) : input, init);
    seen.push(request.clone());
    const { pathname } = new URL(request.url);
    const handler = handlers[`${request.method} ${pathname}`];
    const { status, body, headers } = handler ? await handler(request) : problem(404, "not_found");
    const type = status >= 400 ? "application/problem+json" : "application/json";
    const text = body === undefined ? null : JSON.stringify(body);
    return new Response(text, { status, headers: { "content-type": type, ...headers } });
  });
  return seen;
}

export function problem(status: number, code: string, more: object = {}): Answer {
  return {
    status,
    body: { type: `/api/docs#${code}`, title: code, status, code, requestId: "r-1", ...more },
  };
}
