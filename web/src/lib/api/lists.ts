/**
 * Lists of media that are asked for anew. One that was read far down is not read again as a whole, which would be a
 * storm of requests at each upload: its first parts are, and what was read below them stays.
 */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { keys, type Media, type MediaFilter, type MediaList, mediaListQuery, readList } from "./queries";

export type Pages = InfiniteData<MediaList, string | null>;

/** As many parts are asked for anew. */
export const HEAD = 3;

export async function refreshLists(client: QueryClient): Promise<void> {
  const lists = client.getQueryCache().findAll({ queryKey: keys.mediaLists });
  await Promise.all(
    lists.map(async ({ queryKey, state }) => {
      const long = ((state.data as Pages | undefined)?.pages.length ?? 0) > HEAD;
      if (long) await refreshHead(client, (queryKey[2] ?? {}) as MediaFilter);
      else await client.invalidateQueries({ queryKey, exact: true });
    }),
  );
}

/** Keeps the first part of each list; for when nobody looks at them any more. */
export function shortenLists(client: QueryClient): void {
  client.setQueriesData<Pages>({ queryKey: keys.mediaLists }, (list) =>
    list && list.pages.length > 1
      ? { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) }
      : list,
  );
}

type Change = (row: Media) => Media | null;

/**
 * Shows rows as they will be before the service has answered; null takes one away. The answer puts one row back as it was,
 * for when the service refuses.
 */
export async function expectRows(
  client: QueryClient,
  ids: readonly string[],
  change: Change,
): Promise<(id: string) => void> {
  // What was asked for before tells the rows as they were.
  await client.cancelQueries({ queryKey: keys.mediaLists });
  const before = client.getQueriesData<Pages>({ queryKey: keys.mediaLists });
  const expected = new Set(ids);
  const of = (row: Media) => (expected.has(row.id) ? (change(row) ?? []) : row);
  const show = () => {
    for (const [key, list] of before) {
      const pages = list?.pages.map((page) => ({ ...page, items: page.items.flatMap(of) }));
      // A list that was forgotten meanwhile, as on signing out, stays forgotten.
      if (list && pages) client.setQueryData<Pages>(key, (now) => now && { ...list, pages });
    }
  };
  show();
  return (id) => {
    expected.delete(id);
    show();
  };
}

async function refreshHead(client: QueryClient, filter: MediaFilter): Promise<void> {
  // One that cannot be read now stays as it is, and is asked for again with the next change.
  const head = await readHead(filter).catch(() => null);
  const { queryKey } = mediaListQuery(filter);
  if (head) client.setQueryData<Pages>(queryKey, (old) => old && withHead(old, head));
}

async function readHead(filter: MediaFilter): Promise<Pages> {
  const head: Pages = { pages: [], pageParams: [] };
  let cursor: string | null = null;
  do {
    const page: MediaList = await readList(filter, cursor);
    head.pages.push(page);
    head.pageParams.push(cursor);
    cursor = page.nextCursor ?? null;
  } while (cursor !== null && head.pages.length < HEAD);
  return head;
}

/** Orders of lists do not change, so what stood below the last row that both know still does. */
export function withHead(old: Pages, head: Pages): Pages {
  const fresh = new Set(head.pages.flatMap(({ items }) => items.map(({ id }) => id)));
  const rows = old.pages.flatMap(({ items }) => items);
  const below = rows.slice(rows.findLastIndex(({ id }) => fresh.has(id)) + 1);
  const cursor = head.pages.at(-1)?.nextCursor ?? null;
  if (cursor === null || below.length === 0 || below.length === rows.length) return head;
  const rest: MediaList = { items: below, nextCursor: old.pages.at(-1)?.nextCursor ?? null };
  return { pages: [...head.pages, rest], pageParams: [...head.pageParams, cursor] };
}
