import { screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { signedIn } from "@/lib/api/session";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { HelpPage } from "./HelpPage";

beforeEach(() => signedIn(tokenOf(ada)));

test("what models say of themselves is marked as English on pages in other languages too", async () => {
  const model = {
    ...{ name: "voices", version: "1", title: "Machine-made voices", kinds: ["audio"], weight: "weak" },
    ...{ quality: "Right in 9 of 10 recordings.", limits: ["Hears no song."] },
  };
  answerRequests({ "GET /api/v1/models": () => ({ status: 200, body: { items: [model] } }) });
  show(<HelpPage />);
  for (const text of [model.title, model.quality, ...model.limits])
    expect((await screen.findByText(text)).closest("[lang]")).toHaveAttribute("lang", "en");
});

test("which metadata is shown, which never, and why, is said", () => {
  answerRequests({});
  show(<HelpPage />);
  expect(screen.getByText(/Coordinates and serial numbers are never shown/)).toBeVisible();
});
