// Measured figures for diagrams, read from the benchmark pages, so that no diagram shows a number of its own.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";

const docs = new URL("../../docs/", import.meta.url);

/** The cells of the first table row that begins with this text. */
function row(text, begin) {
  const line = text.split("\n").find((one) => one.startsWith(`| ${begin} |`));
  if (!line) throw new Error(`no row "${begin}" in the benchmarks`);
  return line
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

/** A figure without what stands in parentheses behind it, and without commas. */
const median = (cell) => cell.replace(/ \(.*\)$/, "").replaceAll(",", "");

/** What is measured, in the words of the diagrams. */
export async function figures() {
  const service = await readFile(new URL("benchmarks-service.md", docs), "utf8");
  const programs = await readFile(new URL("benchmarks.md", docs), "utf8");
  const p50 = (begin) => `${Number(median(row(service, begin)[1])).toFixed(0)} ms, median`;
  return {
    202: p50("202 for 1 MB, one at a time, p50"),
    start: p50("the same, 202 to the first model at work (plan, enqueue, claim), p50"),
    end: p50("the same, last model's answer to the end of the run (store, conclude), p50"),
    film: row(programs, "10 s")[1].split(",")[0],
    filmOfFour: row(programs, "4")[1],
    uploads: median(row(service, "uploads of 1 MB, 8 at once")[1]),
    jobs: median(row(service, "jobs of 5-model flows, upload to verdict")[1]),
    bytes: median(row(service, "one file of 200 MiB")[1]),
    events: median(row(service, "event fan-out to 200 sockets")[1]),
  };
}

/** Puts figures into the places {{name}}. */
export function fill(source, numbers) {
  return source.replace(/\{\{(\w+)\}\}(?!\})/g, (whole, name) => numbers[name] ?? whole);
}

/** The system's browser; nothing is downloaded. */
export function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error("Chromium is missing: apt-get install chromium, or name one in CHROMIUM");
}
