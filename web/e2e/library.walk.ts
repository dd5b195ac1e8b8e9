import type { Page } from "@playwright/test";
import { accessible, expect, shots, signIn, test, testdata } from "./walk";

const THREE = ["samples/rocket.jpg", "samples/portrait.mp4", "samples/machine-voice.wav"].map(testdata);

const input = (page: Page) => page.getByLabel("Choose files").and(page.locator("input"));
const rows = (page: Page) => page.getByRole("list", { name: "Files" }).getByRole("listitem");

test("picture, video and sound are judged, found, kept from others and deleted", async ({ page, server }) => {
  await signIn(page, await server.signUp("Ada"));
  await expect(page.getByText("No files yet")).toBeVisible();
  await accessible(page);
  await shots(page, "library-empty");

  await input(page).setInputFiles(THREE);
  await expect(rows(page)).toHaveCount(3);
  // In the middle of it: what the server knows is shown again.
  await page.reload();
  await expect(rows(page)).toHaveCount(3);
  await shots(page, "library-running");
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

  await page.getByLabel("Choose machine-voice.wav").check();
  await page.getByRole("button", { name: "Delete 1 file" }).click();
  await accessible(page);
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete 1 file" }).click();
  await expect(rows(page)).toHaveCount(2);

  await page.getByRole("button", { name: /Account, theme/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await signIn(page, await server.signUp("Bob"));
  await expect(page.getByText("No files yet")).toBeVisible();
});
