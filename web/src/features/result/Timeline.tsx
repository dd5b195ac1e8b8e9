import { memo, useMemo } from "react";
import { useTitleOf } from "@/lib/api/models";
import { useFormat } from "@/lib/format";
import { useWords } from "@/lib/words/words";
import type { ResultPayload } from "./queries";
import { seriesOf } from "./reduce";
import { Track } from "./Track";

interface TimelineProps {
  payloads: readonly ResultPayload[];
  durationMs: number;
  timeMs: number;
  onSeek: (ms: number) => void;
}

/** One track per model that has scores or spans over time, and the spans as buttons. */
export function Timeline({ payloads, durationMs, timeMs, onSeek }: TimelineProps) {
  const { timeline } = useWords().result;
  const tracks = useMemo(
    () =>
      payloads
        .map((payload) => ({ payload, series: seriesOf(payload) }))
        .filter(({ payload, series }) => series.length > 0 || payload.segments.length > 0),
    [payloads],
  );
  if (tracks.length === 0 || durationMs <= 0) return null;
  return (
    <section aria-label={timeline.title} className="grid gap-3">
      <h3 className="plate">{timeline.title}</h3>
      {tracks.map(({ payload, series }) => (
        <Track
          key={payload.model.name}
          payload={payload}
          series={series}
          durationMs={durationMs}
          timeMs={timeMs}
          onSeek={onSeek}
        />
      ))}
      <Spans payloads={payloads} onSeek={onSeek} />
    </section>
  );
}

/** Nothing here depends on the time that is shown, and there may be hundreds. */
const Spans = memo(function Spans({ payloads, onSeek }: Pick<TimelineProps, "payloads" | "onSeek">) {
  const { timeline } = useWords().result;
  const format = useFormat();
  const titleOf = useTitleOf();
  const spans = payloads.flatMap(({ model, segments }) =>
    segments.map((segment) => ({ model: model.name, ...segment })),
  );
  return (
    <div>
      <h3 className="plate mb-1.5">{timeline.spans}</h3>
      {spans.length === 0 && <p className="text-sm text-ink-soft">{timeline.noSpans}</p>}
      <ul className="flex max-h-48 flex-wrap gap-2 overflow-y-auto">
        {spans.map((span) => (
          <li key={`${span.model} ${span.track} ${span.start_ms} ${span.end_ms}`}>
            <button
              type="button"
              className="min-h-8 rounded bg-fake-soft px-2.5 py-1 text-left text-sm text-fake hover:underline"
              onClick={() => onSeek(span.start_ms)}
            >
              <span lang="en">{titleOf(span.model)}</span>
              {": "}
              {timeline.span(
                format.timecode(span.start_ms, true),
                format.timecode(span.end_ms, true),
                format.percent(span.score),
              )}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
});
