import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { useFormat } from "@/lib/format";
import { onColoursChange, tokenColour } from "@/lib/theme";
import { useWords } from "@/lib/words/words";
import type { ResultPayload } from "./queries";
import { type Column, columnsOf, type Mark, marksOf, nearest } from "./reduce";

const HEIGHT = 56;
const STEP_MS = 1_000;

interface TimelineProps {
  payloads: readonly ResultPayload[];
  durationMs: number;
  timeMs: number;
  onSeek: (ms: number) => void;
}

/** One track per model that has scores or spans over time, and the spans as buttons. */
export function Timeline({ payloads, durationMs, timeMs, onSeek }: TimelineProps) {
  const { timeline } = useWords().result;
  const tracks = payloads.filter((payload) => marksOf(payload).length > 0 || payload.segments.length > 0);
  if (tracks.length === 0 || durationMs <= 0) return null;
  return (
    <section aria-label={timeline.title} className="grid gap-3">
      <h3 className="plate">{timeline.title}</h3>
      {tracks.map((payload) => (
        <Track
          key={payload.model.name}
          payload={payload}
          durationMs={durationMs}
          timeMs={timeMs}
          onSeek={onSeek}
        />
      ))}
      <Spans tracks={tracks} onSeek={onSeek} />
    </section>
  );
}

function Spans({ tracks, onSeek }: { tracks: readonly ResultPayload[]; onSeek: (ms: number) => void }) {
  const { timeline } = useWords().result;
  const format = useFormat();
  const spans = tracks.flatMap(({ model, segments }) =>
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
              {timeline.span(
                span.model,
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
}

interface TrackProps extends Omit<TimelineProps, "payloads"> {
  payload: ResultPayload;
}

function Track({ payload, durationMs, timeMs, onSeek }: TrackProps) {
  const { timeline } = useWords().result;
  const format = useFormat();
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const [pointed, setPointed] = useState<number | null>(null);
  const marks = useMemo(() => marksOf(payload), [payload]);
  const columns = useMemo(() => columnsOf(marks, durationMs, width), [marks, durationMs, width]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const draw = () => drawTrack(context, columns, payload, durationMs, width);
    draw();
    return onColoursChange(draw);
  }, [columns, payload, durationMs, width]);
  const shown = marks[nearest(marks, pointed ?? timeMs, (mark) => mark.startMs)];
  const msAt = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / Math.max(1, width))) * durationMs;
  };
  const press = (event: KeyboardEvent) => {
    const to = target(event.key, timeMs, durationMs);
    if (to === null) return;
    event.preventDefault();
    onSeek(to);
  };
  const text = valueText(shown, format);
  return (
    <div>
      <div className="flex flex-wrap justify-between gap-x-4 text-sm">
        <span className="font-medium break-all">{payload.model.name}</span>
        <span className="text-ink-soft tabular-nums">{text}</span>
      </div>
      <div
        role="slider"
        tabIndex={0}
        aria-label={timeline.track(payload.model.name)}
        aria-valuemin={0}
        aria-valuemax={Math.round(durationMs)}
        aria-valuenow={Math.round(timeMs)}
        aria-valuetext={text}
        onKeyDown={press}
        onPointerDown={(event) => onSeek(msAt(event))}
        onPointerMove={(event) => {
          const ms = msAt(event);
          setPointed(ms);
          if (event.buttons === 1) onSeek(ms);
        }}
        onPointerLeave={() => setPointed(null)}
        className="relative cursor-crosshair touch-pan-y overflow-hidden rounded-md bg-sunken"
      >
        <canvas ref={canvas} width={width} height={HEIGHT} aria-hidden className="block h-14 w-full" />
        <div
          aria-hidden
          className="pointer-events-none absolute inset-y-0 w-0.5 bg-ink"
          style={{ left: `${Math.min(100, (timeMs / durationMs) * 100)}%` }}
        />
      </div>
      <p className="text-xs text-ink-soft">
        {timeline.scores(marks.length)}
        {payload.metrics.thinned && ` · ${timeline.thinned}`}
      </p>
    </div>
  );
}

function valueText(mark: Mark | undefined, format: ReturnType<typeof useFormat>): string {
  return mark ? `${format.timecode(mark.startMs, true)} · ${format.percent(mark.score)}` : "";
}

function target(key: string, timeMs: number, durationMs: number): number | null {
  if (key === "ArrowRight") return Math.min(durationMs, timeMs + STEP_MS);
  if (key === "ArrowLeft") return Math.max(0, timeMs - STEP_MS);
  if (key === "Home") return 0;
  return key === "End" ? durationMs : null;
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

function drawTrack(
  context: CanvasRenderingContext2D,
  columns: readonly Column[],
  { segments, metrics }: ResultPayload,
  durationMs: number,
  width: number,
) {
  const y = (score: number) => 2 + (HEIGHT - 4) * (1 - score);
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
  context.strokeStyle = tokenColour("--series-1");
  context.lineWidth = 1.5;
  context.beginPath();
  for (const { x, low, high } of columns) {
    context.lineTo(x, y(low));
    context.lineTo(x, y(high));
  }
  context.stroke();
}
