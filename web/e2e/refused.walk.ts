import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accessible, expect, shots, signIn, test, testdata } from "./walk";

test.use({ settings: { DRISHTIKSHA_MAX_FILE_BYTES: "1000" }, expectedErrors: /status of 422/ });

test("a file that cannot be judged is refused with its reason, and nothing is kept", async ({
  page,
  server,
}) => {
  await signIn(page, await server.signUp("Carol"));
  const at = (name: string) => join(server.home, name);
  const [empty, words, broken] = [at("empty.jpg"), at("words.jpg"), at("broken.jpg")];
  await writeFile(empty, "");
  await writeFile(words, "only words");
  // Begins as a picture does, and ends where its content would begin: only the service finds out.
  await writeFile(broken, (await readFile(testdata("samples/rocket.jpg"))).subarray(0, 200));
  await expect(page.getByText(/up to 1,?000/)).toBeVisible();
  const input = page.getByLabel("Choose files").and(page.locator("input"));
  await input.setInputFiles([empty, words, broken, testdata("samples/rocket.jpg")]);
  await expect(page.getByText("The file is empty.")).toBeVisible();
  await expect(page.getByText("This is no picture, sound or video that can be judged.")).toBeVisible();
  await expect(page.getByText("The file is too large. At most 1,000 bytes.")).toBeVisible();
  await expect(page.getByText("The file is damaged or cannot be read.")).toBeVisible();
  await expect(page.getByText("No files yet")).toBeVisible();
  await accessible(page);
  await shots(page, "library-refused");
});
