import { useEffect, useMemo, useRef, useState } from "react";
import { useTitleOf } from "@/lib/api/models";
import { type Format, useFormat } from "@/lib/format";
import { onColoursChange, tokenColour } from "@/lib/theme";
import { useWords, type Words } from "@/lib/words/words";
import { Figures } from "./Figures";
import type { ResultPayload } from "./queries";
import { type Column, columnsOf, nearest, type Series } from "./reduce";
import { SeekBar } from "./SeekBar";

const HEIGHT = 56;
/** Told apart by colour and by dash; the words beside them have the same mark. */
const SOLID = { colour: "--series-1", dash: [] as number[], mark: "border-series-1 border-solid" } as const;
const DASHED = { colour: "--series-2", dash: [5, 3], mark: "border-series-2 border-dashed" } as const;
const LOOKS = { frames: SOLID, sound: DASHED, mouth: SOLID, voice: DASHED };

interface TrackProps {
  payload: ResultPayload;
  series: readonly Series[];
  durationMs: number;
  timeMs: number;
  onSeek: (ms: number) => void;
}

/** One model over time: what it saw and what it heard on one scale, with the values under the pointer. */
export function Track({ payload, series, durationMs, timeMs, onSeek }: TrackProps) {
  const { timeline } = useWords().result;
  const format = useFormat();
  const title = useTitleOf()(payload.model.name);
  const [pointed, setPointed] = useState<number | null>(null);
  const values = valuesAt(series, pointed ?? timeMs, format, timeline);
  const count = series.reduce((sum, { marks }) => sum + marks.length, 0);
  return (
    <div>
      <div className="mb-1 flex flex-wrap justify-between gap-x-4 text-sm">
        <span lang="en" className="font-medium break-words">
          {title}
        </span>
        <span className="flex flex-wrap gap-x-4 text-ink-soft tabular-nums">
          {values.map(({ of, text }) => (
            <span key={of} className="flex items-center gap-1.5">
              {series.length > 1 && (
                <span aria-hidden className={`w-4 shrink-0 border-t-2 ${LOOKS[of].mark}`} />
              )}
              {text}
            </span>
          ))}
        </span>
      </div>
      <SeekBar
        label={(payload.sync ? timeline.curvesTrack : timeline.track)(title)}
        valueText={values.map(({ text }) => text).join("; ")}
        onPoint={setPointed}
        {...{ timeMs, durationMs, onSeek }}
      >
        <Lines payload={payload} series={series} durationMs={durationMs} />
      </SeekBar>
      <p className="mt-1 text-xs text-ink-soft">
        {payload.sync ? timeline.curves : timeline.scores(count)}
        {payload.metrics.thinned && ` · ${timeline.thinned}`}
      </p>
      <Figures model={title} series={series} />
    </div>
  );
}

function Lines({ payload, series, durationMs }: Pick<TrackProps, "payload" | "series" | "durationMs">) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const lines = useMemo(
    () => series.map(({ of, marks }) => ({ of, columns: columnsOf(marks, durationMs, width) })),
    [series, durationMs, width],
  );
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const draw = () => {
      drawSpans(context, payload, durationMs, width);
      for (const { of, columns } of lines) drawLine(context, columns, LOOKS[of]);
    };
    draw();
    return onColoursChange(draw);
  }, [lines, payload, durationMs, width]);
  return <canvas ref={canvas} width={width} height={HEIGHT} aria-hidden className="block h-14 w-full" />;
}

/** What each series says at a time, named where there are two. */
function valuesAt(series: readonly Series[], ms: number, format: Format, words: Words["result"]["timeline"]) {
  return series.flatMap(({ of, marks }) => {
    const mark = marks[nearest(marks, ms, ({ startMs }) => startMs)];
    if (!mark) return [];
    const text = `${format.timecode(mark.startMs, true)} · ${format.percent(mark.score)}`;
    return [{ of, text: series.length > 1 ? `${words.series[of]} ${text}` : text }];
  });
}

function useWidth(ref: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = ref.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => setWidth(Math.max(1, Math.round(element.clientWidth))));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

const y = (score: number) => 2 + (HEIGHT - 4) * (1 - score);

/** Clears the track, and draws what stands out and from where on it does. */
function drawSpans(
  context: CanvasRenderingContext2D,
  { segments, metrics }: ResultPayload,
  durationMs: number,
  width: number,
) {
  context.clearRect(0, 0, width, HEIGHT);
  context.fillStyle = tokenColour("--fake");
  for (const { start_ms, end_ms } of segments) {
    const [from, to] = [(start_ms / durationMs) * width, (end_ms / durationMs) * width];
    context.globalAlpha = 0.2;
    context.fillRect(from, 0, Math.max(2, to - from), HEIGHT);
    context.globalAlpha = 1;
    context.fillRect(from, 0, Math.max(2, to - from), 3);
  }
  if (typeof metrics.fake_at === "number") {
    context.fillStyle = tokenColour("--line-strong");
    context.fillRect(0, y(metrics.fake_at), width, 1);
  }
}

function drawLine(
  context: CanvasRenderingContext2D,
  columns: readonly Column[],
  look: (typeof LOOKS)[keyof typeof LOOKS],
) {
  context.strokeStyle = tokenColour(look.colour);
  context.lineWidth = 1.5;
  context.setLineDash(look.dash);
  context.beginPath();
  for (const { x, low, high } of columns) {
    context.lineTo(x, y(low));
    context.lineTo(x, y(high));
  }
  context.stroke();
  context.setLineDash([]);
}
