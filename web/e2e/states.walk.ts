/** Every page while it waits for the service, when nobody answers, and when it is asked again. Ready and empty pages are in the other walks. */
import type { Page } from "@playwright/test";
import { accessible, expect, judged, shots, signIn, test } from "./walk";

test.use({ expectedErrors: /ERR_FAILED/ });
// Seven pages, each looked at in two states.
test.setTimeout(360_000);

/** What each page asks for, and what is seen when it is ready. */
const pages = (media: string) =>
  [
    { name: "library", path: "/", ready: "rocket.jpg" },
    { name: "result", path: `/media/${media}`, ready: "What this does not mean" },
    { name: "compare", path: `/media/${media}/compare`, ready: "There is only one run." },
    { name: "live", path: "/live", ready: "Nothing is being judged" },
    { name: "account", path: "/account", ready: "This session" },
    { name: "help", path: "/help", ready: "At most" },
    { name: "monitoring", path: "/monitoring", ready: "No job has failed." },
  ] as const;

const DATA = /\/api\/v1\/(?!auth\/(refresh|login|logout|profile))/;

/** Holds what the page asks the service for, until it is let go or cut off. */
async function hold(page: Page) {
  let answer: (reach: boolean) => void = () => undefined;
  const answered = new Promise<boolean>((resolve) => {
    answer = resolve;
  });
  await page.route(DATA, async (route) => {
    if (await answered) await route.continue();
    else await route.abort("failed");
  });
  return { letGo: () => answer(true), cutOff: () => answer(false) };
}

test("every page shows that it waits, that it failed, and goes on when asked again", async ({
  page,
  server,
}) => {
  const first = server.administrator;
  const password = "correct horse battery staple";
  await server.ask({ ...first, firstName: "", lastName: "" }, "/auth/profile/password", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ currentPassword: first.password, newPassword: password }),
  });
  const admin = { ...first, password, firstName: "First", lastName: "Administrator" };
  await signIn(page, admin);
  const media = await server.upload(admin, "samples/rocket.jpg");
  await judged(page, media);
  for (const { name, path, ready } of pages(media)) {
    await test.step(name, async () => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      const held = await hold(page);
      await page.goto(path);
      // The session is waited for with the same role, and before it.
      await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
      await expect(page.locator('[role="status"][aria-busy="true"]').first()).toBeAttached();
      await accessible(page);
      expect(await moving(page)).toEqual([]);
      await shots(page, `${name}-waiting`);
      held.cutOff();
      await expect(page.getByRole("alert").first()).toBeVisible();
      await accessible(page);
      await shots(page, `${name}-failed`);
      await page.unrouteAll({ behavior: "ignoreErrors" });
      // What had failed may be asked for by itself meanwhile.
      await expect(async () => {
        const again = page.getByRole("button", { name: "Try again" });
        if ((await again.count()) > 0) await again.first().click({ timeout: 1_000 });
        await expect(page.getByRole("alert")).toHaveCount(0, { timeout: 1_000 });
      }).toPass();
      await expect(page.getByText(ready).first()).toBeVisible();
    });
  }
});

/** What moves for longer than a moment although less motion was asked for. */
function moving(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const running = document.getAnimations().filter(({ playState }) => playState === "running");
    await new Promise((done) => setTimeout(done, 50));
    // Animations stand still between two frames, and a busy machine may have drawn none.
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    return running.filter(({ playState }) => playState === "running").map((one) => one.constructor.name);
  });
}
