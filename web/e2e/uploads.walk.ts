import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { accessible, expect, type Person, type Server, shots, signIn, test, testdata } from "./walk";

const PART_BYTES = 16 * 1024 * 1024;
/** Three parts. */
const FILE_BYTES = 40 * 1024 * 1024;
const BYTES_PER_SECOND = 6 * 1024 * 1024;

test.use({ expectedErrors: /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_NETWORK|WebSocket|status of 502/ });

let folder = "";
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drishtiksha-large-"));
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

const input = (page: Page) => page.getByLabel("Choose files").and(page.locator("input"));
const uploaded = (page: Page) => page.getByText("Uploaded.", { exact: true });

/** A recording of noise. */
async function recording(name: string): Promise<string> {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(FILE_BYTES - 8, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(48_000, 24);
  head.writeUInt32LE(192_000, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(FILE_BYTES - 44, 40);
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([head, randomBytes(FILE_BYTES - 44)]));
  return path;
}

/** Makes the way to the server as slow as a real one, and notes what is sent over it. */
async function slowly(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  const conditions = {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: BYTES_PER_SECOND,
  };
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", conditions);
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
}) => {
  const ada = await server.signUp("Ada");
  await signIn(page, ada);
  const seen = await slowly(page);
  const path = await recording("long talk.wav");
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
  await server.launch();
  await expect(uploaded(page)).toBeVisible({ timeout: 60_000 });
  expect(seen.begun).toBe(1);
  expect(seen.wrong).toEqual([]);
  expect(seen.starts.filter((start) => start === 0)).toHaveLength(1);
  await isThere(server, ada, path);
});

test("a page that was reloaded in the middle goes on with the same file", async ({ page, server }) => {
  const bob = await server.signUp("Bob");
  await signIn(page, bob);
  const seen = await slowly(page);
  const path = await recording("interview.wav");
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
  await again.setInputFiles(path);
  await expect(uploaded(page)).toBeVisible({ timeout: 60_000 });
  expect(Math.min(...seen.starts.slice(before))).toBeGreaterThanOrEqual(PART_BYTES);
  expect(seen.begun).toBe(1);
  expect(seen.wrong).toEqual([]);
  await isThere(server, bob, path);
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveCount(1);
});
