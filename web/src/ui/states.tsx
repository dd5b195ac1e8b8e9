/** The states of a view other than ready: waiting, empty and failed; and `FourStates`, which chooses. */
import { CircleAlert, type LucideIcon, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { ApiProblem } from "@/lib/api/problem";
import { cx } from "@/lib/cx";
import { useWords } from "@/lib/words/words";
import { Button } from "./Button";

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx("animate-pulse rounded-md bg-line", className ?? "h-4 w-full")} />;
}

/** Says that something is under way; what is seen meanwhile are its children. */
export function Waiting({ children }: { children?: ReactNode }) {
  const words = useWords();
  return (
    <div role="status" aria-busy="true">
      <span className="sr-only">{words.common.loading}</span>
      {children ?? (
        <div className="grid gap-3">
          <Skeleton className="h-6 w-1/3" />
          <Skeleton />
          <Skeleton className="h-4 w-2/3" />
        </div>
      )}
    </div>
  );
}

interface EmptyStateProps {
  icon?: LucideIcon;
  title: string;
  detail?: ReactNode;
  /** What to do about it. */
  children?: ReactNode;
}

export function EmptyState({ icon: Icon, title, detail, children }: EmptyStateProps) {
  return (
    <div className="grid justify-items-center gap-3 rounded-lg border border-dashed border-line-strong px-6 py-12 text-center">
      {Icon && <Icon aria-hidden className="size-8 text-ink-soft" strokeWidth={1.5} />}
      <p className="text-lg font-semibold">{title}</p>
      {detail && <div className="max-w-prose text-ink-soft">{detail}</div>}
      {children}
    </div>
  );
}

/** The words for a problem: what happened, what is particular, and how to name it to an operator. */
function ProblemText({ error }: { error: unknown }) {
  const words = useWords();
  const problem = ApiProblem.from(error);
  return (
    <>
      {/* A newer server may know codes that these words do not; its own words are English. */}
      <p>{words.problems[problem.code] ?? <span lang="en">{problem.message}</span>}</p>
      {problem.detail && (
        <p lang="en" className="text-sm text-ink-soft">
          {problem.detail}
        </p>
      )}
      {problem.retryAfterSecs !== null && (
        <p className="text-sm">{words.common.retryIn(problem.retryAfterSecs)}</p>
      )}
      {problem.status >= 500 && problem.requestId && (
        <p className="font-mono text-xs text-ink-soft">{words.common.requestId(problem.requestId)}</p>
      )}
    </>
  );
}

/** A problem within a form or beside what it is about; read out at once. */
export function ErrorNotice({ error }: { error: unknown }) {
  return (
    <div role="alert" className="flex gap-2.5 rounded-md bg-danger-soft px-3 py-2.5 text-ink">
      <CircleAlert aria-hidden className="mt-0.5 size-5 shrink-0 text-danger" />
      <div className="grid min-w-0 gap-1">
        <ProblemText error={error} />
      </div>
    </div>
  );
}

/** Instead of a view that failed. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const words = useWords();
  return (
    <div
      role="alert"
      className="grid justify-items-center gap-3 rounded-lg border border-line px-6 py-12 text-center"
    >
      <CircleAlert aria-hidden className="size-8 text-danger" strokeWidth={1.5} />
      <ProblemText error={error} />
      {onRetry && (
        <Button icon={RotateCw} onClick={onRetry}>
          {words.common.retry}
        </Button>
      )}
    </div>
  );
}

interface Query<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

interface FourStatesProps<T> {
  /** What `useQuery` or `useInfiniteQuery` returns. */
  query: Query<T>;
  /** Shaped like what comes; three grey lines when left out. */
  waiting?: ReactNode;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

/** Shows a query as waiting, empty, failed or ready. Data that could not be refreshed stays, and says so. */
export function FourStates<T>({ query, waiting, isEmpty, empty, children }: FourStatesProps<T>) {
  const words = useWords();
  if (query.data === undefined) {
    if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    return <Waiting>{waiting}</Waiting>;
  }
  const shown = isEmpty?.(query.data) ? empty : children(query.data);
  if (!query.error) return <>{shown}</>;
  return (
    <>
      <p role="status" className="mb-3 rounded-md bg-unsure-soft px-3 py-2 text-sm text-unsure">
        {words.common.stale}
      </p>
      {shown}
    </>
  );
}
