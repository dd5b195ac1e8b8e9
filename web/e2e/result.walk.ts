/** The result of a picture, a video and a sound, as a person reads, replays, repeats, compares and deletes it. */
import { accessible, expect, judged, shots, signIn, test } from "./walk";

test.use({ expectedErrors: /status of 404/ });
// Three files and a second run are judged.
test.setTimeout(360_000);

test("a result is seen, replayed, repeated, compared and deleted, by its owner only", async ({
  page,
  server,
  browser,
}) => {
  const ada = await server.signUp("Ada");
  const bob = await server.signUp("Bob");
  const picture = await server.upload(ada, "samples/rocket.jpg");
  const video = await server.upload(ada, "samples/portrait.mp4");
  const sound = await server.upload(ada, "samples/reading.ogg");
  await signIn(page, ada);

  await judged(page, picture);
  await expect(page.getByRole("img", { name: "rocket.jpg" })).toBeVisible();
  const frame = page.getByRole("application", { name: /^The picture/ });
  const zoom = () =>
    frame
      .locator("div")
      .first()
      .evaluate((div) => new DOMMatrix(div.style.transform).a);
  const moved = () =>
    frame
      .locator("div")
      .first()
      .evaluate((div) => new DOMMatrix(div.style.transform).e);
  await frame.hover();
  await page.mouse.wheel(0, -100);
  await expect.poll(zoom).toBeCloseTo(1.15);
  await page.mouse.down();
  const { x, y, width, height } = (await frame.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + width / 2 + 40, y + height / 2);
  await page.mouse.up();
  await expect.poll(moved).toBeCloseTo(40, 0);
  await page.getByRole("button", { name: "Enlarge" }).click();
  await expect.poll(zoom).toBeCloseTo(1.725);
  await page.getByRole("button", { name: "Whole picture" }).click();
  await expect.poll(zoom).toBe(1);
  await accessible(page);
  await shots(page, "result-picture");

  await judged(page, sound);
  await expect(page.locator('canvas[data-state="done"]')).toBeVisible();
  const heard = page.locator("audio");
  const at = () => heard.evaluate(({ currentTime, duration }: HTMLAudioElement) => currentTime / duration);
  await expect.poll(at).toBe(0);
  await page.getByRole("slider", { name: /0 to 8 kHz/ }).click();
  await expect.poll(at).toBeCloseTo(0.5, 1);
  await accessible(page);
  await shots(page, "result-sound");

  await judged(page, video);
  const player = page.locator("video");
  const time = () => player.evaluate((element: HTMLVideoElement) => element.currentTime);
  const track = page.getByRole("slider", { name: /probability over time/ }).first();
  await expect.poll(time).toBe(0);
  await track.press("End");
  await expect.poll(time).toBeGreaterThan(6.9);
  await track.press("Home");
  await expect.poll(time).toBe(0);
  // While it plays, what stands beside it goes along.
  await player.evaluate((element: HTMLVideoElement) => {
    element.muted = true;
    return element.play();
  });
  await expect.poll(async () => Number(await track.getAttribute("aria-valuenow"))).toBeGreaterThan(300);
  await player.evaluate((element: HTMLVideoElement) => element.pause());
  await accessible(page);
  await shots(page, "result-video");

  // The picture takes the least time to be judged once more.
  await judged(page, picture);
  await page.getByRole("button", { name: "Run again" }).click();
  await accessible(page);
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByRole("link", { name: "Run 2 (shown)" })).toBeVisible();
  await page.getByRole("link", { name: "Run 1", exact: true }).click();
  await expect(page).toHaveURL(/\?run=/);
  await page.reload();
  await expect(page.getByRole("link", { name: "Run 1 (shown)" })).toBeVisible();
  await page.getByRole("link", { name: "Compare two runs" }).click();
  await expect(page.getByText("Both runs say the same of the file.")).toBeVisible({ timeout: 60_000 });
  await accessible(page);
  await shots(page, "compare");

  const others = await browser.newContext({ baseURL: server.url });
  const otherPage = await others.newPage();
  await signIn(otherPage, bob);
  await otherPage.goto(`/media/${picture}`);
  await expect(otherPage.getByText("This file was not found")).toBeVisible();
  await others.close();

  await page.getByRole("link", { name: "Back to the result" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await accessible(page);
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  await page.goto(`/media/${picture}`);
  await expect(page.getByText("This file was not found")).toBeVisible();
});
