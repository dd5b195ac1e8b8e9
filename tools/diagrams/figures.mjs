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
  const capacity = JSON.parse(await readFile(new URL("benchmarks-capacity.json", docs), "utf8")).summary;
  const whole = (key) => String(Math.round(capacity[key]));
  const p50 = (begin) => `${Number(median(row(service, begin)[1])).toFixed(0)} ms, median`;
  return {
    202: p50("202 for 1 MB, one at a time, p50"),
    start: p50("one run at a time: 202 to the first model at work (plan, enqueue, claim), p50"),
    end: p50("one run at a time: last model's answer to the end of the run (store, conclude), p50"),
    film: row(programs, "10 s")[1].split(",")[0],
    filmOfFour: row(programs, "4")[1],
    uploads: whole("uploads_per_sec"),
    jobs: whole("jobs_per_sec"),
    rowJobs: whole("postgres_jobs_per_core_sec"),
    queueJobs: whole("redis_jobs_per_core_sec"),
    workerJobs: whole("worker_jobs_per_core_sec"),
    bytes: median(row(service, "upload of one file of 200 MiB")[1]),
    sockets: whole("sockets"),
    events: whole("deliveries_per_sec"),
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
