/** Series of any length as what fits on the pixels of a track. */
import type { ResultPayload } from "./queries";

/** A score from `startMs` until `endMs`; a frame lasts no time. */
export interface Mark {
  startMs: number;
  endMs: number;
  score: number;
}

/** What one model saw, or heard, over time; a model of both has two. A mouth and a voice are curves, no scores. */
export interface Series {
  of: "frames" | "sound" | "mouth" | "voice";
  marks: readonly Mark[];
}

export function seriesOf(payload: ResultPayload): Series[] {
  const frames = (payload.frame_predictions ?? []).flatMap(({ time_ms, score }) =>
    typeof score === "number" ? [{ startMs: time_ms, endMs: time_ms, score }] : [],
  );
  const sound = (payload.chunk_predictions ?? []).map(({ start_ms, end_ms, score }) => ({
    startMs: start_ms,
    endMs: end_ms,
    score,
  }));
  const moments = payload.sync?.moments ?? [];
  const at = (time_ms: number, score: number) => ({ startMs: time_ms, endMs: time_ms, score });
  const all: Series[] = [
    { of: "frames", marks: frames },
    { of: "sound", marks: sound },
    { of: "mouth", marks: moments.map(({ time_ms, mouth }) => at(time_ms, mouth)) },
    { of: "voice", marks: moments.map(({ time_ms, voice }) => at(time_ms, voice)) },
  ];
  return all.filter(({ marks }) => marks.length > 0);
}

/** The least and the greatest score of one pixel. */
export interface Column {
  x: number;
  low: number;
  high: number;
}

/** No more columns than pixels, and no peak is lost. */
export function columnsOf(marks: readonly Mark[], durationMs: number, width: number): Column[] {
  const columns: Column[] = [];
  const scale = durationMs > 0 ? (width - 1) / durationMs : 0;
  for (const mark of marks) {
    const middle = (mark.startMs + mark.endMs) / 2;
    const x = Math.min(width - 1, Math.max(0, Math.round(middle * scale)));
    const last = columns.at(-1);
    if (last?.x === x) {
      last.low = Math.min(last.low, mark.score);
      last.high = Math.max(last.high, mark.score);
    } else {
      columns.push({ x, low: mark.score, high: mark.score });
    }
  }
  return columns;
}

/** Place of the entry whose begin is nearest to `ms`, in a list that is in order; -1 when it is empty. */
export function nearest<T>(items: readonly T[], ms: number, begin: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && begin(item) < ms) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [items[low - 1], items[low]];
  if (before === undefined) return after === undefined ? -1 : low;
  if (after === undefined) return low - 1;
  return ms - begin(before) <= begin(after) - ms ? low - 1 : low;
}
