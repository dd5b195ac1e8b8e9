/**
 * The live connection of this page: says who it is, hears events from the last one on, and goes over to asking at
 * intervals while nothing can be heard.
 */
import type { QueryClient } from "@tanstack/react-query";
import type { Socket } from "socket.io-client";
import { accessToken, currentSession, onSessionChange, refresh } from "../api/session";
import { createStore, useStore } from "../store";
import { LiveCache } from "./cache";
import { type LiveEvent, ofMessage, ofUpload, type ProgressEvent, type UploadEvent } from "./events";

/** `polling`: the server answers, and nothing can be heard; `offline`: it does not answer. */
export type LiveState = "off" | "connecting" | "online" | "polling" | "offline";

const state = createStore<LiveState>("off");

export function useLiveState(): LiveState {
  return useStore(state);
}

const FIRST_POLL_MS = 2_000;
const POLL_MS = 5_000;
/** Other refusals than an old token: the server has asked to be left alone for a while. */
const CALM_MS = 10_000;

/** Connects whenever somebody is signed in. Returns how to end it. */
export function startLive(client: QueryClient): () => void {
  let connection: Connection | null = null;
  let userId: string | null = null;
  const follow = () => {
    const session = currentSession();
    const next = session.state === "in" ? session.user.id : null;
    if (next === userId) return;
    userId = next;
    connection?.end();
    connection = next === null ? null : new Connection(client);
  };
  follow();
  const unsubscribe = onSessionChange(follow);
  return () => {
    unsubscribe();
    connection?.end();
  };
}

class Connection {
  readonly #cache: LiveCache;
  #socket: Socket | null = null;
  /** Number of the last event that was heard; everything before it was too. */
  #last: number | null = null;
  #poll: ReturnType<typeof setTimeout> | null = null;
  #again: ReturnType<typeof setTimeout> | null = null;
  #ended = false;

  constructor(client: QueryClient) {
    this.#cache = new LiveCache(client);
    state.set("connecting");
    window.addEventListener("online", this.#networkCame);
    window.addEventListener("offline", this.#networkWent);
    void this.#open();
  }

  end(): void {
    this.#ended = true;
    window.removeEventListener("online", this.#networkCame);
    window.removeEventListener("offline", this.#networkWent);
    this.#stopPolling();
    if (this.#again !== null) clearTimeout(this.#again);
    this.#cache.stop();
    this.#socket?.disconnect();
    state.set("off");
  }

  async #open() {
    // Loaded when somebody is signed in, so that the sign-in page does without it.
    const client = await import("socket.io-client").catch(() => null);
    if (this.#ended) return;
    // Browsers remember that a module could not be fetched: this page asks at intervals, the next one tries again.
    if (client === null) {
      this.#lost();
      return;
    }
    const socket = client.io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelayMax: 10_000,
      auth: (give) => {
        give({ token: accessToken(), ...(this.#last === null ? {} : { lastEventId: this.#last }) });
      },
    });
    this.#socket = socket;
    socket.on("connect", () => this.#heardFrom(socket));
    socket.on("disconnect", () => this.#lost());
    socket.on("connect_error", (error) => this.#refused(error.message));
    socket.on("connection_ended", ({ code }: { code: string }) => this.#dismissed(code));
    socket.on("upload_complete", (event: UploadEvent) => this.#hear(ofUpload(event)));
    socket.on("progress_update", (event: ProgressEvent) => this.#hear(ofMessage(event)));
    socket.on("video_update", (event: ProgressEvent) => this.#hear(ofMessage(event)));
  }

  #heardFrom(socket: Socket) {
    this.#stopPolling();
    state.set("online");
    if (this.#last !== null) return;
    // What happened between the first requests and now was told to nobody.
    socket.emit("sync", ({ lastEventId }: { lastEventId: number }) => {
      this.#last = Math.max(this.#last ?? 0, lastEventId);
      this.#cache.refetch();
    });
  }

  #hear(event: LiveEvent | null) {
    if (event === null) return;
    if (event.number !== null) {
      if (this.#last !== null && event.number <= this.#last) return;
      this.#last = event.number;
    }
    this.#cache.take(event);
  }

  #lost() {
    if (this.#ended) return;
    if (state.get() === "online") state.set("connecting");
    this.#poll ??= setTimeout(this.#ask, FIRST_POLL_MS);
  }

  /** The transport tries again by itself; a refusal by the server is ours to mend. */
  #refused(message: string) {
    this.#lost();
    if (this.#socket?.active) return;
    if (message === "unauthorized") void this.#renew();
    else this.#connectLater();
  }

  #dismissed(code: string) {
    if (code === "token_expired" || code === "session_ended") void this.#renew();
    else this.#connectLater();
  }

  async #renew() {
    const token = await refresh(accessToken()).catch(() => null);
    // Signed out: the session's own listeners end this connection. Unreachable: later.
    if (token === null) this.#connectLater();
    else this.#connect();
  }

  #connectLater() {
    this.#again ??= setTimeout(() => {
      this.#again = null;
      this.#connect();
    }, CALM_MS);
  }

  #connect() {
    if (!this.#ended && !this.#socket?.connected) this.#socket?.connect();
  }

  #networkCame = () => this.#connect();

  #networkWent = () => {
    // The transport would notice only when a ping is missed, and hold for open what nothing comes through.
    this.#socket?.io.engine?.close();
    this.#lost();
    state.set("offline");
  };

  #ask = async () => {
    const answer = await fetch("/api/health").catch(() => null);
    if (this.#ended || this.#socket?.connected) return;
    state.set(answer?.ok ? "polling" : "offline");
    if (answer?.ok) this.#cache.refetch();
    this.#poll = setTimeout(this.#ask, POLL_MS);
  };

  #stopPolling() {
    if (this.#poll !== null) clearTimeout(this.#poll);
    this.#poll = null;
  }
}
