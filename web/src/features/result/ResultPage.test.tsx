import { act, screen, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { beforeEach, expect, test, vi } from "vitest";
import type { Analysis, MediaDetail, Model, Prediction, Run } from "@/lib/api/queries";
import { answerRequests, problem } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import type { ResultPayload } from "./queries";
import { ResultPage } from "./ResultPage";

const AT = "2026-01-01T00:00:00Z";

// jsdom plays and draws nothing.
beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ addEventListener() {}, removeEventListener() {} }));
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
});

const analysis: Analysis = {
  id: "a1",
  runId: "r1",
  modelName: "frames",
  status: "COMPLETED",
  mediaType: "video",
  attempts: 1,
  prediction: "FAKE",
  probability: 0.95,
  createdAt: AT,
  updatedAt: AT,
};

const payload: ResultPayload = {
  prediction: "FAKE",
  probability: 0.95,
  reasons: ["face_too_small"],
  processing_time: 1,
  media_type: "video",
  model: { name: "frames", version: "1", sha256: "00" },
  segments: [{ start_ms: 2_000, end_ms: 3_000, track: "picture", score: 0.97 }],
  metrics: { family: "picture", weight: "weak", engine: "onnx", thinned: false },
};

const origin: ResultPayload = {
  ...payload,
  reasons: [],
  segments: [],
  provenance: {
    traces: [
      {
        kind: "declaration",
        rule: "sd-webui-parameters",
        generator: "Stable Diffusion WebUI",
        place: 'PNG tEXt "parameters"',
        says: "<b>Steps: 20</b>",
      },
    ],
    notes: [{ kind: "model", place: 'EXIF "Model"', says: "<i>Camera 7</i>" }],
    credentials: {
      state: "valid",
      meaning: "",
      problems: [],
      declares_ai: true,
      signed_capture: false,
      manifests: [
        {
          label: "a",
          generator: "Painter 1",
          title: "fox",
          issuer: "Somebody",
          signed_at: "",
          actions: [{ action: "c2pa.created", software: "", source_type: "trainedAlgorithmicMedia" }],
          ingredients: [{ title: "sketch", relationship: "parentOf" }],
          identities: [{ label: "cawg.identity", kind: "cawg.x509.cose" }],
        },
      ],
    },
    cut: false,
  },
};

function runOf(prediction: Prediction | null): Run {
  return {
    id: "r1",
    mediaId: "m1",
    runNumber: 1,
    status: prediction ? "ANALYZED" : "QUEUED",
    requestedModels: [],
    priority: "interactive",
    createdAt: AT,
    waitingFor: prediction ? null : "no ML server answers",
    waitingCode: prediction ? null : "no_server",
    verdict: prediction && { prediction, reasons: [], meaning: "" },
    analyses: prediction ? [analysis] : [],
  };
}

function mediumOf(run: Run, filename = "clip.mp4"): MediaDetail {
  return {
    id: "m1",
    filename,
    mediaType: "video",
    mimetype: "video/mp4",
    size: 1,
    sha256: "ab",
    hasAudio: false,
    url: "",
    publicId: "p",
    status: run.status,
    metadata: { format: "mp4", durationMs: 10_000 },
    createdAt: AT,
    updatedAt: AT,
    runs: [run],
  };
}

const model = (name: string): Model => ({
  name,
  version: "1",
  title: name,
  family: "picture",
  weight: "weak",
  kinds: ["video"],
  pipeline: "frames",
  licence: "MIT",
  origin: "here",
  limits: [],
  quality: "",
  rates: [
    { kind: "image", sentence: "Wrong in 1 of 100 pictures." },
    { kind: "video", sentence: "Wrong in 2 of 100 clips." },
  ],
  servers: 1,
});

function open(medium: MediaDetail, result: ResultPayload = payload) {
  const ok = (body: unknown) => () => ({ status: 200, body });
  const requests = answerRequests({
    "POST /api/v1/auth/refresh": ok(tokenOf(ada)),
    "GET /api/v1/media/m1": ok(medium),
    "GET /api/v1/media/m1/link": ok({ url: "/clip", expiresAt: "2999-01-01T00:00:00Z" }),
    "GET /api/v1/analyses/a1": ok({ ...analysis, mediaId: "m1", resultPayload: result }),
    "GET /api/v1/models": ok({ items: [model("frames"), model("faces")] }),
    "POST /api/v1/media/m1/analyze": () => ({ status: 202, body: medium.runs[0] }),
  });
  const page = (
    <Routes>
      <Route path="/media/:id" element={<ResultPage />} />
    </Routes>
  );
  return { requests, ...show(page, "/media/m1") };
}

test.each([
  ["FAKE", "Signs were found that the file was made or altered by AI."],
  ["INCONCLUSIVE", "The result lies where the models are often wrong."],
  ["NOT_APPLICABLE", "No model could look at this file closely enough."],
] as const)("the verdict %s is said in words", async (prediction, words) => {
  open(mediumOf(runOf(prediction)));
  expect(await screen.findByText(words)).toBeVisible();
});

test("while there is no verdict, it says what the run waits for", async () => {
  open(mediumOf(runOf(null)));
  expect(await screen.findByText("No verdict yet")).toBeVisible();
  expect(screen.getByText(/because no server that judges files answers/)).toBeVisible();
});

test.each([
  [{ waitingCode: "model_missing", waitingModel: "faces" }, /no server that answers has the model faces/],
  [{ waitingCode: null }, "The run waits for its turn."],
  // A newer server knows reasons that these words do not.
  [{ waitingCode: "full_moon", waitingFor: "the moon is full" }, "the moon is full"],
])("a run that waits for %o says so", async (waits, words) => {
  open(mediumOf({ ...runOf(null), waitingFor: null, ...waits } as Run));
  expect(await screen.findByText(words)).toBeVisible();
});

test("what a model saw and what it heard are told together under the cursor of one track", async () => {
  const both = {
    ...payload,
    frame_predictions: [{ index: 0, time_ms: 0, score: 0.2, prediction: "REAL", faces: [] }],
    chunk_predictions: [{ start_ms: 0, end_ms: 4_000, score: 0.9 }],
  };
  open(mediumOf(runOf("FAKE")), both);
  const track = await screen.findByRole("slider", { name: /^frames: probability over time/ });
  expect(track).toHaveAttribute("aria-valuetext", "Picture 0:00.0 · 20%; Sound 0:00.0 · 90%");
  expect(screen.getByText("2 scores")).toBeVisible();
});

test("what stands beside a video follows each frame that is shown", async () => {
  const frames: VideoFrameRequestCallback[] = [];
  const video = HTMLVideoElement.prototype as Partial<HTMLVideoElement>;
  video.requestVideoFrameCallback = (tell) => frames.push(tell);
  video.cancelVideoFrameCallback = () => undefined;
  const { unmount } = open(mediumOf(runOf("FAKE")));
  const track = await screen.findByRole("slider", { name: /^frames/ });
  const shown = frames.at(-1);
  vi.spyOn(HTMLMediaElement.prototype, "paused", "get").mockReturnValue(false);
  act(() => shown?.(0, { mediaTime: 2.04 } as VideoFrameCallbackMetadata));
  expect(track).toHaveAttribute("aria-valuenow", "2040");
  expect(frames.at(-1)).toBe(shown);
  expect(frames.length).toBeGreaterThan(1);
  unmount();
  Reflect.deleteProperty(video, "requestVideoFrameCallback");
  Reflect.deleteProperty(video, "cancelVideoFrameCallback");
});

test("how often a model is wrong is told for files of this kind only", async () => {
  open(mediumOf(runOf("FAKE")));
  const told = await screen.findAllByText(/Wrong in 2 of 100 clips\./);
  // In the words of the model, which are English on pages in other languages too.
  expect(told[0]?.closest("[lang]")).toHaveAttribute("lang", "en");
  expect(screen.queryByText(/of 100 pictures/)).not.toBeInTheDocument();
});

test("a run that has not ended has no report", async () => {
  const { user } = open(mediumOf(runOf(null)));
  await user.click(await screen.findByRole("button", { name: "Download" }));
  for (const name of ["Report as a page (HTML)", "Report as JSON"])
    expect(await screen.findByRole("menuitem", { name })).toHaveAttribute("aria-disabled", "true");
});

test("the report of a run is kept as a page", async () => {
  const { user, requests } = open(mediumOf(runOf("FAKE")));
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:x", revokeObjectURL() {} }));
  await user.click(await screen.findByRole("button", { name: "Download" }));
  await user.click(await screen.findByRole("menuitem", { name: "Report as a page (HTML)" }));
  await expect.poll(() => requests.at(-1)?.url).toMatch(/runs\/r1\/report\?format=html$/);
});

test("a span that stands out leads there, and a reason comes with advice", async () => {
  const { user, container } = open(mediumOf(runOf("FAKE")));
  await user.click(await screen.findByRole("button", { name: /frames: 0:02\.0 to 0:03\.0/ }));
  expect(container.querySelector("video")?.currentTime).toBe(2);
  expect(screen.getByText("Use the original resolution, not a thumbnail.")).toBeVisible();
});

test("what the file says of its origin stands there as text, with the chain of its credentials", async () => {
  const { container } = open(mediumOf(runOf("FAKE")), origin);
  expect(await screen.findByText("Declares AI")).toBeVisible();
  expect(screen.getByText("<b>Steps: 20</b>")).toBeVisible();
  expect(screen.getByText(/Stood in: PNG tEXt "parameters"/)).toBeVisible();
  expect(
    screen.getByText("The content is as it was signed, but nobody vouches for the signer."),
  ).toBeVisible();
  expect(screen.getByText("Made · made by AI")).toBeVisible();
  expect(screen.getByText("Made from “sketch” (what it was before)")).toBeVisible();
  expect(screen.getByText("Claims an identity, not checked: cawg.x509.cose")).toBeVisible();
  expect(screen.getByText("<i>Camera 7</i>")).toBeVisible();
  expect(container.querySelector("b, i")).toBeNull();
});

test("markup in a name is shown as text", async () => {
  const name = "<img src=x onerror=alert(1)>.mp4";
  const { container } = open(mediumOf(runOf("REAL"), name));
  expect(await screen.findByRole("heading", { level: 1, name })).toBeVisible();
  expect(container.querySelector("img")).toBeNull();
});

test("a run is begun again with the chosen models", async () => {
  const { user, requests } = open(mediumOf(runOf("FAKE")));
  await user.click(await screen.findByRole("button", { name: "Run again" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(await dialog.findByRole("checkbox", { name: "frames" }));
  await user.click(dialog.getByRole("button", { name: "Start" }));
  await expect.poll(() => requests.some(({ method }) => method === "POST")).toBe(true);
  const sent = requests.find(({ method, url }) => method === "POST" && url.endsWith("/analyze"));
  expect(await sent?.json()).toEqual({ models: ["faces"] });
});

test("a file that is not there is said to be so", async () => {
  answerRequests({
    "POST /api/v1/auth/refresh": () => ({ status: 200, body: tokenOf(ada) }),
    "GET /api/v1/media/m1": () => problem(404, "not_found"),
  });
  show(
    <Routes>
      <Route path="/media/:id" element={<ResultPage />} />
    </Routes>,
    "/media/m1",
  );
  expect(await screen.findByText("This file was not found")).toBeVisible();
});
