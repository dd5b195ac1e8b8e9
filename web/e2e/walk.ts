/**
 * What walks are made of. A walk is a file `NAME.walk.ts`: `import { expect, test, … } from "./walk"`.
 *
 * Fixtures
 * - `server`: the real program, one per test file (started at the first test that asks, ended after the last).
 *   `server.url`, `.signUp("Ada")`, `.token(person)`, `.administrator`, `.setUp`, `.stop()`, `.kill()`, `.launch()`,
 *   `.restart()`, `.log()`, `.home`, `.upload(person, "samples/rocket.jpg")`, `.ask(person, path)`. Settings for a
 *   file: `test.use({ settings: { NAME: "value" } })`. With `test.use({ apart: true })` files are judged by a process of
 *   its own, which `judging(server)` starts, and `judge(server)` holds with `.pause()` and lets go on with `.resume()`: what
 *   happens in the middle of a run is then seen without a race. Say `apart` also where nothing has to be judged: no model is loaded.
 *   With `isNew: true` nobody has an account, and `server.setUp` is the address at which the first one is made.
 * - `page`: as Playwright's, on the server's address (`page.goto("/")`). A walk fails when the page has logged an
 *   error, the Content-Security-Policy has refused something, or a page came without a strict one; say what is expected with `expectedErrors`:
 *   `test.use({ expectedErrors: /413/ })`, or `GONE` where a server goes. Answers with 401 are never counted: asking for a session is how one
 *   learns that there is none.
 *
 * Functions
 * - `online(page)`: the mark that live events are heard.
 * - `signIn(page, person)`: through the sign-in page, until the library is there. Also for `server.administrator`.
 * - `testdata("samples/rocket.jpg")`: path of a file for `setInputFiles`. `film(server)`: makes a video that is judged quickly.
 * - `accessible(page)`: fails on serious and critical faults that axe finds in light and at 390 px in dark, on colours that it finds
 *   too weak in dark, and on what does not fit on 390 px.
 * - `drop(page, paths)`: drops files and folders.
 * - `shots(page, "library")`: with $SHOTS naming a folder, pictures in light and dark at 390, 768 and 1440 px.
 */
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import type { Judge } from "./judge";
import { film, type Person, Server, testdata } from "./server";

export { expect, film, type Person, type Server, testdata };

/** What the console says when a server is gone, whatever was under way. */
export const GONE =
  /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_NETWORK|ERR_SOCKET|ERR_INCOMPLETE|ERR_CONTENT_LENGTH|WebSocket/;

const STRICT = /default-src 'none';.*script-src 'self';.*style-src 'self'/;

interface OfTest {
  settings: Record<string, string>;
  apart: boolean;
  isNew: boolean;
  server: Server;
  /** What the console may say. */
  expectedErrors: RegExp;
  watched: undefined;
}

/** The server of the test file that runs, and the file's name: files share nothing. */
interface OfFile {
  running: { file: string; server?: Server };
}

export const test = base.extend<OfTest, OfFile>({
  settings: [{}, { option: true }],
  apart: [false, { option: true }],
  isNew: [false, { option: true }],
  running: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from here
    async ({}, use) => {
      const running: OfFile["running"] = { file: "" };
      await use(running);
      await running.server?.dispose();
    },
    { scope: "worker" },
  ],
  server: async ({ settings, apart, isNew, running }, use, { file }) => {
    if (running.file !== file || !running.server) {
      await running.server?.dispose();
      running.server = await Server.start({ env: settings, apart, isNew });
      running.file = file;
    }
    await use(running.server);
  },
  baseURL: async ({ server }, use) => use(server.url),
  expectedErrors: [/(?!)/, { option: true }],
  watched: [
    async ({ context, expectedErrors }, use) => {
      const errors: string[] = [];
      const isExpected = (text: string) => expectedErrors.test(text);
      context.on("console", (message) => {
        const text = `${message.text()} (${message.location().url})`;
        if (message.type() === "error" && !/status of 401/.test(text) && !isExpected(text)) errors.push(text);
      });
      context.on("weberror", (error) => errors.push(String(error.error())));
      context.on("response", (response) => {
        const leadsElsewhere = response.status() >= 300 && response.status() < 400;
        if (response.request().resourceType() !== "document" || leadsElsewhere) return;
        const policy = response.headers()["content-security-policy"] ?? "";
        if (!STRICT.test(policy) || /unsafe|\*/.test(policy))
          errors.push(`${response.url()}: policy "${policy}"`);
      });
      await use(undefined);
      expect(errors, "the page logged no errors").toEqual([]);
    },
    { auto: true },
  ],
});

export async function signIn(page: Page, person: Pick<Person, "email" | "password">): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).not.toHaveURL(/sign-in/);
  // The address changes before the page does; between the two there is none.
  await expect(page.getByRole("main")).toBeVisible();
}

/** The mark that live events are heard; the navigation has the same word as a link. */
export const online = (page: Page) => page.getByText("Live", { exact: true }).and(page.locator("span"));

/** Who judges files apart from the service. */
export function judge(server: Server): Judge {
  if (!server.ml) throw new Error("the walk says nothing of `apart`");
  return server.ml;
}

/** Starts who judges where it does not run, and waits until the service knows its models. */
export async function judging(server: Server): Promise<Judge> {
  const program = judge(server);
  await program.launch();
  program.resume();
  const ready = async () =>
    ((await (await fetch(`${server.url}/api/ready`)).json()) as { status: string }).status;
  await expect.poll(ready, { timeout: 60_000 }).toBe("ok");
  return program;
}

/** Opens a result, and waits until it is there. */
export async function judged(page: Page, id: string): Promise<void> {
  await page.goto(`/media/${id}`);
  await expect(page.getByRole("heading", { name: "What this does not mean" })).toBeVisible({
    timeout: 120_000,
  });
  await expect(page.getByRole("button", { name: "Cancel the run" })).toHaveCount(0);
}

export async function accessible(page: Page): Promise<void> {
  const before = page.viewportSize();
  const violations = await faults(page);
  // What the other theme changes is colours.
  await page.emulateMedia({ colorScheme: "dark" });
  await still(page);
  violations.push(...(await faults(page, "color-contrast")));
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => page.evaluate(() => innerWidth)).toBe(390);
  // What has a width of its own is drawn anew in the next frame.
  const tooWide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await expect.poll(tooWide, "nothing sticks out of a small screen").toBeLessThanOrEqual(0);
  violations.push(...(await faults(page)));
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  expect(told, "axe finds no serious fault").toEqual([]);
}

/** Until what moves for a moment stands still, for in between colours are weak; what moves on and on is left alone. */
const still = (page: Page) =>
  page.evaluate(async () => {
    const isMoving = (one: Animation) =>
      one.playState === "running" && one.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY;
    for (let n = 0; n < 20 && document.getAnimations().some(isMoving); n++)
      await new Promise((done) => setTimeout(done, 50));
  });

/** What axe finds, by one rule or by all. There are no frames of other sites, for which it would open a page of its own each time. */
async function faults(page: Page, rule?: string) {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  return (await (rule ? axe.withRules(rule) : axe).analyze()).violations;
}

/** Drops files and folders as a person does, so that the browser gives handles. */
export async function drop(page: Page, paths: string[]): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await devtools.send("Input.dispatchDragEvent", { type, x: 600, y: 300, data });
}

const WIDTHS = [390, 768, 1440] as const;

export async function shots(page: Page, name: string): Promise<void> {
  const folder = process.env.SHOTS;
  if (!folder) return;
  const before = page.viewportSize();
  // What sticks to the window would stand in the middle of the picture.
  await page.evaluate(() => window.scrollTo(0, 0));
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      const path = join(folder, `${name}-${colorScheme}-${width}.png`);
      await page.screenshot({ path, fullPage: true, animations: "disabled" });
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before) await page.setViewportSize(before);
}
