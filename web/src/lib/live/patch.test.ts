import { expect, test } from "vitest";
import type { Analysis, MediaDetail, Run } from "../api/queries";
import { type LiveEvent, ofMessage, type ProgressEvent } from "./events";
import { patchDetail, patchRow, patchRunning } from "./patch";

const at = "2026-01-01T00:00:00Z";
const analysis = (modelName: string): Analysis => ({
  id: `a-${modelName}`,
  runId: "run-1",
  modelName,
  status: "PENDING",
  mediaType: "video",
  attempts: 0,
  createdAt: at,
  updatedAt: at,
});
const run: Run = {
  id: "run-1",
  mediaId: "m-1",
  runNumber: 1,
  status: "QUEUED",
  requestedModels: [],
  priority: "interactive",
  createdAt: at,
  waitingFor: "no ML server answers",
  waitingCode: "no_server",
  analyses: [analysis("face"), analysis("voice")],
};
const medium: MediaDetail = {
  id: "m-1",
  filename: "a.mp4",
  mediaType: "video",
  mimetype: "video/mp4",
  size: 1,
  sha256: "00",
  hasAudio: true,
  url: "/x",
  publicId: "x",
  status: "QUEUED",
  metadata: {} as MediaDetail["metadata"],
  createdAt: at,
  updatedAt: at,
  latestAnalysisRunId: "run-1",
  runs: [run],
};

function event(type: string, more: Partial<ProgressEvent> = {}): LiveEvent {
  const live = ofMessage({ type, mediaId: "m-1", runId: "run-1", userId: "u-1", timestamp: at, ...more });
  if (!live) throw new Error(`no event ${type}`);
  return live;
}

const PROGRESS = { modelName: "face", phase: "frames", progress: 10, total: 40 };

test("a mark of progress reaches its analysis and opens the run", () => {
  const patched = patchDetail(medium, event("ANALYSIS_PROGRESS", PROGRESS));
  expect(patched.complete).toBe(true);
  expect(patched.medium.status).toBe("PROCESSING");
  const [patchedRun] = patched.medium.runs;
  expect(patchedRun).toMatchObject({ status: "PROCESSING", waitingFor: null, waitingCode: null });
  expect(patchedRun?.analyses[0]).toMatchObject({
    status: "PROCESSING",
    progress: { progress: 10, total: 40 },
  });
  expect(patchedRun?.analyses[1]).toEqual(analysis("voice"));
});

test("the same event twice changes nothing more", () => {
  const done = event("ANALYSIS_COMPLETED", { modelName: "face", prediction: "FAKE", probability: 0.9 });
  const once = patchDetail(medium, done).medium;
  expect(patchDetail(once, done).medium).toEqual(once);
});

test("a late mark does not reopen an analysis that has ended", () => {
  const done = patchDetail(
    medium,
    event("ANALYSIS_COMPLETED", { modelName: "face", prediction: "REAL" }),
  ).medium;
  const late = patchDetail(done, event("ANALYSIS_PROGRESS", PROGRESS)).medium;
  expect(late.runs[0]?.analyses[0]?.status).toBe("COMPLETED");
});

test("the end of a run reaches list and detail, and asks for what it does not tell", () => {
  const end = event("video_update", { status: "ANALYZED", verdict: "FAKE" });
  const patched = patchDetail(medium, end);
  expect(patched.complete).toBe(false);
  expect(patched.medium).toMatchObject({ status: "ANALYZED", verdict: "FAKE" });
  expect(patchRow(medium, end)).toMatchObject({ status: "ANALYZED", verdict: "FAKE" });
});

test("an older run does not change what the file is", () => {
  const newer = { ...medium, latestAnalysisRunId: "run-2", runs: [{ ...run, id: "run-2" }, run] };
  const end = event("video_update", { status: "CANCELLED" });
  expect(patchDetail(newer, end).medium.status).toBe("QUEUED");
  expect(patchRow(newer, end)).toBe(newer);
});

test("an event about a run or model that is not known asks the server", () => {
  expect(
    patchDetail({ ...medium, runs: [] }, event("ANALYSIS_STARTED", { modelName: "face" })).complete,
  ).toBe(false);
  expect(patchDetail(medium, event("ANALYSIS_STARTED", { modelName: "other" })).complete).toBe(false);
});

test("a failure that is tried again waits, another has failed", () => {
  const retried = patchDetail(
    medium,
    event("ANALYSIS_FAILED", { modelName: "face", willRetry: true }),
  ).medium;
  expect(retried.runs[0]?.analyses[0]?.status).toBe("PENDING");
  const failed = patchDetail(
    medium,
    event("ANALYSIS_FAILED", { modelName: "face", willRetry: false }),
  ).medium;
  expect(failed.runs[0]?.analyses[0]?.status).toBe("FAILED");
});

test("what is under way has a rate, and is gone at its end", () => {
  const first = patchRunning({}, event("ANALYSIS_PROGRESS", PROGRESS), 1000);
  const second = patchRunning(first, event("ANALYSIS_PROGRESS", { ...PROGRESS, progress: 30 }), 3000);
  expect(second["run-1"]?.models.face).toMatchObject({ done: 30, total: 40, rate: 10 });
  expect(patchRunning(second, event("video_update", { status: "ANALYZED" }), 4000)).toEqual({});
});
