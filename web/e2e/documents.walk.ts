/** The documents, as the binary serves them: found from the app, read in both themes, searched with the keyboard. */
import { accessible, expect, shots, signIn, test } from "./walk";

test.use({ apart: true });

test("from the app to the documents, through the search to a page and its diagram", async ({
  page,
  server,
}) => {
  await signIn(page, await server.signUp("Ada"));
  await page.getByRole("link", { name: "Help" }).click();
  await page.getByRole("link", { name: "documentation" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Drishtiksha" })).toBeVisible();
  await accessible(page);
  await shots(page, "documents");

  await page.keyboard.press("/");
  await page.keyboard.type("idempotency key");
  const found = page.getByRole("option");
  await expect(found.first()).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/docs\/\w+\.html/);
});

test("pages with tables, code and every diagram can be read by everybody, in light and dark", async ({
  page,
}) => {
  for (const name of [
    "service",
    "operate",
    "scale",
    "secure",
    "api",
    "database",
    "develop/add-an-api-route",
    "decisions/",
  ]) {
    await page.goto(`/docs/${name}${name.endsWith("/") ? "" : ".html"}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await accessible(page);
  }
  await page.goto("/docs/service.html");
  const drawing = page.getByRole("img", { name: "From an upload to its verdict" });
  await expect(drawing).toBeVisible();
  const ground = () =>
    drawing
      .locator("rect")
      .first()
      .evaluate((rect) => getComputedStyle(rect).fill);
  const before = await ground();
  const theme = page.getByRole("button", { name: /^Theme/ });
  await theme.click();
  await theme.click();
  await expect(theme).toHaveText("Theme: dark");
  await expect.poll(ground).not.toBe(before);
  await accessible(page);
  await page.reload();
  await expect(theme).toHaveText("Theme: dark");
});

test("a diagram by itself, a folder without a slash, and a page that is not there", async ({
  page,
  request,
}) => {
  await page.goto("/docs/service.html");
  await page.getByRole("link", { name: "The drawing by itself" }).first().click();
  await expect(page).toHaveURL(/\/docs\/diagrams\/\w+\.svg$/);
  await page.goto("/docs");
  await expect(page).toHaveURL(/\/docs\/$/);
  expect((await request.get("/docs/gone.html", { headers: { accept: "text/html" } })).status()).toBe(404);
});
