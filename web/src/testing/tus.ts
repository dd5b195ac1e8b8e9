/** Stands in for the service's side of uploads, for tests of the queue; walks use the real one. */
import { vi } from "vitest";
import { answerRequests, problem } from "./answers";

interface Kept {
  length: number;
  bytes: number;
  mediaId: string | null;
}

export class TusService {
  readonly uploads = new Map<string, Kept>();
  /** Offsets of the parts that came to their end, or did not. */
  readonly offsets: number[] = [];
  /** How the next parts end instead: a status, or 0 for a lost connection. */
  readonly faults: number[] = [];
  readonly requests: Request[];
  mostAtOnce = 0;
  #atOnce = 0;
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;

  constructor(handlers: Parameters<typeof answerRequests>[0] = {}) {
    this.requests = answerRequests({
      "GET /api/v1/about": () => ({ status: 200, body: ABOUT }),
      "GET /api/v1/media": () => ({ status: 200, body: { items: [], nextCursor: null } }),
      "POST /api/v1/uploads": (request) => ({ status: 201, headers: { location: this.#begin(request) } }),
      ...handlers,
    });
    const answered = globalThis.fetch;
    vi.stubGlobal("fetch", async (input: Request, init?: RequestInit) => {
      const { method, url } = new Request(input, init);
      const upload = this.uploads.get(new URL(url).pathname);
      if (upload && method === "HEAD") return new Response(null, { headers: standing(upload) });
      if (upload && method === "DELETE") {
        this.uploads.delete(new URL(url).pathname);
        return new Response(null, { status: 204 });
      }
      return answered(input, init);
    });
    const receive = this.#receive.bind(this);
    vi.stubGlobal("XMLHttpRequest", standInFor(receive));
  }

  /** Parts come to no end until `release`. */
  hold(): void {
    this.#gate = new Promise((open) => {
      this.#open = open;
    });
  }

  release(): void {
    this.#gate = null;
    this.#open();
  }

  /** An upload of which some bytes are there. */
  keep(length: number, bytes: number): string {
    const url = `/api/v1/uploads/00000000-0000-7000-8000-${String(this.uploads.size).padStart(12, "0")}`;
    this.uploads.set(url, { length, bytes, mediaId: null });
    return url;
  }

  #begin(request: Request): string {
    return this.keep(Number(request.headers.get("upload-length")), 0);
  }

  async #receive(url: string, offset: number, part: Blob, signal: AbortSignal): Promise<Response> {
    this.offsets.push(offset);
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    await this.#gate;
    this.#atOnce -= 1;
    const fault = this.faults.shift();
    if (fault === 0) return Response.error();
    if (fault !== undefined) return answer(problem(fault, fault === 503 ? "busy" : "unreadable_media"));
    const upload = this.uploads.get(url);
    if (!upload || signal.aborted) return answer(problem(404, "not_found"));
    if (upload.bytes !== offset) return answer(problem(409, "wrong_offset"));
    upload.bytes += part.size;
    if (upload.bytes === upload.length) upload.mediaId = "medium";
    return new Response(null, { status: 204, headers: standing(upload) });
  }
}

const ABOUT = {
  limits: { uploadBytes: 1000, durationSecs: 1200, pixels: 1000, partBytes: 10 },
  accepted: [],
};

function standing({ bytes, mediaId }: Kept): HeadersInit {
  return { "upload-offset": String(bytes), ...(mediaId === null ? {} : { "media-id": mediaId }) };
}

function answer({ status, body }: ReturnType<typeof problem>): Response {
  return new Response(JSON.stringify(body), { status });
}

type Receive = (url: string, offset: number, part: Blob, signal: AbortSignal) => Promise<Response>;

/** As much of a request as a part needs. */
function standInFor(receive: Receive) {
  return class {
    readonly upload = { onprogress: null };
    status = 0;
    responseText = "";
    onload: (() => void) | null = null;
    onerror: (() => void) | null = null;
    onabort: (() => void) | null = null;
    onloadend: (() => void) | null = null;
    readonly #aborted = new AbortController();
    #url = "";
    #offset = 0;
    #headers = new Headers();

    open(_: string, url: string) {
      this.#url = url;
    }

    setRequestHeader(name: string, value: string) {
      if (name === "upload-offset") this.#offset = Number(value);
    }

    getResponseHeader(name: string) {
      return this.#headers.get(name);
    }

    abort() {
      this.#aborted.abort();
      this.onabort?.();
      this.onloadend?.();
    }

    send(part: Blob) {
      void receive(this.#url, this.#offset, part, this.#aborted.signal).then(async (response) => {
        if (this.#aborted.signal.aborted) return;
        this.status = response.status;
        this.#headers = response.headers;
        this.responseText = await response.text();
        if (response.type === "error") this.onerror?.();
        else this.onload?.();
        this.onloadend?.();
      });
    }
  };
}
