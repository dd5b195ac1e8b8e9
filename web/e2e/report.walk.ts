/** The report of a run as a page that a person keeps, opened without any server. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { accessible, expect, judged, shots, signIn, test } from "./walk";

test("what is kept can be opened years later: verdict, player and evidence, and nothing is loaded", async ({
  page,
  browser,
  server,
}) => {
  const ada = await server.signUp("Ada");
  await signIn(page, ada);
  await judged(page, await server.upload(ada, "samples/portrait.mp4"));
  const kept: Record<string, string> = {};
  for (const [name, suffix] of [
    ["Original file", ""],
    ["Report as JSON", ".json"],
    ["Report as a page (HTML)", ".html"],
  ] as const) {
    await page.getByRole("button", { name: "Download" }).click();
    const coming = page.waitForEvent("download");
    await page.getByRole("menuitem", { name }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe(`portrait.mp4${suffix}`);
    kept[suffix] = join(server.home, `kept${suffix}`);
    await download.saveAs(kept[suffix]);
  }
  const alone = await browser.newContext();
  const report = await alone.newPage();
  const asked: string[] = [];
  report.on("request", (request) => asked.push(request.url()));
  await report.goto(pathToFileURL(kept[".html"] ?? "").href);
  await expect(report.getByRole("heading", { level: 1, name: "portrait.mp4" })).toBeVisible();
  await expect(report.getByText("What it does not mean")).toBeVisible();
  await expect
    .poll(() => report.locator("video").evaluate((video: HTMLVideoElement) => video.duration))
    .toBeGreaterThan(7);
  // Frames that lead to their time.
  const frames = report.getByRole("list", { name: "Frames that were looked at" });
  await expect.poll(() => frames.getByRole("button").count()).toBeGreaterThan(4);
  const small = frames.locator("img").first();
  expect(await small.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
  await frames.getByRole("button").last().click();
  await expect
    .poll(() => report.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime))
    .toBeGreaterThan(4);
  await accessible(report);
  await shots(report, "report");
  expect(asked.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
  await alone.close();
});
