/** Why a request was not answered as wished, as a typed error. */
import type { components } from "./schema";

type ProblemBody = components["schemas"]["Problem"];

/** Codes of the server, and two of our own: nobody answered, and an answer that is no problem+json. */
export type ProblemCode = ProblemBody["code"] | "unreachable" | "unexpected_answer";

export class ApiProblem extends Error {
  readonly code: ProblemCode;
  /** HTTP status; 0 when nobody answered. */
  readonly status: number;
  /** What is particular this time, in the server's words (English). */
  readonly detail: string | null;
  /** Wrong fields, by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Names the request in the server's log. */
  readonly requestId: string | null;
  /** When trying again makes sense, where the server says. */
  readonly retryAfterSecs: number | null;

  constructor(
    body: Partial<Omit<ProblemBody, "code">> & { code: ProblemCode; status: number },
    retryAfterSecs?: number,
  ) {
    super(body.title ?? body.code);
    this.name = "ApiProblem";
    this.code = body.code;
    this.status = body.status;
    this.detail = body.detail ?? null;
    this.fields = Object.fromEntries((body.errors ?? []).map((error) => [error.field, error.message]));
    this.requestId = body.requestId ?? null;
    this.retryAfterSecs = retryAfterSecs ?? null;
  }

  /** Whether the same request may work a little later. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }

  static unreachable(cause: unknown): ApiProblem {
    const problem = new ApiProblem({ code: "unreachable", status: 0, title: "The server does not answer" });
    problem.cause = cause;
    return problem;
  }

  /** The problem behind an answer; its body may have been read already. */
  static of(response: Response, body: unknown): ApiProblem {
    const after = Number(response.headers.get("retry-after"));
    const secs = Number.isFinite(after) && after > 0 ? after : undefined;
    if (isProblem(body)) return new ApiProblem(body, secs);
    return new ApiProblem({ code: "unexpected_answer", status: response.status }, secs);
  }

  /** Anything that was thrown, as a problem. */
  static from(error: unknown): ApiProblem {
    if (error instanceof ApiProblem) return error;
    const problem = new ApiProblem({
      code: "unexpected_answer",
      status: 500,
      title: "Something went wrong here",
    });
    problem.cause = error;
    return problem;
  }
}

function isProblem(body: unknown): body is ProblemBody {
  return typeof body === "object" && body !== null && "code" in body && "status" in body;
}
