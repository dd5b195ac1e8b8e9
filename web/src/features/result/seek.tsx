/** Moving through a recording on what is drawn over its time: by pointer and by keys. */
import type { KeyboardEvent, PointerEvent } from "react";

const STEP_MS = 1_000;

export interface Seeking {
  timeMs: number;
  durationMs: number;
  onSeek: (ms: number) => void;
}

/** The time under the pointer. */
export function msAt(event: PointerEvent<HTMLElement>, durationMs: number): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return Math.max(0, Math.min(1, (event.clientX - left) / Math.max(1, width))) * durationMs;
}

/** Arrow keys go a second on or back, Home and End to the ends. */
export function pressed(event: KeyboardEvent, { timeMs, durationMs, onSeek }: Seeking): void {
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

/** Where the player stands. */
export function PlayHead({ timeMs, durationMs }: Omit<Seeking, "onSeek">) {
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute inset-y-0 w-0.5 bg-ink"
      style={{ left: `${Math.min(100, (timeMs / Math.max(1, durationMs)) * 100)}%` }}
    />
  );
}
