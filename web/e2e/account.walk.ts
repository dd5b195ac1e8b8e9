import { accessible, expect, GONE, online, shots, signIn, test } from "./walk";

// The file of an address does not exist.
test.use({ isNew: true, apart: true, expectedErrors: /status of 404/ });

test("the first administrator is made at the address that the server has told, and once only", async ({
  page,
  server,
}) => {
  await page.goto(server.setUp);
  await expect(page.getByLabel("Set-up secret")).toHaveValue(/.{20}/);
  await accessible(page);
  await shots(page, "set-up");
  await page.getByLabel("First name").fill("Grace");
  await page.getByLabel("Last name").fill("Example");
  await page.getByLabel("E-mail address").fill("grace@example.org");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Set up" }).click();
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await page.getByRole("link", { name: "Monitoring" }).click();
  await expect(page.getByRole("combobox", { name: "Role of grace@example.org" })).toHaveValue("ADMIN");

  await page.getByRole("button", { name: /Account, theme/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto(server.setUp);
  await expect(page.getByText("This server is set up already.")).toBeVisible();
  await accessible(page);
});

test("somebody signs up, signs out and signs in again", async ({ page }) => {
  await page.goto("/media/00000000-0000-4000-8000-000000000000");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await accessible(page);
  await shots(page, "sign-in");
  await page.getByRole("link", { name: "Create an account" }).click();
  await expect(page.getByRole("heading", { name: "Create an account" })).toBeVisible();
  await accessible(page);
  await shots(page, "sign-up");

  await page.getByRole("button", { name: "Create an account" }).click();
  await expect(page.getByLabel("First name")).toBeFocused();
  await page.getByLabel("First name").fill("Ada");
  await page.getByLabel("Last name").fill("<b>Example</b>");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.keyboard.press("Enter");

  // Back where it began, signed in; and a reload changes nothing.
  await expect(page).toHaveURL(/\/media\/0/);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await expect(page.getByText("<b>Example</b>")).toBeVisible();
  await expect(online(page)).toBeVisible();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  await accessible(page);
  await shots(page, "shell");

  await page.getByRole("button", { name: /Account, theme/ }).click();
  await accessible(page);
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await signIn(page, { email: "ada@example.org", password: "correct horse battery" });
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
});

test("a wrong password says so and gives nothing away", async ({ page, server }) => {
  const bob = await server.signUp("Bob");
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(bob.email);
  await page.getByLabel("Password", { exact: true }).fill("something else");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toHaveText("The address or the password is wrong.");
});

test("two tabs are signed in and out together", async ({ context, page, server }) => {
  const carol = await server.signUp("Carol");
  await signIn(page, carol);
  const other = await context.newPage();
  await other.goto("/");
  await expect(other.getByRole("heading", { name: "Library" })).toBeVisible();
  await other.getByRole("button", { name: /Account, theme/ }).click();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await signIn(page, carol);
  await expect(other.getByRole("heading", { name: "Library" })).toBeVisible();
});

test("a new password ends the other sessions, and so does their owner", async ({ page, browser, server }) => {
  const eve = await server.signUp("Eve");
  await signIn(page, eve);
  const elsewhere = await browser.newContext({ baseURL: server.url });
  const other = await elsewhere.newPage();
  await signIn(other, eve);
  await page.goto("/account");
  await page.getByLabel("Current password", { exact: true }).fill(eve.password);
  await page.getByLabel("New password", { exact: true }).fill("another horse battery");
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(
    page.getByText("The password is changed. Your other sessions have ended.").first(),
  ).toBeVisible();
  await other.reload();
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await signIn(other, { email: eve.email, password: "another horse battery" });
  await page.reload();
  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "End all others" }).click();
  await expect(page.getByText("All other sessions have ended.").first()).toBeVisible();
  await other.reload();
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("This session")).toBeVisible();
  await elsewhere.close();
});

test("an address that leads nowhere says so", async ({ page, server }) => {
  await signIn(page, await server.signUp("Fred"));
  await page.goto("/no/such/page");
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await accessible(page);
  await shots(page, "not-found");
});

test("theme and language are chosen once and kept", async ({ page, server }) => {
  await signIn(page, await server.signUp("Dora"));
  await page.getByRole("button", { name: /Account, theme/ }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("menuitemradio", { name: "Deutsch" }).click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.getByRole("heading", { name: "Bibliothek" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
});

test.describe("without a server", () => {
  test.use({ expectedErrors: GONE });

  test("the page says when the server is gone, and goes on when it is back", async ({ page, server }) => {
    await signIn(page, await server.signUp("Eve"));
    await expect(online(page)).toBeVisible();
    await server.kill();
    await expect(page.getByText("The server cannot be reached.")).toBeVisible();
    await shots(page, "offline");
    await server.launch();
    await expect(page.getByText("The server cannot be reached.")).toBeHidden();
    await expect(online(page)).toBeVisible();
  });
});
