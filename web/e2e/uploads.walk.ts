import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Gate } from "./gate";
import { recording } from "./recording";
import {
  accessible,
  drop,
  expect,
  GONE,
  type Person,
  type Server,
  shots,
  signIn,
  testdata,
  test as walk,
} from "./walk";

const PART_BYTES = 16 * 1024 * 1024;
/** Three parts. */
const FILE_BYTES = 40 * 1024 * 1024;
/** Where it is held up: in the middle of the second. */
const HELD_UP_AT_BYTES = 24 * 1024 * 1024;

const test = walk.extend<{ gate: Gate }>({
  gate: async ({ server }, use) => {
    const gate = await Gate.open(server.url, HELD_UP_AT_BYTES);
    await use(gate);
    gate.close();
  },
  baseURL: async ({ gate }, use) => use(gate.url),
});

// Nothing has to be judged.
test.use({
  apart: true,
  expectedErrors: new RegExp(`${GONE.source}|status of 502`),
});

let folder = "";
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drishtiksha-large-"));
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

const input = (page: Page) => page.getByLabel("Choose files").and(page.locator("input"));
const uploaded = (page: Page) => page.getByText("Uploaded.", { exact: true });

/** The page hears drops and knows what the service takes, and so how large the parts of a file are. */
const isReady = (page: Page) => expect(page.getByText(/of up to .+ each/)).toBeVisible();

/** A recording of noise, in a file. */
async function recorded(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, recording(FILE_BYTES));
  return path;
}

/** Notes what is sent to the server. */
function watch(page: Page) {
  const seen = { begun: 0, starts: [] as number[], said: [0], acknowledged: 0, wrong: [] as string[] };
  page.on("request", (request) => {
    if (!/\/api\/v1\/uploads/.test(request.url())) return;
    if (request.method() === "POST") seen.begun += 1;
    if (request.method() !== "PATCH") return;
    const start = Number(request.headers()["upload-offset"]);
    seen.starts.push(start);
    // What the server has is not sent again.
    if (start !== seen.said.at(-1)) seen.wrong.push(`${start} where the server had ${seen.said.at(-1)}`);
  });
  page.on("response", (response) => {
    const method = response.request().method();
    if (!/\/api\/v1\/uploads/.test(response.url()) || !["HEAD", "PATCH"].includes(method)) return;
    const offset = response.headers()["upload-offset"];
    if (offset !== undefined) seen.said.push(Number(offset));
    if (method === "PATCH" && response.status() === 204) seen.acknowledged += 1;
  });
  return seen;
}

/** Exactly one medium, which is this file, byte by byte. */
async function isThere(server: Server, person: Person, path: string) {
  const headers = { authorization: `Bearer ${await server.token(person)}` };
  const response = await fetch(`${server.url}/api/v1/media`, { headers });
  const { items } = (await response.json()) as { items: { sha256: string }[] };
  const sha256 = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  expect(items.map((item) => item.sha256)).toEqual([sha256]);
}

test("a large upload is paused, goes on, loses its server, and goes on by itself", async ({
  page,
  server,
  gate,
}) => {
  const ada = await server.signUp("Ada");
  await signIn(page, ada);
  await isReady(page);
  const seen = watch(page);
  const path = await recorded("long talk.wav");
  await input(page).setInputFiles(path);
  await expect.poll(() => seen.acknowledged).toBe(1);
  await page.getByRole("button", { name: "Pause the upload of long talk.wav" }).click();
  await expect(page.getByText("Paused.")).toBeVisible();
  await accessible(page);
  await shots(page, "library-paused");
  const sent = seen.starts.length;
  expect(seen.acknowledged).toBe(1);
  await page.getByRole("button", { name: "Go on with the upload of long talk.wav" }).click();
  await expect.poll(() => seen.starts.length).toBeGreaterThan(sent);
  await server.kill();
  await expect(page.getByText(/tried again by itself/)).toBeVisible();
  gate.letOn();
  await server.launch();
  await expect(uploaded(page)).toBeVisible({ timeout: 60_000 });
  expect(seen.begun).toBe(1);
  expect(seen.wrong).toEqual([]);
  expect(seen.starts.filter((start) => start === 0)).toHaveLength(1);
  await isThere(server, ada, path);
});

test("a page that was reloaded in the middle goes on with the same file", async ({ page, server, gate }) => {
  const bob = await server.signUp("Bob");
  await signIn(page, bob);
  await isReady(page);
  const seen = watch(page);
  const path = await recorded("interview.wav");
  await input(page).setInputFiles(path);
  await expect.poll(() => seen.acknowledged).toBe(1);
  await page.reload();
  await expect(page.getByText("Not finished. Choose the same file again to go on.")).toBeVisible();
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(kept).toContain("interview.wav");
  expect(kept).not.toMatch(/eyJ|[Bb]earer/);
  await accessible(page);
  await shots(page, "library-left");

  const again = page.getByLabel("Choose interview.wav again");
  await again.setInputFiles(testdata("samples/machine-voice.wav"));
  await expect(page.getByRole("alert")).toContainText("This is another file");
  const before = seen.starts.length;
  gate.letOn();
  await again.setInputFiles(path);
  await expect(uploaded(page)).toBeVisible({ timeout: 60_000 });
  expect(Math.min(...seen.starts.slice(before))).toBeGreaterThanOrEqual(PART_BYTES);
  expect(seen.begun).toBe(1);
  expect(seen.wrong).toEqual([]);
  await isThere(server, bob, path);
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveCount(1);
});

test("a file that was dropped goes on after a reload by one click, where the browser remembers it", async ({
  page,
  server,
  gate,
}) => {
  const eve = await server.signUp("Eve");
  await signIn(page, eve);
  await isReady(page);
  const seen = watch(page);
  const path = await recorded("dropped.wav");
  await drop(page, [path]);
  await expect.poll(() => seen.acknowledged).toBe(1);
  await expect.poll(() => page.evaluate(remembered)).toEqual(["dropped.wav"]);
  await page.reload();
  const goOn = page.getByRole("button", { name: "Go on with the upload of dropped.wav" });
  await expect(goOn).toBeVisible();
  await expect(page.getByLabel("Choose dropped.wav again")).toHaveCount(0);
  await accessible(page);
  await shots(page, "library-remembered");
  const before = seen.starts.length;
  gate.letOn();
  await goOn.click();
  await expect(uploaded(page)).toBeVisible({ timeout: 60_000 });
  expect(Math.min(...seen.starts.slice(before))).toBeGreaterThanOrEqual(PART_BYTES);
  expect(seen.begun).toBe(1);
  await isThere(server, eve, path);
  // Nothing is left of it; what the browser remembers goes a moment after the words have come.
  await expect.poll(() => page.evaluate(remembered)).toEqual([]);
  await page.reload();
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveCount(1);
  await expect(goOn).toHaveCount(0);
  expect(await page.evaluate(remembered)).toEqual([]);
});

/** Names of what the page keeps beside its storage of texts. */
async function remembered(): Promise<string[]> {
  // Whoever opens it first makes it: that is for the page to do.
  if (!(await indexedDB.databases()).some(({ name }) => name === "drishtiksha")) return [];
  return new Promise((done, fail) => {
    const opening = indexedDB.open("drishtiksha");
    opening.onerror = () => fail(opening.error);
    opening.onsuccess = () => {
      const all = opening.result.transaction("files").objectStore("files").getAll();
      all.onsuccess = () => done(all.result.map(({ name }: FileSystemFileHandle) => name));
    };
  });
}
