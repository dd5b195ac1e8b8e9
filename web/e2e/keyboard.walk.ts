/** A person without a mouse: from the sign-in to the evidence and back. */
import type { Page } from "@playwright/test";
import { expect, film, test } from "./walk";

/** Tabs on, or back, until what has the focus is called so; fails when it went all the way round. */
async function tabTo(page: Page, name: RegExp | string, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const wanted = page.getByRole("main").or(page.locator("body")).locator("*:focus");
  const isIt = (called: string) => (typeof name === "string" ? called === name : name.test(called));
  // Before it is there, Tab would go round without it.
  await expect
    .poll(async () => (await page.evaluate(names, false)).some(isIt), `${name} is there`)
    .toBe(true);
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press(key);
    if ((await page.evaluate(names, true)).some(isIt)) {
      await expect(wanted.first()).toBeInViewport();
      return;
    }
  }
  throw new Error(`nothing called ${name} can be reached by Tab`);
}

/** What those elements are called that Tab can reach, or only the one with the focus. Runs in the page. */
function names(isFocused: boolean): string[] {
  const reachable =
    'a[href], button:enabled, input:enabled:not([hidden]), select:enabled, textarea:enabled, summary, [tabindex="0"]';
  const all = isFocused ? [document.activeElement] : [...document.querySelectorAll(reachable)];
  return all.map((element) => {
    const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent;
    return (element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "").trim();
  });
}

test("everything is reached and done by keyboard", async ({ page, server }) => {
  const ada = await server.signUp("Ada");
  // As in browsers without a dialog of their own for pages, which this one would open outside of the page.
  await page.addInitScript(() => Reflect.deleteProperty(window, "showOpenFilePicker"));
  await page.goto("/sign-in");
  await tabTo(page, "E-mail address");
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

  await tabTo(page, "Run again", "Shift+Tab");
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

  await tabTo(page, /^Account, theme/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Account" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitemradio", { name: "System" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /Account, theme/ })).toBeFocused();
});

test("files are chosen and deleted, a result is read, compared and kept, and a key is made, without a mouse", async ({
  page,
  server,
}) => {
  const bob = await server.signUp("Bob");
  const sound = await server.upload(bob, "samples/machine-voice.wav");
  await server.upload(bob, "samples/rocket.jpg");
  await server.upload(bob, "samples/coffee.webp");
  await page.goto("/sign-in");
  await tabTo(page, "E-mail address");
  await page.keyboard.type(bob.email);
  await tabTo(page, "Password");
  await page.keyboard.type(bob.password);
  await page.keyboard.press("Enter");
  const rows = page.getByRole("list", { name: "Files" }).getByRole("listitem");
  await expect(rows.getByText(/^(Done|Partly done)$/)).toHaveCount(3, { timeout: 60_000 });

  await tabTo(page, "Choose coffee.webp");
  await page.keyboard.press("Space");
  await tabTo(page, "Delete 1 file", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alertdialog")).toBeVisible();
  await tabTo(page, "Delete 1 file");
  await page.keyboard.press("Enter");
  await expect(rows).toHaveCount(2);

  await tabTo(page, "rocket.jpg");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "What this does not mean" })).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();
  const shown = page.getByRole("application").locator("div").first();
  const zoom = () => shown.evaluate((div) => new DOMMatrix(div.style.transform).a);
  await tabTo(page, /^The picture/);
  await page.keyboard.press("+");
  await expect.poll(zoom).toBeCloseTo(1.25);
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => shown.evaluate((div) => new DOMMatrix(div.style.transform).e)).toBe(60);
  await page.keyboard.press("0");
  await expect.poll(zoom).toBe(1);

  await tabTo(page, "Download", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Original file" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Report as a page (HTML)" })).toBeFocused();
  const coming = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  expect((await coming).suggestedFilename()).toBe("rocket.jpg.html");

  await tabTo(page, "Run again", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await tabTo(page, "Start");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Run 2 (shown)" })).toBeVisible();
  // What comes in while it is judged moves what has the focus.
  await expect(page.getByRole("heading", { name: "What this does not mean" })).toBeVisible({
    timeout: 60_000,
  });
  await tabTo(page, "Compare two runs");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Compare two runs" })).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();
  await tabTo(page, "First run");
  await page.keyboard.press("ArrowUp");
  await expect(page).toHaveURL(/[?&]a=/);

  await page.goto(`/media/${sound}`);
  const timeline = page.getByRole("region", { name: "Timeline" });
  const time = () => page.locator("audio").evaluate(({ currentTime }: HTMLAudioElement) => currentTime);
  // Until the cards of the models have come, they are called by their names.
  await expect(page.getByRole("heading", { name: "Measured quality" }).first()).toBeVisible();
  const span = (await timeline.getByRole("button").first().textContent()) ?? "";
  await tabTo(page, /probability over time/);
  await page.keyboard.press("End");
  const end = await time();
  expect(end).toBeGreaterThan(1);
  await tabTo(page, span);
  await page.keyboard.press("Enter");
  await expect.poll(time).toBeLessThan(end);

  await tabTo(page, /^Account, theme/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Account" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  await expect(page.getByRole("main")).toBeFocused();
  await tabTo(page, "New key");
  await page.keyboard.press("Enter");
  await tabTo(page, "Name");
  await page.keyboard.type("nightly");
  await tabTo(page, "Create the key");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Copy it now.")).toBeVisible();
  await tabTo(page, "Close");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "New key" })).toBeFocused();
  await tabTo(page, "Revoke nightly");
  await page.keyboard.press("Enter");
  await tabTo(page, "Revoke");
  await page.keyboard.press("Enter");
  await expect(page.getByText("You have no API keys.")).toBeVisible();
});
