/** Nobody sees anything of somebody else's, and nothing that a file says becomes markup. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { accessible, expect, film, judged, online, shots, signIn, test } from "./walk";

test.use({ expectedErrors: /status of 404/ });

/** Everything that comes over live connections of a page. */
function overheard(page: Page): string[] {
  const frames: string[] = [];
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => frames.push(payload.toString())),
  );
  return frames;
}

test("the second user sees nothing of the first one's: no list, no address, no content, no live event", async ({
  page,
  browser,
  server,
}) => {
  const ada = await server.signUp("Ada");
  const bob = await server.signUp("Bob");
  const others = await browser.newContext({ baseURL: server.url });
  const bobs = await others.newPage();
  const [adasFrames, bobsFrames] = [overheard(page), overheard(bobs)];
  for (const [tab, person] of [
    [page, ada],
    [bobs, bob],
  ] as const) {
    await signIn(tab, person);
    await expect(online(tab)).toBeVisible();
  }
  const id = await server.upload(ada, "samples/machine-voice.wav");
  await expect.poll(() => adasFrames.join("\n")).toContain(id);
  await judged(page, id);

  await expect(bobs.getByText("No files yet")).toBeVisible();
  await bobs.reload();
  await expect(bobs.getByText("No files yet")).toBeVisible();
  await bobs.goto("/live");
  await expect(bobs.getByText("Nothing is being judged")).toBeVisible();
  for (const address of [`/media/${id}`, `/media/${id}/compare`]) {
    await bobs.goto(address);
    await expect(bobs.getByText("This file was not found")).toBeVisible();
  }
  await accessible(bobs);
  await shots(bobs, "result-not-found");

  const medium = (await (await server.ask(ada, `/media/${id}`)).json()) as {
    latestAnalysisRunId: string;
    runs: { analyses: { id: string }[] }[];
  };
  const run = `/runs/${medium.latestAnalysisRunId}`;
  const analysis = medium.runs[0]?.analyses[0]?.id;
  const parts = ["", "/content", "/thumbnail", "/link"].map((part) => `/media/${id}${part}`);
  for (const path of [...parts, run, `${run}/report`, `${run}/report?format=html`, `/analyses/${analysis}`]) {
    expect((await server.ask(bob, path)).status, path).toBe(404);
  }
  // An address for players is good for what it names, and for nothing else.
  const { url } = (await (await server.ask(ada, `/media/${id}/link`)).json()) as { url: string };
  expect((await fetch(server.url + url)).status).toBe(200);
  await expect(online(bobs)).toBeVisible();
  const bobsOwn = await server.upload(bob, "samples/rocket.jpg");
  expect((await fetch(server.url + url.replace(id, bobsOwn))).status).toBe(401);
  // What Bob's page has heard by now is what was sent before, and his own.
  await expect.poll(() => bobsFrames.join("\n")).toContain(bobsOwn);
  expect(bobsFrames.join("\n")).not.toContain(id);
  expect(bobsFrames.join("\n")).not.toContain("machine-voice");
  await others.close();
});

const HOSTILE = "<img src=x onerror=alert(1)>'&.mp4";

test("markup in names, descriptions and metadata is text on every page, and in the report", async ({
  page,
  server,
}) => {
  const eve = await server.signUp("Eve", "<script>alert(2)</script>");
  // As ComfyUI writes, so that it is shown.
  const prompt = JSON.stringify({ "3": { class_type: "KSampler", inputs: { seed: 1, steps: 20 } } });
  const said = {
    "<script>alert(3)</script>": "",
    prompt,
    workflow: { nodes: [{ id: 3, type: "KSampler" }] },
  };
  let alerts = 0;
  page.on("dialog", (dialog) => {
    alerts++;
    void dialog.dismiss();
  });
  await signIn(page, eve);
  const input = page.getByLabel("Choose files").and(page.locator("input"));
  await input.setInputFiles({
    name: HOSTILE,
    mimeType: "video/mp4",
    buffer: await readFile(film(server, `comment=${JSON.stringify(said)}`)),
  });
  const link = page.getByRole("list", { name: "Files" }).getByRole("link", { name: HOSTILE });
  await expect(link).toBeVisible();
  await page.goto("/live");
  await page.goto("/");
  await link.click();
  await expect(page.getByRole("heading", { level: 1, name: HOSTILE })).toBeVisible();
  await expect(page.getByRole("heading", { name: "What this does not mean" })).toBeVisible({
    timeout: 60_000,
  });
  await expect(page.getByText("<script>alert(3)</script>")).toBeVisible();
  await page.getByRole("button", { name: "Edit the description" }).click();
  await accessible(page);
  await page.getByRole("dialog").getByLabel("Description").fill("<svg onload=alert(4)>");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("<svg onload=alert(4)>")).toBeVisible();
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("link", { name: "Compare two runs" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare two runs" })).toBeVisible();
  await expect(page.getByText(HOSTILE)).toBeVisible();
  await page.goto("/account");
  await expect(page.getByText("Eve <script>alert(2)</script>")).toBeVisible();
  const markup = page.locator('img[src="x"], main svg[onload], script:not([src])');
  await expect(markup).toHaveCount(0);

  await page.goBack();
  await page.getByRole("link", { name: "Back to the result" }).click();
  await expect(page.getByRole("heading", { name: "What this does not mean" })).toBeVisible({
    timeout: 60_000,
  });
  await page.getByRole("button", { name: "Download" }).click();
  const coming = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Report as a page (HTML)" }).click();
  const kept = join(server.home, "report.html");
  await (await coming).saveAs(kept);
  const report = await readFile(kept, "utf8");
  expect(report).toContain("&lt;img src=x onerror=alert(1)&gt;");
  expect(report).not.toContain("<img src=x");
  expect(report).toContain("&lt;script&gt;alert(3)&lt;/script&gt;");
  expect(report).not.toContain("<script>alert");
  expect(alerts).toBe(0);
});
