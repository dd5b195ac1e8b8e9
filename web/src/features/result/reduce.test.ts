import { expect, test } from "vitest";
import { columnsOf, nearest } from "./reduce";

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
