/** Writes live events into the query cache; what an event does not tell is asked for once, after a pause. */
import { type InfiniteData, type QueryClient, type QueryKey, queryOptions } from "@tanstack/react-query";
import { refreshLists } from "../api/lists";
import { keys, type MediaDetail, type MediaFilter, type MediaList } from "../api/queries";
import type { LiveEvent, Running } from "./events";
import { patchDetail, patchRow, patchRunning } from "./patch";

/** What is under way now, as far as it was heard since this page was opened. */
export const runningQuery = queryOptions({
  queryKey: ["live", "running"] as const,
  queryFn: (): Running => ({}),
  initialData: {} as Running,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
});

/** Events come in bursts; a list is asked for at most once in this time. */
const LIST_PAUSE_MS = 500;

export class LiveCache {
  readonly #client: QueryClient;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  take(live: LiveEvent): void {
    const mediaId = live.kind === "upload" ? live.event.id : live.event.mediaId;
    const running = this.#client.getQueryData(runningQuery.queryKey) ?? {};
    this.#client.setQueryData(runningQuery.queryKey, patchRunning(running, live, performance.now()));
    this.#detail(mediaId, live);
    // Marks of progress change no row but the first one's status.
    this.#lists(mediaId, live);
  }

  /** Asks anew for everything that changes by itself and is looked at. */
  refetch(): void {
    const isList = (key: QueryKey) => key[0] === keys.mediaLists[0] && key[1] === keys.mediaLists[1];
    void this.#client.invalidateQueries({
      predicate: ({ meta, queryKey }) => meta?.live === true && !isList(queryKey),
    });
    void refreshLists(this.#client);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #detail(mediaId: string, live: LiveEvent): void {
    const key = keys.mediaDetail(mediaId);
    const before = this.#client.getQueryData<MediaDetail>(key);
    if (!before) return;
    const { medium, complete } = patchDetail(before, live);
    if (medium !== before) this.#client.setQueryData(key, medium);
    if (!complete) void this.#client.invalidateQueries({ queryKey: key, exact: true });
  }

  #lists(mediaId: string, live: LiveEvent): void {
    type Pages = InfiniteData<MediaList, string | null>;
    for (const [key, pages] of this.#client.getQueriesData<Pages>({ queryKey: keys.mediaLists })) {
      if (!pages) continue;
      const next = patchPages(pages, mediaId, live);
      if (next !== null && next !== pages) this.#client.setQueryData(key, next);
      const filter = (key[2] ?? {}) as MediaFilter;
      const mayMove = filter.status !== undefined || filter.verdict !== undefined;
      if (live.kind === "progress") continue;
      if ((next === null && live.kind === "upload") || (mayMove && live.kind !== "upload")) this.#askLater();
    }
  }

  #askLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void refreshLists(this.#client);
    }, LIST_PAUSE_MS);
  }
}

/** Null when the medium is on none of the pages; the same object when nothing changes. */
function patchPages<P>(pages: InfiniteData<MediaList, P>, mediaId: string, live: LiveEvent) {
  for (const [number, page] of pages.pages.entries()) {
    const row = page.items.find((item) => item.id === mediaId);
    if (!row) continue;
    const next = patchRow(row, live);
    if (next === row) return pages;
    const items = page.items.map((item) => (item === row ? next : item));
    return { ...pages, pages: pages.pages.with(number, { ...page, items }) };
  }
  return null;
}
