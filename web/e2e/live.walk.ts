/** The live page while a video is judged, and two tabs that hear the same. */
import { accessible, expect, film, judge, judging, online, shots, signIn, test } from "./walk";

test.use({ apart: true });

test("a video is seen on its way on every tab, until its verdict is there", async ({
  page,
  context,
  server,
}) => {
  const ada = await server.signUp("Ada");
  await judging(server);
  await signIn(page, ada);
  await page.goto("/live");
  await expect(page.getByText("Nothing is being judged")).toBeVisible();
  const library = await context.newPage();
  await library.goto("/");
  await expect(online(library)).toBeVisible();

  judge(server).pause();
  const id = await server.upload(ada, film(server));
  const card = page.getByRole("listitem").filter({ hasText: "portrait.mp4" }).first();
  await expect(card.getByText("AI-generated picture (CLIP probe)")).toBeVisible();
  await expect(card.getByText("Under way").first()).toBeVisible();
  const row = library.getByRole("list", { name: "Files" }).getByRole("listitem");
  await expect(row.getByText("Under way")).toBeVisible();
  await accessible(page);
  await shots(page, "live-running");

  // What is said of progress comes and goes; a watcher in the page misses nothing.
  await page.evaluate(() => {
    const said: string[] = [];
    const note = () => {
      for (const bar of document.querySelectorAll('[role="progressbar"]'))
        said.push(bar.getAttribute("aria-valuetext") ?? "");
    };
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
    Object.assign(window, { said });
  });
  judge(server).resume();
  await expect(page.getByText("Nothing is being judged")).toBeVisible({ timeout: 60_000 });
  const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
  expect(said.join("\n")).toMatch(/frames|Frames/);
  await expect(row.getByText(/^(Done|Partly done)$/)).toBeVisible();

  await library.goto(`/media/${id}`);
  await expect(library.getByRole("heading", { name: "What this does not mean" })).toBeVisible();
  await library.getByRole("button", { name: /Account, theme/ }).click();
  await library.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
