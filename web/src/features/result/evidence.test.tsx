/** What is drawn over time and over pictures, as those read it who do not see it, and as it follows the player. */
import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Analysis, Model, Run } from "@/lib/api/queries";
import { signedIn } from "@/lib/api/session";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { ModelCard } from "./ModelCard";
import { Overlay } from "./Overlay";
import type { Face, ResultPayload } from "./queries";
import { SoundPicture } from "./SoundPicture";
import { Timeline } from "./Timeline";
import { VerdictCard } from "./VerdictCard";

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ addEventListener() {}, removeEventListener() {} }));
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  answerRequests({});
  signedIn(tokenOf(ada));
});
afterEach(() => vi.restoreAllMocks());

const payload: ResultPayload = {
  ...{ prediction: "FAKE", probability: 0.9, reasons: [], processing_time: 1, media_type: "video" },
  ...{ model: { name: "frames", version: "1", sha256: "00" }, segments: [] },
  metrics: { family: "picture", weight: "weak", engine: "onnx", thinned: false },
} as ResultPayload;
const frame = (time_ms: number, score: number, faces: Face[] = []) => ({
  ...{ index: time_ms, time_ms, score, prediction: "FAKE" as const, faces },
});

test("a drawing over a picture says which faces and which place it shows", () => {
  const face: Face = { track: 1, box: [0, 0, 1, 1], detection: 1, score: 0.75 };
  const drawn = {
    ...payload,
    frame_predictions: [frame(0, 0.1), frame(5_000, 0.9, [face])],
    heatmap: { columns: 2, rows: 2, cells: [0.1, 0.2, 0.95, 0.3] },
  };
  const overlay = (timeMs: number, heatmap: boolean) => (
    <Overlay {...{ payloads: [drawn], layers: { faces: true, heatmap }, timeMs, width: 16, height: 9 }} />
  );
  show(overlay(0, false));
  expect(screen.getByRole("img", { name: /: nothing is drawn now$/ })).toBeInTheDocument();
  show(overlay(5_000, true));
  const name = /: Face 2: 75%; Heat map: highest 95%, 25% from the left and 75% from the top$/;
  expect(screen.getByRole("img", { name })).toBeInTheDocument();
});

test("the pointer on a track tells the scores beneath it, a press goes there, and a table has them all", async () => {
  const onSeek = vi.fn();
  const scores = { ...payload, frame_predictions: [frame(0, 0.2), frame(9_000, 0.8)] };
  const { user } = show(<Timeline payloads={[scores]} durationMs={10_000} timeMs={0} onSeek={onSeek} />);
  const track = screen.getByRole("slider");
  track.getBoundingClientRect = () => ({ left: 0, width: 100 }) as DOMRect;
  expect(track).toHaveAttribute("aria-valuetext", "0:00.0 · 20%");
  fireEvent.pointerMove(track, { clientX: 80 });
  expect(screen.getByText("0:09.0 · 80%")).toBeVisible();
  expect(onSeek).not.toHaveBeenCalled();
  fireEvent.pointerDown(track, { clientX: 50 });
  expect(onSeek).toHaveBeenCalledWith(5_000);
  await user.click(screen.getByText("Show the figures as a table"));
  const rows = (await screen.findAllByRole("row")).map(({ textContent }) => textContent);
  expect(rows).toEqual(["TimeProbability", "0:00.020%", "0:09.080%"]);
});

test("the picture of a sound follows the player, says how loud it is there, and leads where it is pressed", async () => {
  const samples = new Float32Array(16_000 * 2).fill(0, 0, 16_000).fill(0.1, 16_000);
  vi.stubGlobal("fetch", async () => new Response(new Uint8Array(1)));
  vi.stubGlobal(
    "OfflineAudioContext",
    class {
      decodeAudioData = async () => ({ getChannelData: () => samples });
    },
  );
  const onSeek = vi.fn();
  show(<SoundPicture mediaId="m1" size={1} timeMs={1_500} durationMs={2_000} onSeek={onSeek} />);
  const picture = screen.getByRole("slider", { name: /0 to 8 kHz/ });
  await expect.poll(() => picture.getAttribute("aria-valuetext")).toBe("0:01.5 · -20 dB");
  picture.getBoundingClientRect = () => ({ left: 0, width: 100 }) as DOMRect;
  fireEvent.pointerDown(picture, { clientX: 25 });
  expect(onSeek).toHaveBeenLastCalledWith(500);
  act(() => picture.focus());
  fireEvent.keyDown(picture, { key: "End" });
  expect(onSeek).toHaveBeenLastCalledWith(2_000);
});

const AT = "2026-01-01T00:00:00Z";
const analysis = {
  ...{ id: "a1", runId: "r1", modelName: "frames", modelVersion: "1", status: "COMPLETED" },
  ...{ mediaType: "video", attempts: 1, prediction: "FAKE", probability: 0.9, createdAt: AT, updatedAt: AT },
} as Analysis;
const model = { name: "frames", title: "Frames", version: "1", quality: "AUC 0.9", limits: ["no cartoons"] };

test("quality and limits of another version are not shown as those of this answer", () => {
  const card = (version: string) =>
    show(
      <ModelCard
        analysis={analysis}
        payload={payload}
        mediaType="video"
        model={{ ...model, version } as Model}
      />,
    );
  const same = card("1");
  expect(same.getByText("AUC 0.9")).toBeVisible();
  expect(same.getByText("no cartoons")).toBeVisible();
  same.unmount();
  const other = card("2");
  expect(other.getByText(/^Version 1 answered. Servers have version 2 now/)).toBeVisible();
  expect(other.queryByText("AUC 0.9")).toBeNull();
  expect(other.queryByText("no cartoons")).toBeNull();
});

test("where several models decide together, the points of one of them are not drawn as those of the verdict", () => {
  const verdict = { prediction: "FAKE", probability: 0.6, decidedBy: "picture", reasons: [], meaning: "" };
  const run = { id: "r1", status: "ANALYZED", verdict, analyses: [] } as unknown as Run;
  const rated = { ...payload, metrics: { ...payload.metrics, real_below: 0.2, fake_at: 0.7 } };
  const one = show(<VerdictCard run={run} payloads={[rated]} />);
  expect(one.getByText(/^Below 20%: no signs. From 70% on/)).toBeVisible();
  one.unmount();
  const two = show(<VerdictCard run={run} payloads={[rated, rated]} />);
  expect(two.queryByText(/^Below 20%/)).toBeNull();
  expect(two.getByText(/^Several models decide together/)).toBeVisible();
});
