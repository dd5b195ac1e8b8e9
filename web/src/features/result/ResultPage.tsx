import { useQueries, useQuery } from "@tanstack/react-query";
import { FileQuestion } from "lucide-react";
import { useMemo } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { useModelOf } from "@/lib/api/models";
import { ApiProblem } from "@/lib/api/problem";
import { type Analysis, analysisQuery, type MediaDetail, mediaQuery, type Run } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import { StatusBadge, VerdictBadge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { PageHeader } from "@/ui/PageHeader";
import { EmptyState, FourStates } from "@/ui/states";
import { Actions } from "./Actions";
import { FileCard } from "./FileCard";
import { ModelCard } from "./ModelCard";
import { Player } from "./Player";
import { Provenance } from "./Provenance";
import type { ResultPayload } from "./queries";
import { VerdictCard } from "./VerdictCard";

export function ResultPage() {
  const { id = "" } = useParams();
  const { result } = useWords();
  const query = useQuery(mediaQuery(id));
  if (query.error && ApiProblem.from(query.error).status === 404) return <NoSuchFile />;
  return (
    <>
      {!query.data && <PageHeader title={result.title} />}
      <FourStates query={query}>{(medium) => <Result medium={medium} />}</FourStates>
    </>
  );
}

export function NoSuchFile() {
  const { notFound, title } = useWords().result;
  return (
    <>
      <PageHeader title={title} />
      <EmptyState icon={FileQuestion} title={notFound.title} detail={notFound.detail}>
        <Button asChild>
          <Link to="/">{notFound.library}</Link>
        </Button>
      </EmptyState>
    </>
  );
}

/** What has been said with all evidence, by analysis. */
function usePayloads(run: Run | undefined): ReadonlyMap<string, ResultPayload> {
  const ended = (run?.analyses ?? []).filter(({ status }) => status === "COMPLETED");
  return useQueries({
    queries: ended.map(({ id }) => analysisQuery(id)),
    combine: byAnalysis,
  });
}

function byAnalysis(
  answers: readonly { data?: { id: string; resultPayload?: ResultPayload | null } | undefined }[],
) {
  return new Map(
    answers.flatMap(({ data }) => (data?.resultPayload ? [[data.id, data.resultPayload] as const] : [])),
  );
}

const WEIGHTS = ["declared", "strong", "weak", "unrated"];

/** What decides stands before what only looked as well. */
function byWeight(
  analyses: readonly Analysis[],
  weightOf: (analysis: Analysis) => string | undefined,
): Analysis[] {
  const rank = (analysis: Analysis) => {
    const place = WEIGHTS.indexOf(weightOf(analysis) ?? "");
    return place < 0 ? WEIGHTS.length : place;
  };
  return analyses.toSorted((a, b) => rank(a) - rank(b));
}

function Result({ medium }: { medium: MediaDetail }) {
  const { models: texts } = useWords().result;
  const [search, setSearch] = useSearchParams();
  const run = medium.runs.find(({ id }) => id === search.get("run")) ?? medium.runs[0];
  const payloads = usePayloads(run);
  const modelOf = useModelOf();
  const analyses = useMemo(() => {
    const weightOf = ({ id, modelName }: Analysis) =>
      payloads.get(id)?.metrics.weight ?? modelOf(modelName)?.weight;
    return byWeight(run?.analyses ?? [], weightOf);
  }, [run, payloads, modelOf]);
  const evidence = useMemo(() => analyses.flatMap(({ id }) => payloads.get(id) ?? []), [analyses, payloads]);
  return (
    <>
      <PageHeader
        title={medium.filename}
        actions={<Actions medium={medium} run={run} onStarted={() => setSearch({})} />}
      />
      {/* Read in this order, and on small screens seen in it: what is said, why, and what else there is. */}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] lg:grid-rows-[auto_1fr]">
        <div className="min-w-0 lg:col-start-2">{run && <VerdictCard run={run} payloads={evidence} />}</div>
        <div className="grid min-w-0 content-start gap-4 lg:col-start-1 lg:row-span-2 lg:row-start-1">
          <Player medium={medium} payloads={evidence} />
          <Provenance payloads={evidence} />
          <h2 className="mt-2 text-lg font-semibold">{texts.title}</h2>
          {analyses.length === 0 && <p className="text-ink-soft">{texts.none}</p>}
          {analyses.map((analysis) => (
            <ModelCard
              key={analysis.id}
              analysis={analysis}
              payload={payloads.get(analysis.id)}
              model={modelOf(analysis.modelName)}
              mediaType={medium.mediaType}
            />
          ))}
        </div>
        <div className="grid min-w-0 content-start gap-4 lg:col-start-2">
          <Runs medium={medium} shown={run} />
          <FileCard medium={medium} />
        </div>
      </div>
    </>
  );
}

function Runs({ medium, shown }: { medium: MediaDetail; shown: Run | undefined }) {
  const { runs } = useWords().result;
  const format = useFormat();
  return (
    <Card title={runs.title}>
      <ul className="grid gap-2">
        {medium.runs.map((run) => (
          <li key={run.id} className="flex flex-wrap items-center justify-between gap-2">
            <Link
              to={`?run=${run.id}`}
              className="link"
              aria-current={run.id === shown?.id ? "true" : undefined}
            >
              {runs.run(run.runNumber)}
              {run.id === shown?.id && <span className="sr-only"> ({runs.shown})</span>}
            </Link>
            <span className="text-sm text-ink-soft">{format.dateTime(run.createdAt)}</span>
            {run.verdict ? (
              <VerdictBadge verdict={run.verdict.prediction} />
            ) : (
              <StatusBadge status={run.status} />
            )}
          </li>
        ))}
      </ul>
      {medium.runs.length > 1 && (
        <Button asChild className="mt-3">
          <Link to={`/media/${medium.id}/compare`}>{runs.compare}</Link>
        </Button>
      )}
    </Card>
  );
}
