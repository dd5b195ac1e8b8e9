import { expect, test } from "vitest";
import type { ResultPayload } from "./queries";
import { columnsOf, nearest, seriesOf } from "./reduce";

test("what a model saw and what it heard are two series, and moments without a score are none", () => {
  const payload = {
    frame_predictions: [
      { index: 0, time_ms: 0, score: null, prediction: "NOT_APPLICABLE", faces: [] },
      { index: 1, time_ms: 40, score: 0.3, prediction: "REAL", faces: [] },
    ],
    chunk_predictions: [{ start_ms: 0, end_ms: 4_000, score: 0.9 }],
  } as Partial<ResultPayload> as ResultPayload;
  expect(seriesOf(payload)).toEqual([
    { of: "frames", marks: [{ startMs: 40, endMs: 40, score: 0.3 }] },
    { of: "sound", marks: [{ startMs: 0, endMs: 4_000, score: 0.9 }] },
  ]);
  expect(seriesOf({ ...payload, frame_predictions: [], chunk_predictions: null } as never)).toEqual([]);
});

test("a mouth and a voice are two curves", () => {
  const sync = { moments: [{ time_ms: 100, mouth: 0.2, voice: 0.7 }] };
  expect(seriesOf({ sync } as Partial<ResultPayload> as ResultPayload)).toEqual([
    { of: "mouth", marks: [{ startMs: 100, endMs: 100, score: 0.2 }] },
    { of: "voice", marks: [{ startMs: 100, endMs: 100, score: 0.7 }] },
  ]);
});

test("20,000 scores are reduced to the pixels of the track, and no peak is lost", () => {
  const marks = Array.from({ length: 20_000 }, (_, n) => ({
    startMs: n * 40,
    endMs: n * 40,
    score: n === 7_777 ? 0.99 : 0.1,
  }));
  const columns = columnsOf(marks, 800_000, 600);
  expect(columns.length).toBeLessThanOrEqual(600);
  expect(Math.max(...columns.map(({ high }) => high))).toBe(0.99);
  expect(Math.min(...columns.map(({ low }) => low))).toBe(0.1);
});

test("the score nearest in time is found", () => {
  const begins = [0, 40, 80, 120];
  expect(nearest(begins, 70, (ms) => ms)).toBe(2);
  expect(nearest(begins, 999, (ms) => ms)).toBe(3);
  expect(nearest([], 5, (ms: number) => ms)).toBe(-1);
});
