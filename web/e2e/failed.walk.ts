/** What an administrator does: a job that failed is tried again, and people get and lose what they may do. */
import { readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { accessible, expect, judging, type Person, type Server, shots, signIn, test, testdata } from "./walk";

test.use({ apart: true });

/** The first administrator, once the password that the program made is changed. */
async function administrator(server: Server): Promise<Pick<Person, "email" | "password">> {
  const first = server.administrator;
  const changedTo = { email: first.email, password: "correct horse battery" };
  if (await server.token(changedTo).catch(() => null)) return changedTo;
  const token = await server.token(first);
  const changed = await fetch(`${server.url}/api/v1/auth/profile/password`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ currentPassword: first.password, newPassword: changedTo.password }),
  });
  expect(changed.ok).toBe(true);
  return changedTo;
}

/** Where the service keeps a file of `testdata/`, told by its size. */
async function storedAt(server: Server, sample: string): Promise<string> {
  const { size } = await stat(testdata(sample));
  const folder = join(server.home, "storage");
  for (const entry of await readdir(folder, { recursive: true })) {
    const path = join(folder, entry);
    const found = await stat(path);
    if (found.isFile() && found.size === size) return path;
  }
  throw new Error(`${sample} is not kept in ${folder}`);
}

test("a job whose file was gone is tried again when it is back, and its run ends", async ({
  page,
  server,
}) => {
  const ada = await server.signUp("Ada");
  const id = await server.upload(ada, "samples/rocket.jpg");
  const path = await storedAt(server, "samples/rocket.jpg");
  await rename(path, `${path}.away`);
  await judging(server);
  const status = async () =>
    ((await (await server.ask(ada, `/media/${id}`)).json()) as { status: string }).status;
  await expect.poll(status, { timeout: 60_000 }).toBe("FAILED");

  await signIn(page, await administrator(server));
  await page.goto("/monitoring");
  const jobs = page.getByRole("table", { name: "Failed jobs" });
  const row = jobs.getByRole("row", { name: /gone or was changed/ }).first();
  await expect(row).toContainText("Analysis");
  await accessible(page);
  await shots(page, "monitoring-failed");
  await rename(`${path}.away`, path);
  // One after the other: each leaves the table when it is queued again.
  for (let left = await jobs.getByRole("button", { name: "Try again" }).count(); left > 0; left--) {
    const before = await jobs.getByRole("button", { name: "Try again" }).count();
    await jobs.getByRole("button", { name: "Try again" }).first().click();
    await expect.poll(() => jobs.getByRole("button", { name: "Try again" }).count()).toBeLessThan(before);
  }
  await expect(page.getByText("No job has failed.")).toBeVisible();
  await expect.poll(status, { timeout: 60_000 }).toMatch(/^(ANALYZED|PARTIALLY_ANALYZED)$/);
});

test("an administrator makes another one, and shuts somebody out", async ({ page, browser, server }) => {
  const bob = await server.signUp("Bob");
  await signIn(page, await administrator(server));
  await page.goto("/monitoring");
  await page
    .getByRole("searchbox", { name: "Find users" })
    .or(page.getByLabel("Find users"))
    .first()
    .fill(bob.email);
  const role = page.getByRole("combobox", { name: `Role of ${bob.email}` });
  await expect(page.getByRole("combobox", { name: /^Role of/ })).toHaveCount(1);
  await role.selectOption("Administrator");
  await expect(role).toHaveValue("ADMIN");
  const context = await browser.newContext({ baseURL: server.url });
  const bobs = await context.newPage();
  await signIn(bobs, bob);
  await bobs.goto("/monitoring");
  await expect(bobs.getByRole("heading", { name: "Monitoring" })).toBeVisible();

  const active = page.getByRole("switch", { name: `${bob.email} may sign in` });
  await active.click();
  await expect(active).not.toBeChecked();
  await bobs.reload();
  await expect(bobs.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await context.close();
});
