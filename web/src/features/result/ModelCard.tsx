import { useQuery } from "@tanstack/react-query";
import type { Analysis, Model } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { runningQuery } from "@/lib/live/cache";
import { useWords } from "@/lib/words/words";
import { StatusBadge, VerdictBadge } from "@/ui/Badge";
import { Card, Facts } from "@/ui/Card";
import { Progress } from "@/ui/Progress";
import type { ResultPayload } from "./queries";
import { Reasons } from "./VerdictCard";

interface ModelCardProps {
  analysis: Analysis;
  payload: ResultPayload | undefined;
  model: Model | undefined;
  /** What the file is: how often a model is wrong differs by that. */
  mediaType: string;
}

/** Titles, limits and messages are the words of models and servers (English). */
export function ModelCard({ analysis, payload, model, mediaType }: ModelCardProps) {
  const { models, errors } = useWords().result;
  const ended = analysis.status === "COMPLETED";
  const version = analysis.modelVersion ?? payload?.model.version;
  // What was measured is true of one version only, and a server may have another one by now.
  const isOther = version !== undefined && model !== undefined && model.version !== version;
  const measured = isOther ? undefined : model;
  return (
    <Card
      level={3}
      title={<span lang="en">{model?.title ?? analysis.modelName}</span>}
      actions={
        ended ? (
          <VerdictBadge verdict={analysis.prediction} probability={analysis.probability ?? null} />
        ) : (
          <StatusBadge status={analysis.status} />
        )
      }
    >
      <div className="grid gap-3">
        {model && <p className="-mt-3 font-mono text-xs break-all text-ink-soft">{analysis.modelName}</p>}
        {analysis.status === "PROCESSING" && <LiveProgress analysis={analysis} />}
        {!ended && analysis.errorCode && (
          <p className="rounded-md bg-danger-soft px-3 py-2">
            {errors[analysis.errorCode] ?? analysis.errorCode}
            {analysis.errorMessage && (
              <span lang="en" className="block text-sm text-ink-soft">
                {analysis.errorMessage}
              </span>
            )}
          </p>
        )}
        {payload && <Reasons codes={payload.reasons} />}
        <ModelFacts analysis={analysis} payload={payload} model={measured} />
        {isOther && <p className="text-sm text-ink-soft">{models.otherVersion(version, model.version)}</p>}
        {measured && (
          <div>
            <h4 className="plate mb-1">{models.quality}</h4>
            <p lang="en" className="text-sm">
              {measured.quality} {measured.rates?.find(({ kind }) => kind === mediaType)?.sentence}
            </p>
          </div>
        )}
        {measured && measured.limits.length > 0 && (
          <div>
            <h4 className="plate mb-1">{models.limits}</h4>
            <ul lang="en" className="list-disc pl-5 text-sm">
              {measured.limits.map((limit) => (
                <li key={limit}>{limit}</li>
              ))}
            </ul>
          </div>
        )}
        {payload && <Technical payload={payload} />}
      </div>
    </Card>
  );
}

function ModelFacts({ analysis, payload, model }: Omit<ModelCardProps, "mediaType">) {
  const { models } = useWords().result;
  const format = useFormat();
  const facts: [string, string][] = [];
  if (typeof analysis.probability === "number")
    facts.push([models.probability, format.percent(analysis.probability)]);
  if (typeof payload?.score === "number") facts.push([models.score, format.number(payload.score)]);
  if (payload?.sync) {
    const { offset_ms, best, in_place, compared_ms } = payload.sync;
    const secs = format.number(Math.abs(offset_ms) / 1000);
    facts.push([models.sync.offset, models.sync.by(secs, Math.sign(offset_ms))]);
    facts.push([models.sync.clear, models.sync.values(format.number(in_place), format.number(best))]);
    facts.push([models.sync.compared, format.secs(compared_ms / 1000)]);
  }
  const version = analysis.modelVersion ?? payload?.model.version;
  if (version) facts.push([models.version, version]);
  const weight = payload?.metrics.weight ?? model?.weight;
  if (weight) facts.push([models.weight, models.weights[weight] ?? weight]);
  if (typeof analysis.processingTime === "number")
    facts.push([models.time, format.secs(analysis.processingTime)]);
  if (analysis.attempts > 1) facts.push([models.attempts, format.number(analysis.attempts)]);
  return facts.length > 0 ? <Facts items={facts} /> : null;
}

function LiveProgress({ analysis }: { analysis: Analysis }) {
  const { models } = useWords().result;
  const format = useFormat();
  const { data: heard } = useQuery({
    ...runningQuery,
    select: (running) => running[analysis.runId]?.models[analysis.modelName],
  });
  const done = heard?.done ?? analysis.progress?.progress ?? 0;
  const total = heard ? heard.total : (analysis.progress?.total ?? null);
  const phase = heard?.phase ?? analysis.progress?.phase ?? "";
  const text = `${models.phases[phase] ?? phase} ${models.progress(format.number(done), total ? format.number(total) : null)}`;
  const rate = heard?.rate ? ` · ${models.rate(format.number(heard.rate))}` : "";
  return (
    <div className="grid gap-1">
      <Progress label={analysis.modelName} share={total ? done / total : null} text={text} />
      <span className="text-sm text-ink-soft tabular-nums">
        {text}
        {rate}
      </span>
    </div>
  );
}

function Technical({ payload }: { payload: ResultPayload }) {
  const { models } = useWords().result;
  return (
    <details>
      <summary className="cursor-pointer text-sm text-ink-soft">{models.technical}</summary>
      <div className="mt-2 text-sm">
        <Facts
          items={[
            [models.engine, payload.metrics.engine],
            [
              models.weightsSum,
              <code key="sum" className="font-mono text-xs break-all">
                {payload.model.sha256}
              </code>,
            ],
          ]}
        />
      </div>
    </details>
  );
}
