import { act, screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { MediaDetail } from "@/lib/api/queries";
import { signedIn } from "@/lib/api/session";
import { runningQuery } from "@/lib/live/cache";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { LivePage } from "./LivePage";

beforeEach(() => signedIn(tokenOf(ada)));

const AT = "2026-01-01T00:00:00Z";
const MEDIUM: MediaDetail = {
  ...{ id: "m1", filename: "<i>clip</i>.mp4", mediaType: "video", mimetype: "video/mp4", size: 1 },
  ...{ sha256: "ab", hasAudio: false, url: "", publicId: "p", status: "PROCESSING", createdAt: AT },
  ...{ updatedAt: AT, latestAnalysisRunId: "r1", metadata: { format: "mp4" } },
  runs: [
    {
      ...{ id: "r1", mediaId: "m1", runNumber: 1, status: "PROCESSING", requestedModels: [] },
      ...{ priority: "interactive", createdAt: AT },
      analyses: [
        {
          ...{ id: "a1", runId: "r1", modelName: "faces", status: "PROCESSING", mediaType: "video" },
          ...{ attempts: 1, createdAt: AT, updatedAt: AT },
          progress: { phase: "frames", progress: 12, total: 200 },
        },
      ],
    },
  ],
} as MediaDetail;

function open(status: string) {
  const list = (request: Request) => {
    const asked = new URL(request.url).searchParams.get("status");
    return { status: 200, body: { items: asked === status ? [MEDIUM] : [], nextCursor: null } };
  };
  answerRequests({
    "GET /api/v1/media": list,
    "GET /api/v1/media/m1": () => ({ status: 200, body: MEDIUM }),
    "GET /api/v1/models": () => ({ status: 200, body: { items: [{ name: "faces", title: "Face swaps" }] } }),
  });
  return show(<LivePage />);
}

test("a running file says what each model does, how far it is, and how fast", async () => {
  const { client } = open("PROCESSING");
  const card = (await screen.findByText("<i>clip</i>.mp4")).closest("li") as HTMLElement;
  expect(await within(card).findByText("Face swaps")).toBeVisible();
  // What the rows know stands there until something is heard.
  const bar = within(card).getByRole("progressbar", { name: "Face swaps" });
  expect(bar).toHaveAttribute("aria-valuetext", "Frames · 12 of 200 · 6%");
  const heard = { phase: "frames", done: 50, total: 200, rate: 7.5, heardAt: 0 };
  act(() => client.setQueryData(runningQuery.queryKey, { r1: { mediaId: "m1", models: { faces: heard } } }));
  expect(await within(card).findByText("Frames · 50 of 200 · 25% · 7.5 per second")).toBeVisible();
});

test("where nothing runs it says so, and leads to the library", async () => {
  open("FAILED");
  expect(await screen.findByText("Nothing is being judged")).toBeVisible();
  expect(screen.getByRole("link", { name: "Go to the library" })).toHaveAttribute("href", "/");
});
