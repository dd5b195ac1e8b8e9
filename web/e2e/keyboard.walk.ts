/** A person without a mouse: from the sign-in to the evidence and back. */
import type { Page } from "@playwright/test";
import { expect, film, test } from "./walk";

/** Tabs on until what has the focus is called so; fails when it went all the way round. */
async function tabTo(page: Page, name: RegExp | string): Promise<void> {
  const wanted = page.getByRole("main").or(page.locator("body")).locator("*:focus");
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press("Tab");
    const called = await page.evaluate(() => {
      const element = document.activeElement;
      const label = element?.getAttribute("aria-label") ?? element?.textContent ?? "";
      const by = (element as HTMLInputElement | null)?.labels?.[0]?.textContent ?? "";
      return (label || by).trim();
    });
    if (typeof name === "string" ? called === name : name.test(called)) {
      await expect(wanted.first()).toBeInViewport();
      return;
    }
  }
  throw new Error(`nothing called ${name} can be reached by Tab`);
}

test("everything is reached and done by keyboard", async ({ page, server }) => {
  const ada = await server.signUp("Ada");
  // As in browsers without a dialog of their own for pages, which this one would open outside of the page.
  await page.addInitScript(() => Reflect.deleteProperty(window, "showOpenFilePicker"));
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").focus();
  await page.keyboard.type(ada.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(ada.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();

  await page.reload();
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  await tabTo(page, /^Choose files/);
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(film(server));
  await expect(page.getByRole("link", { name: "portrait.mp4" }).first()).toBeVisible();
  await tabTo(page, "portrait.mp4");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "portrait.mp4" })).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();
  await expect(page.getByRole("heading", { name: "What this does not mean" })).toBeVisible({
    timeout: 60_000,
  });

  const track = page.getByRole("slider", { name: /probability over time/ }).first();
  await expect(track).toBeVisible();
  await tabTo(page, /probability over time/);
  await page.keyboard.press("ArrowRight");
  await expect(track).toHaveAttribute("aria-valuenow", "1000");
  await page.keyboard.press("End");
  await expect(track).toHaveAttribute("aria-valuetext", /0:0\d\.\d · \d/);

  await page.keyboard.press("Shift+Tab");
  await page.getByRole("button", { name: "Run again" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  // Within the dialog the focus goes round, and Escape gives it back.
  for (let n = 0; n < 10; n++) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null)).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Run again" })).toBeFocused();

  await page.getByRole("button", { name: /Account, theme/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Account" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitemradio", { name: "System" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /Account, theme/ })).toBeFocused();
});
