import { screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { signedIn } from "@/lib/api/session";
import { answerRequests } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { LivePage } from "./LivePage";

beforeEach(() => signedIn(tokenOf(ada)));

test("what is under way is read on to its end, and then what waits", async () => {
  const PARTS: Record<string, [string, string | null]> = {
    "PROCESSING ": ["one.mp4", "p2"],
    "PROCESSING p2": ["two.mp4", null],
    "QUEUED ": ["three.mp4", "q2"],
    "QUEUED q2": ["four.mp4", null],
  };
  answerRequests({
    "GET /api/v1/media": ({ url }) => {
      const asked = new URL(url).searchParams;
      const status = asked.get("status") ?? "";
      const [filename, nextCursor] = PARTS[`${status} ${asked.get("cursor") ?? ""}`] ?? ["", null];
      return { status: 200, body: { items: [{ id: filename, filename, status }], nextCursor } };
    },
  });
  const { user } = show(<LivePage />);
  const names = () => screen.getAllByRole("heading", { name: /mp4$/ }).map(({ textContent }) => textContent);
  await screen.findByRole("heading", { name: "three.mp4" });
  expect(names()).toEqual(["one.mp4", "three.mp4"]);
  await user.click(screen.getByRole("button", { name: "Show more" }));
  await expect.poll(names).toEqual(["one.mp4", "two.mp4", "three.mp4"]);
  await user.click(screen.getByRole("button", { name: "Show more" }));
  await expect.poll(names).toEqual(["one.mp4", "two.mp4", "three.mp4", "four.mp4"]);
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
});
