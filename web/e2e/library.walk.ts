import { copyFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Page } from "@playwright/test";
import { accessible, expect, judge, judging, shots, signIn, test, testdata } from "./walk";

test.use({ apart: true });

const THREE = ["samples/rocket.jpg", "samples/portrait.mp4", "samples/machine-voice.wav"].map(testdata);

const rows = (page: Page) => page.getByRole("list", { name: "Files" }).getByRole("listitem");

test("picture, video and sound are judged, found, kept from others and deleted", async ({ page, server }) => {
  const ada = await server.signUp("Ada");
  await signIn(page, ada);
  await expect(page.getByText("No files yet")).toBeVisible();
  await accessible(page);
  await shots(page, "library-empty");

  await judging(server);
  judge(server).pause();
  const folder = join(server.home, "holiday");
  await mkdir(join(folder, "day 2"), { recursive: true });
  for (const [n, file] of THREE.entries())
    await copyFile(file, join(folder, n === 0 ? "." : "day 2", basename(file)));
  await page.getByLabel("Choose a folder").and(page.locator("input")).setInputFiles(folder);
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).getByText("Under way").first()).toBeVisible();
  // In the middle of it: what the server knows is shown again.
  await page.reload();
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).getByText("Under way").first()).toBeVisible();
  await shots(page, "library-running");
  judge(server).resume();
  await expect(rows(page).getByText(/^(Done|Partly done)$/)).toHaveCount(3, { timeout: 90_000 });
  await expect(rows(page).locator("img")).toHaveCount(2);
  await accessible(page);
  await shots(page, "library");

  await page.getByRole("searchbox").fill("rocket");
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/q=rocket/);
  await page.getByRole("searchbox").fill("no such name");
  await expect(page.getByText("No file fits")).toBeVisible();
  await page.getByRole("button", { name: "Clear search and filters" }).click();
  await expect(rows(page)).toHaveCount(3);

  await page.getByLabel("Kind", { exact: true }).selectOption("Video");
  await expect(rows(page)).toHaveCount(1);
  await page.getByLabel("Status", { exact: true }).selectOption("Failed");
  await expect(page.getByText("No file fits")).toBeVisible();
  await page.getByRole("button", { name: "Clear search and filters" }).click();
  await expect(rows(page)).toHaveCount(3);
  const { items } = (await (await server.ask(ada, "/media")).json()) as { items: Record<string, string>[] };
  for (const [filter, key] of [
    ["Status", "status"],
    ["Verdict", "verdict"],
  ] as const) {
    for (const value of new Set(items.map((one) => one[key] ?? ""))) {
      await page.getByLabel(filter, { exact: true }).selectOption(value);
      await expect(page).toHaveURL(new RegExp(`${key}=${value}`));
      await expect(rows(page)).toHaveCount(items.filter((one) => one[key] === value).length);
    }
    await page.getByLabel(filter, { exact: true }).selectOption("");
    await expect(rows(page)).toHaveCount(3);
  }

  judge(server).pause();
  await page.getByLabel("Choose rocket.jpg").check();
  await page.getByRole("button", { name: "Judge again" }).click();
  await expect(page.getByText("1 file is judged again.").first()).toBeVisible();
  await expect(
    rows(page)
      .getByText(/^(Waiting|Under way)$/)
      .first(),
  ).toBeVisible();
  await page.getByRole("link", { name: "rocket.jpg" }).first().click();
  await expect(page.getByRole("link", { name: /^Run 2/ })).toBeVisible();
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await expect(page.getByText("This run was cancelled.")).toBeVisible();
  judge(server).resume();
  await page.goto("/");

  await page.getByLabel("Choose machine-voice.wav").check();
  await page.getByRole("button", { name: "Delete 1 file" }).click();
  await accessible(page);
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete 1 file" }).click();
  await expect(rows(page)).toHaveCount(2);

  await page.getByRole("button", { name: /Account, theme/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await signIn(page, await server.signUp("Bob"));
  await expect(page.getByText("No files yet")).toBeVisible();
});
