import { expect, test } from "vitest";
import { formatOf } from "./format";
import { pluralOf } from "./words/plural";

test("sizes are in units of 1,024", () => {
  const { bytes } = formatOf("en");
  expect([0, 1, 1024, 1536 * 1024, 500 * 1024 ** 2].map(bytes)).toEqual([
    "0 bytes",
    "1 byte",
    "1 kB",
    "1.5 MB",
    "500 MB",
  ]);
});

test("time codes are as players show them", () => {
  const { timecode } = formatOf("en");
  expect([0, 4_999, 61_000, 3_723_000].map((ms) => timecode(ms))).toEqual([
    "0:00",
    "0:04",
    "1:01",
    "1:02:03",
  ]);
  expect(timecode(64_520, true)).toBe("1:04.5");
});

test("each language writes in its own way", () => {
  expect(formatOf("en").percent(0.925)).toBe("92.5%");
  expect(formatOf("de").percent(0.925)).toBe("92,5\u00a0%");
  expect(pluralOf("de")(1, { one: "# Datei", other: "# Dateien" })).toBe("1 Datei");
  expect(pluralOf("en")(1234, { one: "# file", other: "# files" })).toBe("1,234 files");
});
