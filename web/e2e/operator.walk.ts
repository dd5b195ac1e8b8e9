import { accessible, expect, shots, signIn, test } from "./walk";

test("somebody makes a key, uses it and revokes it", async ({ page, server }) => {
  // As at plain HTTP from another machine, where browsers give pages no clipboard.
  await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await signIn(page, await server.signUp("Ada"));
  await page.goto("/account");
  await expect(page.getByText("This session")).toBeVisible();
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("nightly");
  await accessible(page);
  await dialog.getByRole("button", { name: "Create the key" }).click();
  const key = await dialog.getByLabel("Key", { exact: true }).inputValue();
  const use = () => fetch(`${server.url}/api/v1/media`, { headers: { "x-api-key": key } });
  expect((await use()).status).toBe(200);
  await dialog.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByText("Copied").first()).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("button", { name: "New key" })).toBeFocused();
  expect(await page.content()).not.toContain(key);
  const names = page.getByLabel("First name");
  await names.fill("");
  await names.press("ControlOrMeta+v");
  await expect(names).toHaveValue(key);
  await page.reload();
  await expect(page.getByRole("button", { name: "Revoke nightly" })).toBeVisible();
  await expect(page.getByText("This session")).toBeVisible();
  await accessible(page);
  await shots(page, "account");

  await page.getByRole("button", { name: "Revoke nightly" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("You have no API keys.")).toBeVisible();
  expect((await use()).status).toBe(401);

  await page.goto("/monitoring");
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
});

test("help says how to read a verdict and how programs ask", async ({ page, server }) => {
  await signIn(page, await server.signUp("Bob"));
  await page.goto("/help");
  await expect(page.getByText(`${server.url}/api/v1/media`).first()).toBeVisible();
  await expect(page.getByText("At most", { exact: false })).toBeVisible();
  await accessible(page);
  await shots(page, "help");
});

test("the live page says that nothing is being judged", async ({ page, server }) => {
  const carol = await server.signUp("Carol");
  await signIn(page, carol);
  await page.goto("/live");
  await expect(page.getByText("Nothing is being judged")).toBeVisible();
  await accessible(page);
  await shots(page, "live");
});

test("the first administrator chooses a password, then sees servers, queue and users", async ({
  page,
  server,
}) => {
  const first = server.administrator;
  await signIn(page, first);
  await page.getByLabel("Current password", { exact: true }).fill(first.password);
  await page.getByLabel("New password", { exact: true }).fill("correct horse battery");
  await accessible(page);
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await page.goto("/monitoring");
  await expect(page.getByText("No job has failed.")).toBeVisible();
  await expect(page.getByRole("combobox", { name: `Role of ${first.email}` })).toBeDisabled();
  await accessible(page);
  await shots(page, "monitoring");
});
