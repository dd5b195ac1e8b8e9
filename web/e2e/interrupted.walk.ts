/** A run is watched while the service dies, the network goes, or nobody is there to judge. */
import type { Page } from "@playwright/test";
import { accessible, expect, film, GONE, judge, judging, online, shots, signIn, test } from "./walk";

test.use({
  apart: true,
  expectedErrors: new RegExp(`${GONE.source}|ERR_INTERNET_DISCONNECTED|status of 50[234]`),
});

const verdict = (page: Page) => page.getByRole("heading", { name: "What this does not mean" });
const cancel = (page: Page) => page.getByRole("button", { name: "Cancel the run" });

test("without a server of models the page says why it waits, in both languages, and goes on when one comes", async ({
  page,
  server,
}) => {
  await judge(server).stop();
  const ada = await server.signUp("Ada");
  await signIn(page, ada);
  const id = await server.upload(ada, "samples/rocket.jpg");
  await page.goto(`/media/${id}`);
  await expect(page.getByText(/because no server that judges files answers/)).toBeVisible();
  await accessible(page);
  await shots(page, "result-waiting");
  await page.goto("/live");
  await expect(page.getByText(/because no server that judges files answers/)).toBeVisible();
  await page.getByRole("button", { name: /Account, theme/ }).click();
  await page.getByRole("menuitemradio", { name: "Deutsch" }).click();
  await expect(page.getByText(/weil kein Server antwortet, der Dateien prüft/)).toBeVisible();
  await page.goto(`/media/${id}`);
  await judge(server).launch();
  const meaning = page.getByRole("heading", { name: "Was das nicht bedeutet" });
  await expect(meaning).toBeVisible({ timeout: 90_000 });
});

test("the service is killed in the middle of a run, and the page shows the truth when it is back", async ({
  page,
  server,
}) => {
  const bob = await server.signUp("Bob");
  await judging(server);
  await signIn(page, bob);
  judge(server).pause();
  const id = await server.upload(bob, film(server));
  await page.goto(`/media/${id}`);
  await expect(page.getByText("Under way").first()).toBeVisible();
  await expect(online(page)).toBeVisible();
  await server.kill();
  await expect(page.getByText("The server cannot be reached.")).toBeVisible();
  // What was known is still there to be read.
  await expect(page.getByRole("heading", { level: 1, name: "portrait.mp4" })).toBeVisible();
  await server.launch();
  await expect(online(page)).toBeVisible();
  await expect(cancel(page)).toBeVisible();
  judge(server).resume();
  await expect(verdict(page)).toBeVisible({ timeout: 90_000 });
  await expect(cancel(page)).toHaveCount(0);
});

test("the network is cut while a run is watched, and what happened meanwhile is told when it is back", async ({
  page,
  context,
  server,
}) => {
  const carol = await server.signUp("Carol");
  await judging(server);
  await signIn(page, carol);
  judge(server).pause();
  const id = await server.upload(carol, "samples/machine-voice.wav");
  await page.goto(`/media/${id}`);
  await expect(page.getByText("Under way").first()).toBeVisible();
  await expect(online(page)).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText("The server cannot be reached.")).toBeVisible();
  await accessible(page);
  judge(server).resume();
  const status = async () =>
    ((await (await server.ask(carol, `/media/${id}`)).json()) as { status: string }).status;
  await expect.poll(status, { timeout: 60_000 }).toBe("ANALYZED");
  await expect(cancel(page)).toBeVisible();
  // Events are told again; the page itself is not loaded again.
  await page.evaluate(() => Object.assign(window, { same: true }));
  await context.setOffline(false);
  await expect(verdict(page)).toBeVisible();
  await expect(online(page)).toBeVisible();
  await expect(page.getByText("The server cannot be reached.")).toBeHidden();
  expect(await page.evaluate(() => "same" in window)).toBe(true);
});

test("while only live events are cut off, the page asks at intervals", async ({ page, server }) => {
  const dora = await server.signUp("Dora");
  await judging(server);
  // A proxy in between that lets no live connection through.
  await page.routeWebSocket(/socket\.io/, (socket) => socket.close());
  await page.route(/\/socket\.io\//, (route) => route.abort("connectionrefused"));
  await signIn(page, dora);
  judge(server).pause();
  const id = await server.upload(dora, "samples/rocket.jpg");
  await page.goto(`/media/${id}`);
  await expect(page.getByText("No live connection.")).toBeVisible();
  await expect(cancel(page)).toBeVisible();
  judge(server).resume();
  await expect(verdict(page)).toBeVisible({ timeout: 90_000 });
});

test("where the program of the live connection could not be fetched, the page asks at intervals, and the next one listens", async ({
  page,
  server,
}) => {
  const eve = await server.signUp("Eve");
  // Vite calls it after the folder of the package in which it lies.
  await page.route(/\/assets\/esm-/, (route) => route.abort("connectionrefused"));
  await signIn(page, eve);
  await expect(page.getByText("No live connection.")).toBeVisible();
  await page.unroute(/\/assets\/esm-/);
  await page.reload();
  await expect(online(page)).toBeVisible();
});
