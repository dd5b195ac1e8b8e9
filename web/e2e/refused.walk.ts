import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accessible, expect, shots, signIn, test, testdata } from "./walk";

test.use({ settings: { DRISHTIKSHA_MAX_FILE_BYTES: "1000" } });

test("a file that cannot be judged is refused with its reason, and nothing is sent", async ({
  page,
  server,
}) => {
  await signIn(page, await server.signUp("Carol"));
  const [empty, words] = [join(server.home, "empty.jpg"), join(server.home, "words.jpg")];
  await writeFile(empty, "");
  await writeFile(words, "only words");
  await expect(page.getByText(/up to 1,?000/)).toBeVisible();
  const input = page.getByLabel("Choose files").and(page.locator("input"));
  await input.setInputFiles([empty, words, testdata("samples/rocket.jpg")]);
  await expect(page.getByText("The file is empty.")).toBeVisible();
  await expect(page.getByText("This is no picture, sound or video that can be judged.")).toBeVisible();
  await expect(page.getByText("The file is too large.")).toBeVisible();
  await accessible(page);
  await shots(page, "library-refused");
});
