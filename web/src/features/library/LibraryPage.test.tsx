import { screen, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { Media } from "@/lib/api/queries";
import { signedIn } from "@/lib/api/session";
import { answerRequests, problem } from "@/testing/answers";
import { ada, tokenOf } from "@/testing/people";
import { show } from "@/testing/render";
import { LibraryPage } from "./LibraryPage";
import { uploads } from "./uploads";

const row = (id: string, filename: string): Media =>
  ({
    id,
    filename,
    mediaType: "audio",
    size: 1024,
    status: "ANALYZED",
    verdict: "REAL",
    createdAt: "2026-01-01T00:00:00Z",
  }) as Media;

const LIST = "GET /api/v1/media";
const listOf =
  (...items: Media[]) =>
  () => ({ status: 200, body: { items, nextCursor: null } });

beforeEach(() => {
  signedIn(tokenOf(ada));
  uploads.set([]);
});

test("a file whose content is no picture, video or sound is refused before it is sent", async () => {
  const requests = answerRequests({ [LIST]: listOf() });
  const { user } = show(<LibraryPage />);
  const text = new File(["only words"], "holiday.jpg", { type: "image/jpeg" });
  await user.upload(screen.getByLabelText("Choose files", { selector: "input" }), text);
  expect(await screen.findByText("This is no picture, sound or video that can be judged.")).toBeVisible();
  expect(requests.some(({ method }) => method === "POST")).toBe(false);
});

test("a filter stands in the address of the request, and is taken from that of the page", async () => {
  const requests = answerRequests({ [LIST]: listOf() });
  const { user } = show(<LibraryPage />, "/?kind=video&verdict=nonsense");
  expect(await screen.findByText("No file fits")).toBeVisible();
  expect(screen.getByLabelText("Kind")).toHaveValue("video");
  await user.selectOptions(screen.getByLabelText("Order"), "Largest first");
  const asked = () => requests.filter(({ url }) => url.includes("/media")).at(-1)?.url;
  await expect.poll(asked).toMatch(/\?mediaType=video&sort=largest&limit=50$/);
});

test("nothing is deleted before it was asked and answered", async () => {
  const requests = answerRequests({
    [LIST]: listOf(row("a", "one.wav"), row("b", "two.wav")),
    "DELETE /api/v1/media/a": () => ({ status: 204 }),
  });
  const { user } = show(<LibraryPage />);
  await user.click(await screen.findByLabelText("Choose one.wav"));
  await user.click(screen.getByRole("button", { name: "Delete 1 file" }));
  const dialog = await screen.findByRole("alertdialog");
  const deleted = () => requests.filter(({ method }) => method === "DELETE").map(({ url }) => url.slice(-2));
  expect(deleted()).toEqual([]);
  await user.click(within(dialog).getByRole("button", { name: "Delete 1 file" }));
  await expect.poll(deleted).toEqual(["/a"]);
});

test("deleted files go at once, and one that is refused comes back and stays chosen", async () => {
  let answerNow: () => void = () => undefined;
  const held = new Promise<void>((open) => {
    answerNow = open;
  });
  answerRequests({
    [LIST]: listOf(row("a", "one.wav")),
    "DELETE /api/v1/media/a": async () => {
      await held;
      return problem(503, "unavailable");
    },
  });
  const { user } = show(<LibraryPage />);
  await user.click(await screen.findByLabelText("Choose one.wav"));
  await user.click(screen.getByRole("button", { name: "Delete 1 file" }));
  const dialog = await screen.findByRole("alertdialog");
  await user.click(within(dialog).getByRole("button", { name: "Delete 1 file" }));
  await expect.poll(() => screen.queryByLabelText("Choose one.wav")).toBeNull();
  answerNow();
  expect(await screen.findByLabelText("Choose one.wav")).toBeChecked();
});

test("a file that is judged again waits at once, and is as before when that is refused", async () => {
  let answerNow: () => void = () => undefined;
  const held = new Promise<void>((open) => {
    answerNow = open;
  });
  answerRequests({
    [LIST]: listOf(row("a", "one.wav")),
    "POST /api/v1/media/a/analyze": async () => {
      await held;
      return problem(503, "unavailable");
    },
  });
  const { user } = show(<LibraryPage />);
  const list = async () => within(await screen.findByRole("list", { name: "Files" }));
  await user.click(await screen.findByLabelText("Choose one.wav"));
  expect((await list()).queryByText("Waiting")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Judge again" }));
  expect(await (await list()).findByText("Waiting")).toBeVisible();
  answerNow();
  await expect.poll(async () => (await list()).queryByText("Waiting")).toBeNull();
});

test("markup in the name of a file is shown as text", async () => {
  answerRequests({ [LIST]: listOf(row("a", "<img src=x onerror=alert(1)>.wav")) });
  const { container } = show(<LibraryPage />);
  expect(await screen.findByRole("link", { name: "<img src=x onerror=alert(1)>.wav" })).toBeVisible();
  expect(container.querySelector("img")).toBeNull();
});

test("a list that cannot be read says so and can be asked for again", async () => {
  answerRequests({});
  show(<LibraryPage />);
  expect(await screen.findByRole("button", { name: "Try again" })).toBeVisible();
});
