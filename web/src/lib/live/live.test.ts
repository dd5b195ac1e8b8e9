/** The live connection against a socket that a test holds in its hands; walks use the real one. */
import { InfiniteQueryObserver, type QueryClient, QueryObserver } from "@tanstack/react-query";
import { renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { createQueryClient, keys, type Media, mediaListQuery, mediaQuery, type Run } from "../api/queries";
import { accessToken, signedIn, signOut } from "../api/session";
import { runningQuery } from "./cache";
import { startLive, useLiveState } from "./live";

type Options = { auth: (give: (said: object) => void) => void };

/** What the app uses of a socket, with what the server would do. */
class FakeSocket {
  connected = false;
  active = true;
  syncsAt = 7;
  dials = 0;
  readonly io = { engine: { close: () => this.lose() } };
  readonly #heard = new Map<string, (data: never) => void>();

  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  on(name: string, listener: (data: never) => void) {
    this.#heard.set(name, listener);
  }
  emit(_: "sync", give: (answer: { lastEventId: number }) => void) {
    give({ lastEventId: this.syncsAt });
  }
  connect() {
    this.dials++;
  }
  disconnect() {
    this.connected = false;
  }

  tell(name: string, data: object) {
    this.#heard.get(name)?.(data as never);
  }
  open() {
    this.connected = true;
    this.active = true;
    this.tell("connect", {});
  }
  lose() {
    this.connected = false;
    this.tell("disconnect", {});
  }
  said(): Record<string, unknown> {
    let said = {};
    this.#options.auth((what) => {
      said = what;
    });
    return said;
  }
}

const sockets: FakeSocket[] = [];
vi.mock("socket.io-client", () => ({
  io: (options: Options) => {
    const socket = new FakeSocket(options);
    sockets.push(socket);
    return socket;
  },
}));

const AT = "2026-01-01T00:00:00Z";
const model = (modelName: string) => ({
  id: modelName,
  runId: "r",
  modelName,
  status: "PENDING",
  attempts: 0,
});
const run = { id: "r", status: "QUEUED", createdAt: AT, analyses: [model("face")] } as unknown as Run;
const medium = { id: "m", status: "QUEUED", latestAnalysisRunId: "r" } as Media;
const progress = (id: number, done: number) => ({
  id,
  type: "ANALYSIS_PROGRESS",
  mediaId: "m",
  runId: "r",
  userId: ada.id,
  timestamp: AT,
  modelName: "face",
  progress: done,
  total: 100,
});

let client: QueryClient;
let requests: Request[];
let stop: () => void;
let isUp = true;

const asked = (path: string) => requests.filter(({ url }) => new URL(url).pathname === path).length;
const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const state = () => renderHook(() => useLiveState()).result.current;

/** Somebody looks at the list and at one file, and the connection stands. */
async function watch(): Promise<FakeSocket> {
  const unsubscribe = [
    new InfiniteQueryObserver(client, mediaListQuery()).subscribe(() => {}),
    new QueryObserver(client, mediaQuery("m")).subscribe(() => {}),
  ];
  const end = startLive(client);
  stop = () => {
    end();
    for (const one of unsubscribe) one();
  };
  await later(10);
  const socket = sockets.at(-1);
  if (!socket) throw new Error("nobody connects");
  socket.open();
  await later(10);
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
  isUp = true;
  client = createQueryClient();
  requests = answerRequests({
    "GET /api/v1/media": () => ({ status: 200, body: { items: [medium], nextCursor: null } }),
    "GET /api/v1/media/m": () => ({ status: 200, body: { ...medium, runs: [run] } }),
    "GET /api/health": () => {
      if (!isUp) throw new TypeError("nobody answers");
      return { status: 200 };
    },
    "POST /api/v1/auth/refresh": () => ({ status: 200, body: tokenOf(ada, "token-2") }),
    "POST /api/v1/auth/logout": () => ({ status: 204 }),
  });
  signedIn(tokenOf(ada));
});

afterEach(async () => {
  stop();
  client.clear();
  await signOut();
  vi.useRealTimers();
});

test("what happened before the connection stood is asked for once", async () => {
  await watch();
  expect(state()).toBe("online");
  expect([asked("/api/v1/media"), asked("/api/v1/media/m")]).toEqual([2, 2]);
});

test("marks of progress change what is seen and ask for nothing, however many they are", async () => {
  const socket = await watch();
  const before = requests.length;
  for (let n = 1; n <= 200; n++) socket.tell("progress_update", progress(7 + n, n / 2));
  await later(2_000);
  expect(requests).toHaveLength(before);
  const detail = client.getQueryData<{ runs: Run[] }>(keys.mediaDetail("m"));
  expect(detail?.runs[0]?.analyses[0]?.progress?.progress).toBe(100);
  expect(client.getQueryData(runningQuery.queryKey)?.r?.models.face?.done).toBe(100);
});

test("a hundred files that arrive at once ask for the list once", async () => {
  const socket = await watch();
  const before = asked("/api/v1/media");
  for (let n = 1; n <= 100; n++)
    socket.tell("upload_complete", { ...medium, id: `new-${n}`, runId: "x", eventId: 7 + n });
  await later(2_000);
  expect(asked("/api/v1/media")).toBe(before + 1);
});

test("after an interruption it says what it has heard, and what comes again changes nothing", async () => {
  const socket = await watch();
  expect(socket.said()).toEqual({ token: "token-1", lastEventId: 7 });
  socket.tell("progress_update", progress(8, 10));
  socket.tell("progress_update", progress(9, 20));
  socket.lose();
  expect(state()).toBe("connecting");
  expect(socket.said()).toMatchObject({ lastEventId: 9 });
  const before = requests.length;
  socket.open();
  // The server tells what was missed, and one that was not.
  socket.tell("progress_update", progress(8, 10));
  socket.tell("progress_update", progress(10, 30));
  await later(10_000);
  expect(client.getQueryData(runningQuery.queryKey)?.r?.models.face?.done).toBe(30);
  expect(requests.slice(before).map(({ url }) => url)).toEqual([]);
});

test("while nothing is heard it asks at intervals, says when nobody answers, and stops when it hears again", async () => {
  const socket = await watch();
  socket.lose();
  isUp = false;
  await later(2_500);
  expect(state()).toBe("offline");
  isUp = true;
  await later(5_000);
  expect(state()).toBe("polling");
  const polled = asked("/api/v1/media/m");
  await later(5_000);
  expect(asked("/api/v1/media/m")).toBe(polled + 1);
  socket.open();
  await later(10);
  expect(state()).toBe("online");
  const healthy = asked("/api/health");
  await later(60_000);
  expect(asked("/api/health")).toBe(healthy);
});

test("when the network goes it says so at once, and does not wait for a ping to be missed", async () => {
  const socket = await watch();
  window.dispatchEvent(new Event("offline"));
  expect([state(), socket.connected]).toEqual(["offline", false]);
  window.dispatchEvent(new Event("online"));
  expect(socket.dials).toBe(1);
});

test("a token that has ended is exchanged once, and the connection goes on", async () => {
  const socket = await watch();
  socket.active = false;
  socket.tell("connection_ended", { code: "token_expired" });
  socket.lose();
  await later(100);
  expect(accessToken()).toBe("token-2");
  expect([asked("/api/v1/auth/refresh"), socket.dials]).toEqual([1, 1]);
  expect(socket.said()).toMatchObject({ token: "token-2", lastEventId: 7 });
});

test("whoever signs out is not heard any more", async () => {
  const socket = await watch();
  await signOut();
  expect([socket.connected, state()]).toEqual([false, "off"]);
});
