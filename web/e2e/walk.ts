/**
 * What walks are made of. A walk is a file `NAME.walk.ts`: `import { expect, test, … } from "./walk"`.
 *
 * Fixtures
 * - `server`: the real program, one per test file (started at the first test that asks, ended after the last).
 *   `server.url`, `.signUp("Ada")`, `.token(person)`, `.administrator`, `.stop()`, `.kill()`, `.launch()`,
 *   `.restart()`, `.log()`, `.home`. Settings for a file: `test.use({ settings: { NAME: "value" } })`.
 * - `page`: as Playwright's, on the server's address (`page.goto("/")`). A walk fails when the page has logged an
 *   error or the Content-Security-Policy has refused something; say what is expected with `expectedErrors`:
 *   `test.use({ expectedErrors: [/413/] })`. Answers with 401 are never counted: asking for a session is how one
 *   learns that there is none.
 *
 * Functions
 * - `signIn(page, person)`: through the sign-in page, until the library is there. Also for `server.administrator`.
 * - `testdata("samples/rocket.jpg")`: path of a file for `setInputFiles`; `SAMPLES` names them all.
 * - `accessible(page)`: fails on serious and critical faults that axe finds.
 * - `shots(page, "library")`: pictures in light and dark at 390, 768 and 1440 px, in $SHOTS or a temporary folder
 *   that is printed.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { type Person, Server, testdata } from "./server";

export { expect, type Person, type Server, testdata };

export const SAMPLES = [
  "samples/rocket.jpg",
  "samples/coffee.webp",
  "samples/reading.ogg",
  "samples/machine-voice.wav",
  "samples/portrait.mp4",
] as const;

interface OfTest {
  expectedErrors: RegExp[];
  watched: undefined;
}

interface OfFile {
  settings: Record<string, string>;
  server: Server;
}

export const test = base.extend<OfTest, OfFile>({
  settings: [{}, { option: true, scope: "worker" }],
  server: [
    async ({ settings }, use) => {
      const server = await Server.start(settings);
      await use(server);
      await server.dispose();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  expectedErrors: [[], { option: true }],
  watched: [
    async ({ context, expectedErrors }, use) => {
      const errors: string[] = [];
      const isExpected = (text: string) => expectedErrors.some((expected) => expected.test(text));
      context.on("console", (message) => {
        const text = `${message.text()} (${message.location().url})`;
        if (message.type() === "error" && !/status of 401/.test(text) && !isExpected(text)) errors.push(text);
      });
      context.on("weberror", (error) => errors.push(String(error.error())));
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
}

export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  expect(told, "axe finds no serious fault").toEqual([]);
}

const WIDTHS = [390, 768, 1440] as const;
let folder: Promise<string> | null = null;

export async function shots(page: Page, name: string): Promise<void> {
  folder ??= process.env.SHOTS ? Promise.resolve(process.env.SHOTS) : newFolder();
  const before = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      const path = join(await folder, `${name}-${colorScheme}-${width}.png`);
      await page.screenshot({ path, fullPage: true, animations: "disabled" });
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before) await page.setViewportSize(before);
}

async function newFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "drishtiksha-shots-"));
  process.stdout.write(`pictures of pages are in ${made}\n`);
  return made;
}
