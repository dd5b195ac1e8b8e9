/** What becomes of a page when its access token, or the whole session, ends under it. */
import { expect, online, signIn, test } from "./walk";

// Nothing has to be judged.
test.use({ apart: true, settings: { ACCESS_TOKEN_MINUTES: "1" }, expectedErrors: /status of 404/ });

test("a token that ends in mid-use is exchanged, and nobody notices", async ({ page, server }) => {
  const ada = await server.signUp("Ada");
  await signIn(page, ada);
  await expect(online(page)).toBeVisible();
  await page.goto("/account");
  await page.getByLabel("First name").fill("Augusta");
  const seen: string[] = [];
  page.on("framenavigated", (frame) => seen.push(frame.url()));
  // The server ends the live connection with the token, whatever the page does.
  const exchanged = await page.waitForResponse(/auth\/refresh/, { timeout: 90_000 });
  expect(exchanged.status()).toBe(200);
  await expect(online(page)).toBeVisible();
  await expect(page.getByLabel("First name")).toHaveValue("Augusta");
  await page.getByRole("button", { name: "Save" }).first().click();
  await expect(page.getByText("Augusta Example")).toBeVisible();
  expect(seen).toEqual([]);
});

test("a session that was ended elsewhere leads to the sign-in, and from there back to the same page", async ({
  page,
  server,
}) => {
  const bob = await server.signUp("Bob");
  await signIn(page, bob);
  await page.goto("/help?from=here");
  await expect(online(page)).toBeVisible();
  expect((await server.ask(bob, "/auth/sessions", { method: "DELETE" })).status).toBe(204);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("Your session has ended.")).toBeVisible();
  await page.getByLabel("E-mail address").fill(bob.email);
  await page.getByLabel("Password", { exact: true }).fill(bob.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/help\?from=here$/);
});
