import { Lightbulb } from "lucide-react";
import type { Run } from "@/lib/api/queries";
import { useFormat } from "@/lib/format";
import { waitingText } from "@/lib/words/waiting";
import { useWords } from "@/lib/words/words";
import { StatusBadge, VerdictBadge } from "@/ui/Badge";
import { Card, Facts } from "@/ui/Card";
import type { ResultPayload } from "./queries";

export function isOpen(run: Run): boolean {
  return run.status === "QUEUED" || run.status === "PROCESSING";
}

export function VerdictCard({ run, payloads }: { run: Run; payloads: readonly ResultPayload[] }) {
  const words = useWords();
  const { verdict: texts } = words.result;
  const { verdict } = run;
  const deciders = payloads.filter(
    ({ metrics, probability }) =>
      verdict?.decidedBy === metrics.family &&
      typeof metrics.fake_at === "number" &&
      typeof probability === "number",
  );
  // Where several decide together, what counts is how far each is from its own points: those of one may contradict the verdict.
  const decider = deciders.length === 1 ? deciders[0] : undefined;
  return (
    <Card title={texts.title} actions={<StatusBadge status={run.status} />}>
      <div className="grid gap-3">
        <div>
          <VerdictBadge verdict={verdict?.prediction} probability={verdict?.probability ?? null} large />
        </div>
        <StateOfRun run={run} />
        {verdict && (
          <>
            <p className="text-lg">{words.verdicts[verdict.prediction].meaning}</p>
            {typeof verdict.probability === "number" && (
              <Band probability={verdict.probability} decider={decider} />
            )}
            {verdict.decidedBy && (
              <Facts items={[[texts.decidedBy, texts.families[verdict.decidedBy] ?? verdict.decidedBy]]} />
            )}
            {typeof verdict.probability === "number" && <Points decider={decider} />}
            {deciders.length > 1 && <p className="text-sm text-ink-soft">{texts.together}</p>}
            <h3 className="plate">{texts.notTitle}</h3>
            <p>{texts.not[verdict.prediction]}</p>
            {verdict.reasons.length > 0 && <h3 className="plate">{texts.reasons}</h3>}
            <Reasons codes={verdict.reasons} />
          </>
        )}
      </div>
    </Card>
  );
}

function StateOfRun({ run }: { run: Run }) {
  const { result, common } = useWords();
  const { verdict } = result;
  const texts: Partial<Record<Run["status"], string>> = {
    QUEUED: waitingText(common, run),
    PROCESSING: verdict.waiting,
    FAILED: verdict.failed,
    PARTIALLY_ANALYZED: verdict.partial,
    CANCELLED: verdict.cancelled,
  };
  const text = texts[run.status];
  return text ? <p role="status">{text}</p> : null;
}

/** From which probability on the model that decided says what. */
function Points({ decider }: { decider: ResultPayload | undefined }) {
  const { points, neverReal } = useWords().result.verdict;
  const format = useFormat();
  const { real_below, fake_at } = decider?.metrics ?? {};
  if (typeof real_below !== "number" || typeof fake_at !== "number") return null;
  const fake = format.percent(fake_at);
  return (
    <p className="text-sm text-ink-soft">
      {real_below > 0 ? points(format.percent(real_below), fake) : neverReal(fake)}
    </p>
  );
}

/** Where the probability stands between the two operating points. */
function Band({ probability, decider }: { probability: number; decider: ResultPayload | undefined }) {
  const { verdict } = useWords().result;
  const format = useFormat();
  const { real_below, fake_at } = decider?.metrics ?? {};
  const known = typeof real_below === "number" && typeof fake_at === "number";
  return (
    <div role="img" aria-label={`${verdict.probability}: ${format.percent(probability)}`}>
      <div className="relative flex h-3 overflow-hidden rounded-full bg-line">
        {known && (
          <>
            <span className="bg-real" style={{ width: `${real_below * 100}%` }} />
            <span className="bg-unsure" style={{ width: `${(fake_at - real_below) * 100}%` }} />
            <span className="flex-1 bg-fake" />
          </>
        )}
        <span
          className="absolute inset-y-0 w-1.5 -translate-x-1/2 border-x border-surface bg-ink"
          style={{ left: `${Math.min(99.5, Math.max(0.5, probability * 100))}%` }}
        />
      </div>
    </div>
  );
}

/** Codes as sentences, each with what would help. A code of a newer server is shown as it is. */
export function Reasons({ codes }: { codes: readonly string[] }) {
  const { reasons } = useWords().result;
  if (codes.length === 0) return null;
  return (
    <ul className="grid gap-2">
      {codes.map((code) => {
        const [text, advice] = reasons[code] ?? [code, ""];
        return (
          <li key={code}>
            {text}
            {advice && (
              <span className="mt-0.5 flex gap-1.5 text-sm text-ink-soft">
                <Lightbulb aria-hidden className="mt-0.5 size-4 shrink-0" />
                {advice}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
