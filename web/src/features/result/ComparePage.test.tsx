import { screen, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { beforeEach, expect, test } from "vitest";
import type { MediaDetail, Run } from "@/lib/api/queries";
import { signedIn } from "@/lib/api/session";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { ComparePage } from "./ComparePage";

beforeEach(() => signedIn(tokenOf(ada)));

const AT = "2026-01-01T00:00:00Z";

function runOf(runNumber: number, prediction: "FAKE" | "REAL", probability: number, models: string[]): Run {
  return {
    ...{ id: `r${runNumber}`, mediaId: "m1", runNumber, status: "ANALYZED", requestedModels: [] },
    ...{
      priority: "interactive",
      createdAt: AT,
      verdict: { prediction, reasons: [], meaning: "", probability },
    },
    analyses: models.map((modelName) => ({
      ...{
        id: `${runNumber} ${modelName}`,
        runId: `r${runNumber}`,
        modelName,
        mediaType: "image",
        attempts: 1,
      },
      ...{ status: "COMPLETED", prediction, probability, createdAt: AT, updatedAt: AT },
    })),
  } as Run;
}

function open(runs: Run[]) {
  const medium = { id: "m1", filename: "a.png", mediaType: "image", runs } as unknown as MediaDetail;
  answerRequests({
    "GET /api/v1/media/m1": () => ({ status: 200, body: medium }),
    "GET /api/v1/models": () => ({
      status: 200,
      body: { items: [{ name: "net", title: "Generated picture" }] },
    }),
  });
  const page = (
    <Routes>
      <Route path="/media/:id/compare" element={<ComparePage />} />
    </Routes>
  );
  return show(page, "/media/m1/compare");
}

test("two runs that differ say so, with what changed by model", async () => {
  const { user } = open([runOf(2, "FAKE", 0.9, ["net"]), runOf(1, "REAL", 0.2, ["net", "old"])]);
  expect(await screen.findByText("The two runs differ in their verdict.")).toBeVisible();
  const row = await screen.findByRole("row", { name: /Generated picture/ });
  expect(within(row).getByText("+70%")).toBeVisible();
  expect(screen.getByRole("row", { name: /^old/ })).toHaveTextContent("not asked");
  // The earlier one stands on the left, until another is chosen.
  expect(screen.getByLabelText("First run")).toHaveValue("r1");
  await user.selectOptions(screen.getByLabelText("First run"), "r2");
  expect(await screen.findByText("Both runs say the same of the file.")).toBeVisible();
});

test("a file with one run says how to get another", async () => {
  open([runOf(1, "REAL", 0.2, ["net"])]);
  expect(await screen.findByText("There is only one run. Run the analysis again to compare.")).toBeVisible();
});
