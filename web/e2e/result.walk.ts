/** The result of a picture, a video and a sound, as a person reads, replays, repeats, compares and deletes it. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Page } from "@playwright/test";
import { accessible, expect, type Person, type Server, shots, signIn, test, testdata } from "./walk";

test.use({ expectedErrors: [/status of 404/] });

async function upload(server: Server, person: Person, sample: string): Promise<string> {
  const headers = { authorization: `Bearer ${await server.token(person)}` };
  const form = new FormData();
  form.set("media", new Blob([new Uint8Array(await readFile(testdata(sample)))]), basename(sample));
  const response = await fetch(`${server.url}/api/v1/media`, { method: "POST", headers, body: form });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  return id;
}

async function judged(page: Page, id: string): Promise<void> {
  await page.goto(`/media/${id}`);
  await expect(page.getByRole("button", { name: "Cancel the run" })).toHaveCount(0, { timeout: 60_000 });
  await expect(page.getByRole("heading", { name: "What this does not mean" })).toBeVisible();
}

test("a result is seen, replayed, repeated, compared and deleted, by its owner only", async ({
  page,
  server,
  browser,
}) => {
  const ada = await server.signUp("Ada");
  const bob = await server.signUp("Bob");
  const picture = await upload(server, ada, "samples/rocket.jpg");
  const video = await upload(server, ada, "samples/portrait.mp4");
  const sound = await upload(server, ada, "samples/reading.ogg");
  await signIn(page, ada);

  await judged(page, picture);
  await expect(page.getByRole("img", { name: "rocket.jpg" })).toBeVisible();
  await page.getByRole("button", { name: "Enlarge" }).click();
  await page.getByRole("button", { name: "Whole picture" }).click();
  await accessible(page);
  await shots(page, "result-picture");

  await judged(page, sound);
  await expect(page.locator('canvas[data-state="done"]')).toBeVisible();
  await accessible(page);
  await shots(page, "result-sound");

  await judged(page, video);
  const player = page.locator("video");
  await player.evaluate((element: HTMLVideoElement) => {
    element.muted = true;
    return element.play();
  });
  await page.getByRole("slider").first().press("End");
  const time = () => player.evaluate((element: HTMLVideoElement) => element.currentTime);
  await expect.poll(time).toBeGreaterThan(0.5);
  await accessible(page);
  await shots(page, "result-video");

  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByRole("link", { name: /^Run 2/ })).toBeVisible();
  await page.getByRole("link", { name: "Compare two runs" }).click();
  await expect(page.getByText("Both runs say the same of the file.")).toBeVisible({ timeout: 60_000 });
  await accessible(page);
  await shots(page, "compare");

  const others = await browser.newContext({ baseURL: server.url });
  const otherPage = await others.newPage();
  await signIn(otherPage, bob);
  await otherPage.goto(`/media/${video}`);
  await expect(otherPage.getByText("This file was not found")).toBeVisible();
  await others.close();

  await page.getByRole("link", { name: "Back to the result" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  await page.goto(`/media/${video}`);
  await expect(page.getByText("This file was not found")).toBeVisible();
});
