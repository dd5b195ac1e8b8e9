import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { LibraryBig, SearchX } from "lucide-react";
import { type Dispatch, type SetStateAction, useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import { refreshLists, shortenLists } from "@/lib/api/lists";
import { type Media, mediaListQuery } from "@/lib/api/queries";
import { useStore } from "@/lib/store";
import { useWords } from "@/lib/words/words";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { PageHeader } from "@/ui/PageHeader";
import { Pagination } from "@/ui/Pagination";
import { EmptyState, FourStates } from "@/ui/states";
import { AddFiles } from "./AddFiles";
import { Filters, useFilter } from "./Filters";
import { MediaRows } from "./MediaRows";
import { Selection } from "./Selection";
import { UploadPanel } from "./UploadPanel";
import { uploads } from "./uploads";

export function LibraryPage() {
  const { library } = useWords();
  const { filter, isNarrowed, clear } = useFilter();
  const list = useInfiniteQuery(mediaListQuery(filter));
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const client = useQueryClient();
  const pages = list.data?.pages;
  // A list that moved between two parts may tell a row twice.
  const items = useMemo(
    () => [...new Map(pages?.flatMap(({ items }) => items).map((one) => [one.id, one])).values()],
    [pages],
  );
  useEffect(() => () => shortenLists(client), [client]);
  useListAfterUploads();
  const empty = isNarrowed ? (
    <EmptyState icon={SearchX} title={library.nothingFound} detail={library.nothingFoundDetail}>
      <Button onClick={clear}>{library.clearFilters}</Button>
    </EmptyState>
  ) : (
    <EmptyState icon={LibraryBig} title={library.empty} detail={library.emptyDetail}>
      <ol className="mt-2 grid max-w-3xl gap-4 text-left sm:grid-cols-3">
        {library.steps.map(([what, how], index) => (
          <li key={what} className="rounded-md bg-surface p-4">
            <p className="font-medium">{`${index + 1}. ${what}`}</p>
            <p className="mt-1 text-sm text-ink-soft">{how}</p>
          </li>
        ))}
      </ol>
      <Link to="/help" className="link">
        {library.howToRead}
      </Link>
    </EmptyState>
  );
  const hasNothing = !isNarrowed && list.data?.pages[0]?.items.length === 0;
  return (
    <>
      <PageHeader title={library.title} />
      <AddFiles />
      <UploadPanel />
      {!hasNothing && <Filters />}
      <FourStates query={list} isEmpty={({ pages }) => !pages[0]?.items.length} empty={empty}>
        {() => (
          <>
            <Files items={items} ids={ids} onIds={setIds} />
            <Pagination
              whenSeen
              hasMore={list.hasNextPage}
              busy={list.isFetchingNextPage}
              onMore={() => void list.fetchNextPage()}
            />
          </>
        )}
      </FourStates>
    </>
  );
}

interface FilesProps {
  items: readonly Media[];
  /** Those that are chosen. They outlive an empty list: a row that comes back is chosen still. */
  ids: ReadonlySet<string>;
  onIds: Dispatch<SetStateAction<ReadonlySet<string>>>;
}

function Files({ items, ids, onIds }: FilesProps) {
  const { library } = useWords();
  const chosen = items.filter(({ id }) => ids.has(id));
  const choose = useCallback(
    (id: string, isChosen: boolean) => {
      onIds((before) => {
        const next = new Set(before);
        if (isChosen) next.add(id);
        else next.delete(id);
        return next;
      });
    },
    [onIds],
  );
  const all = chosen.length === items.length;
  return (
    <section className="rounded-lg border border-line bg-surface">
      <div className="flex min-h-12 flex-wrap items-center justify-between gap-2 border-b border-line px-3 py-2 sm:px-4">
        <Checkbox
          label={library.chooseAll}
          checked={all}
          mixed={chosen.length > 0 && !all}
          onChange={() => onIds(new Set(all ? [] : items.map(({ id }) => id)))}
        />
        <Selection
          chosen={chosen}
          onDone={(done) => onIds((before) => new Set([...before].filter((id) => !done.includes(id))))}
        />
      </div>
      <MediaRows items={items} chosen={ids} onChoose={choose} />
    </section>
  );
}

/** The list is asked for anew when a file has arrived, also while live events are not heard. */
function useListAfterUploads() {
  const client = useQueryClient();
  const arrived = useStore(uploads).filter(({ state }) => state === "done").length;
  useEffect(() => {
    if (arrived > 0) void refreshLists(client);
  }, [arrived, client]);
}
