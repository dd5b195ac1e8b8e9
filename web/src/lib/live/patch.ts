/** What an event changes in data that was fetched before. Pure, so that a replay twice changes nothing. */
import type { Analysis, Media, MediaDetail, Run } from "../api/queries";
import {
  asPrediction,
  asStatus,
  type LiveEvent,
  type ModelProgress,
  type ProgressEvent,
  type Running,
} from "./events";

type ModelEvent = Extract<LiveEvent, { kind: "started" | "progress" | "completed" | "failed" }>;

/** The medium with the event in it; `complete` is false when the server knows more than the event tells. */
export function patchDetail(
  medium: MediaDetail,
  live: LiveEvent,
): { medium: MediaDetail; complete: boolean } {
  if (live.kind === "upload") return { medium: { ...medium, ...mediaOf(live.event) }, complete: true };
  const run = medium.runs.find((run) => run.id === live.event.runId);
  if (!run) return { medium, complete: false };
  const isLatest = run.id === medium.runs[0]?.id;
  if (live.kind === "ended") {
    const ended = {
      ...run,
      status: asStatus(live.event.status) ?? run.status,
      endedAt: live.event.timestamp,
    };
    const row = isLatest ? patchRow(medium, live) : medium;
    // The event names the verdict; its probability and reasons are in the row.
    return { medium: { ...medium, ...row, runs: swap(medium.runs, ended) }, complete: false };
  }
  const analysis = run.analyses.find((analysis) => analysis.modelName === live.event.modelName);
  if (!analysis) return { medium, complete: false };
  const next: Run = {
    ...run,
    status: isOpen(run) ? "PROCESSING" : run.status,
    waitingFor: null,
    waitingCode: null,
    waitingModel: null,
    analyses: swap(run.analyses, patchAnalysis(analysis, live)),
  };
  const row = isLatest ? patchRow(medium, live) : medium;
  return { medium: { ...medium, ...row, runs: swap(medium.runs, next) }, complete: true };
}

/** A row of the list with the event in it. */
export function patchRow<Row extends Media>(row: Row, live: LiveEvent): Row {
  if (live.kind === "upload") return { ...row, ...mediaOf(live.event) };
  const latest = row.latestAnalysisRunId;
  if (latest && latest !== live.event.runId) return row;
  if (live.kind === "ended") {
    return {
      ...row,
      status: asStatus(live.event.status) ?? row.status,
      verdict: asPrediction(live.event.verdict),
    };
  }
  return row.status === "QUEUED" ? { ...row, status: "PROCESSING" } : row;
}

/** What is under way, with the event in it. */
export function patchRunning(running: Running, live: LiveEvent, now: number): Running {
  if (live.kind === "upload") return running;
  const { runId, mediaId, modelName } = live.event;
  const run = running[runId] ?? { mediaId, models: {} };
  if (live.kind === "ended") {
    const { [runId]: _, ...others } = running;
    return others;
  }
  if (!modelName) return running;
  if (live.kind === "completed" || live.kind === "failed") {
    const { [modelName]: _, ...models } = run.models;
    return { ...running, [runId]: { mediaId, models } };
  }
  const progress = markOf(live.event, run.models[modelName], now);
  return { ...running, [runId]: { mediaId, models: { ...run.models, [modelName]: progress } } };
}

function markOf(event: ProgressEvent, before: ModelProgress | undefined, now: number): ModelProgress {
  const done = event.progress ?? 0;
  const phase = event.phase ?? null;
  const secs = before && before.phase === phase ? (now - before.heardAt) / 1000 : 0;
  const rate = before && secs > 0 && done > before.done ? (done - before.done) / secs : null;
  return { phase, done, total: event.total ?? null, rate: rate ?? before?.rate ?? null, heardAt: now };
}

function patchAnalysis(analysis: Analysis, { kind, event }: ModelEvent): Analysis {
  const over = analysis.status === "COMPLETED" || analysis.status === "CANCELLED";
  // A late mark of progress must not reopen what has ended.
  if (over && kind !== "completed") return analysis;
  switch (kind) {
    case "started":
      return { ...analysis, status: "PROCESSING" };
    case "progress": {
      const progress = {
        phase: event.phase ?? "",
        progress: event.progress ?? 0,
        total: event.total ?? null,
      };
      return { ...analysis, status: "PROCESSING", progress };
    }
    case "completed": {
      const said = { prediction: asPrediction(event.prediction), probability: event.probability ?? null };
      return { ...analysis, status: "COMPLETED", progress: null, ...said };
    }
    case "failed": {
      const error = { errorCode: event.code ?? null, errorMessage: event.message ?? null };
      return { ...analysis, status: event.willRetry ? "PENDING" : "FAILED", progress: null, ...error };
    }
  }
}

function mediaOf({
  runId: _run,
  eventId: _event,
  ...media
}: Extract<LiveEvent, { kind: "upload" }>["event"]): Media {
  return media;
}

function isOpen(run: Run): boolean {
  return run.status === "QUEUED" || run.status === "PROCESSING";
}

function swap<T extends { id: string }>(items: readonly T[], next: T): T[] {
  return items.map((item) => (item.id === next.id ? next : item));
}
