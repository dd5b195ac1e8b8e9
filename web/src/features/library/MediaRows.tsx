import { useQuery } from "@tanstack/react-query";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { Media } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { runningQuery } from "@/lib/live/cache";
import { useWords } from "@/lib/words/words";
import { StatusBadge, VerdictBadge } from "@/ui/Badge";
import { Checkbox } from "@/ui/Checkbox";
import { Progress } from "@/ui/Progress";
import { Thumbnail } from "./Thumbnail";

interface MediaRowsProps {
  items: readonly Media[];
  chosen: ReadonlySet<string>;
  onChoose: (id: string, isChosen: boolean) => void;
}

const USUAL_HEIGHT = 72;

/** Only the rows in sight stand in the page, so that ten thousand scroll as smoothly as ten. */
export function MediaRows({ items, chosen, onChoose }: MediaRowsProps) {
  const { library } = useWords();
  const list = useRef<HTMLUListElement>(null);
  const scrollMargin = useTop(list);
  // Another function is taken for other rows, and the places of all of them are worked out anew.
  const getItemKey = useCallback((index: number) => items[index]?.id ?? index, [items]);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => USUAL_HEIGHT,
    getItemKey,
    // Each row beyond the edge is made in every frame of a fast turn of the wheel; these few hide one late frame.
    overscan: 4,
    scrollMargin,
    // Rows that come a frame later are behind those kept beyond the edge; rendering within the event stops scrolling.
    useFlushSync: false,
  });
  return (
    <ul ref={list} aria-label={library.files} className="relative" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map(({ index, key, start }) => {
        const medium = items[index];
        return (
          medium && (
            <li
              key={key}
              ref={rows.measureElement}
              data-index={index}
              aria-posinset={index + 1}
              aria-setsize={-1}
              className="absolute inset-x-0 border-b border-line contain-layout contain-style"
              // A row stays where it is, so that a place costs less than a transformation, of which each is a node of its own to the painter.
              style={{ top: start - scrollMargin }}
            >
              <Row medium={medium} isChosen={chosen.has(medium.id)} onChoose={onChoose} />
            </li>
          )
        );
      })}
    </ul>
  );
}

/** Where the list begins in the page. What stands above changes its height, such as the panel of uploads. */
function useTop(list: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const look = () => setTop(Math.round((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [list]);
  return top;
}

interface RowProps {
  medium: Media;
  isChosen: boolean;
  onChoose: (id: string, isChosen: boolean) => void;
}

/** Rows that stay in sight are not made again while others come and go. */
const Row = memo(function Row({ medium, isChosen, onChoose }: RowProps) {
  const { library, common } = useWords();
  const format = useFormat();
  return (
    <div className="flex items-start gap-3 px-3 py-3 sm:items-center sm:px-4">
      <Checkbox
        hideLabel
        label={library.choose(medium.filename)}
        checked={isChosen}
        onChange={(event) => onChoose(medium.id, event.target.checked)}
      />
      <Thumbnail medium={medium} />
      <div className="grid min-w-0 flex-1 gap-1 sm:grid-cols-[minmax(0,1fr)_9.5rem_11rem] sm:items-center sm:justify-items-start sm:gap-4">
        <div className="min-w-0">
          <Link
            to={`/media/${medium.id}`}
            title={medium.filename}
            className="block truncate font-medium hover:underline"
          >
            {medium.filename}
          </Link>
          <p className="text-sm text-ink-soft">
            {common.kinds[medium.mediaType]} · {format.bytes(medium.size)} ·{" "}
            <time dateTime={medium.createdAt}>{format.dateTime(medium.createdAt)}</time>
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2 sm:contents">
          <Status medium={medium} />
          {medium.verdict ? <VerdictBadge verdict={medium.verdict} /> : <span />}
        </div>
      </div>
    </div>
  );
});

function Status({ medium }: { medium: Media }) {
  return (
    <div className="grid w-full justify-items-start gap-1.5">
      <StatusBadge status={medium.status} />
      {medium.status === "PROCESSING" && <Share medium={medium} />}
    </div>
  );
}

/** How far the run of a file is. */
function Share({ medium: { id, filename, latestAnalysisRunId } }: { medium: Media }) {
  const { library } = useWords();
  const { data: share } = useQuery({
    ...runningQuery,
    select: (running) => {
      const runs = Object.entries(running).filter(([, run]) => run.mediaId === id);
      const run = runs.find(([runId]) => runId === latestAnalysisRunId) ?? runs.at(-1);
      return run ? shareOf(Object.values(run[1].models)) : null;
    },
  });
  return <Progress label={library.progressOf(filename)} share={share ?? null} />;
}

/** The mean of what the models under way tell; null while none of them knows how much there is. */
function shareOf(models: readonly { done: number; total: number | null }[]): number | null {
  const shares = models.flatMap(({ done, total }) => (total ? [done / total] : []));
  return shares.length === 0 ? null : shares.reduce((sum, one) => sum + one, 0) / shares.length;
}
