import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import { Link } from "react-router";
import { useTitleOf } from "@/lib/api/models";
import { type Media, mediaListQuery, mediaQuery } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { runningQuery } from "@/lib/live/cache";
import type { ModelProgress } from "@/lib/live/events";
import { useLiveState } from "@/lib/live/live";
import { waitingText } from "@/lib/words/waiting";
import { useWords } from "@/lib/words/words";
import { StatusBadge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { PageHeader } from "@/ui/PageHeader";
import { Pagination } from "@/ui/Pagination";
import { Progress } from "@/ui/Progress";
import { EmptyState, FourStates } from "@/ui/states";

const UNDER_WAY = mediaListQuery({ status: "PROCESSING" });
const WAITING = mediaListQuery({ status: "QUEUED" });

/** Every analysis that is under way: rows say which files, events how far their models are. */
export function LivePage() {
  const { live, common } = useWords();
  const state = useLiveState();
  const underWay = useInfiniteQuery(UNDER_WAY);
  const waiting = useInfiniteQuery(WAITING);
  const query = {
    data: underWay.data && waiting.data ? mediaOf(underWay.data.pages, waiting.data.pages) : undefined,
    error: underWay.error ?? waiting.error,
    refetch: () => Promise.all([underWay.refetch(), waiting.refetch()]),
  };
  const isSilent = state === "polling" || state === "offline";
  return (
    <>
      <PageHeader title={live.title} detail={live.detail} />
      {isSilent && (
        <p role="status" className="mb-4 rounded-md bg-unsure-soft px-3 py-2 text-unsure">
          {common.connection[state]}
        </p>
      )}
      <FourStates query={query} isEmpty={(media) => media.length === 0} empty={<Nothing />}>
        {(media) => (
          <>
            <ul className="grid gap-4">
              {media.map((medium) => (
                <li key={medium.id}>
                  <RunningMedium medium={medium} />
                </li>
              ))}
            </ul>
            <Further lists={[underWay, waiting]} />
          </>
        )}
      </FourStates>
    </>
  );
}

interface Reading {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** Lists come in parts: what is under way is read on to its end before what waits. */
function Further({ lists }: { lists: readonly Reading[] }) {
  const next = lists.find(({ hasNextPage }) => hasNextPage);
  if (!next) return null;
  return (
    <Pagination
      whenSeen
      hasMore
      busy={lists.some(({ isFetchingNextPage }) => isFetchingNextPage)}
      onMore={() => void next.fetchNextPage()}
    />
  );
}

type Page = { items: Media[] };

/** A row whose end was heard stays in its list until that is asked for anew. */
function mediaOf(...lists: Page[][]): Media[] {
  const open = lists.flat().flatMap(({ items }) => items);
  const isOpen = ({ status }: Media) => status === "PROCESSING" || status === "QUEUED";
  return [...new Map(open.filter(isOpen).map((medium) => [medium.id, medium])).values()];
}

function Nothing() {
  const { live } = useWords();
  return (
    <EmptyState icon={Radio} title={live.empty} detail={live.emptyDetail}>
      <Button asChild>
        <Link to="/">{live.toLibrary}</Link>
      </Button>
    </EmptyState>
  );
}

function RunningMedium({ medium }: { medium: Media }) {
  const { live, common } = useWords();
  const titleOf = useTitleOf();
  const { data: detail } = useQuery(mediaQuery(medium.id));
  const { data: running } = useQuery(runningQuery);
  const run = detail?.runs[0];
  const heard = run ? running[run.id]?.models : undefined;
  return (
    <Card
      title={<span className="break-all">{medium.filename}</span>}
      actions={
        <>
          <StatusBadge status={medium.status} />
          <Button asChild size="small">
            <Link to={`/media/${medium.id}`} aria-label={`${live.result}: ${medium.filename}`}>
              {live.result}
            </Link>
          </Button>
        </>
      }
    >
      {(run?.analyses.length ?? 0) === 0 && (
        <p className="text-ink-soft">{run ? waitingText(common, run) : live.waiting}</p>
      )}
      <ul className="grid gap-3">
        {run?.analyses.map(({ id, modelName, status, progress }) => {
          const known = progress && {
            phase: progress.phase,
            done: progress.progress,
            total: progress.total ?? null,
          };
          const mark = heard?.[modelName] ?? (known ? { ...known, rate: null } : null);
          return (
            <li key={id} className="grid gap-1.5">
              <div className="flex flex-wrap items-center justify-between gap-2">
                <span lang="en" className="font-medium">
                  {titleOf(modelName)}
                </span>
                {mark && status === "PROCESSING" ? null : <StatusBadge status={status} />}
              </div>
              {mark && status === "PROCESSING" && <Mark model={titleOf(modelName)} mark={mark} />}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Mark({ model, mark }: { model: string; mark: Omit<ModelProgress, "heardAt"> }) {
  const { live, result, common } = useWords();
  const format = useFormat();
  const share = mark.total ? mark.done / mark.total : null;
  const said = [
    mark.phase && (result.models.phases[mark.phase] ?? mark.phase),
    mark.total ? live.of(format.number(mark.done), format.number(mark.total)) : null,
    share === null ? null : format.percent(share),
    mark.rate === null ? null : live.rate(format.number(mark.rate)),
  ];
  const text = said.filter(Boolean).join(" · ") || common.status.PROCESSING;
  return (
    <>
      <Progress label={model} share={share} text={text} />
      <p className="text-sm text-ink-soft">{text}</p>
    </>
  );
}
