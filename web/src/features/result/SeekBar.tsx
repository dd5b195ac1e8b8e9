/** Moving through a recording on what is drawn over its time: by pointer and by keys. */
import type { KeyboardEvent, PointerEvent, ReactNode } from "react";

const STEP_MS = 1_000;

export interface Seeking {
  timeMs: number;
  durationMs: number;
  onSeek: (ms: number) => void;
}

interface SeekBarProps extends Seeking {
  label: string;
  /** What is there at the time where the player stands. */
  valueText: string;
  /** The time under a pointer that moves over it; null when it has gone. */
  onPoint?: (ms: number | null) => void;
  /** What is drawn over the time. */
  children: ReactNode;
}

/** A drawing over time, in which somebody goes to a moment by pointer or keys; a line marks where the player stands. */
export function SeekBar({ label, valueText, onPoint, children, ...seeking }: SeekBarProps) {
  const { timeMs, durationMs, onSeek } = seeking;
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.round(durationMs)}
      aria-valuenow={Math.round(timeMs)}
      aria-valuetext={valueText}
      onKeyDown={(event) => press(event, seeking)}
      onPointerDown={(event) => onSeek(msAt(event, durationMs))}
      onPointerMove={(event) => {
        const ms = msAt(event, durationMs);
        onPoint?.(ms);
        if (event.buttons === 1) onSeek(ms);
      }}
      onPointerLeave={() => onPoint?.(null)}
      className="relative cursor-crosshair touch-pan-y overflow-hidden rounded-md bg-sunken"
    >
      {children}
      <div
        aria-hidden
        className="pointer-events-none absolute inset-y-0 w-0.5 bg-ink"
        style={{ left: `${Math.min(100, (timeMs / Math.max(1, durationMs)) * 100)}%` }}
      />
    </div>
  );
}

/** The time under the pointer. */
function msAt(event: PointerEvent<HTMLElement>, durationMs: number): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return Math.max(0, Math.min(1, (event.clientX - left) / Math.max(1, width))) * durationMs;
}

/** Arrow keys go a second on or back, Home and End to the ends. */
function press(event: KeyboardEvent, { timeMs, durationMs, onSeek }: Seeking): void {
  const to = target(event.key, timeMs, durationMs);
  if (to === null) return;
  event.preventDefault();
  onSeek(to);
}

function target(key: string, timeMs: number, durationMs: number): number | null {
  if (key === "ArrowRight") return Math.min(durationMs, timeMs + STEP_MS);
  if (key === "ArrowLeft") return Math.max(0, timeMs - STEP_MS);
  if (key === "Home") return 0;
  return key === "End" ? durationMs : null;
}
