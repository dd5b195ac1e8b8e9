import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accessible, drop, expect, shots, signIn, test, testdata } from "./walk";

test.use({
  apart: true,
  settings: { DRISHTIKSHA_MAX_FILE_BYTES: "102400", DRISHTIKSHA_MAX_MEDIA_SECS: "2" },
  expectedErrors: /status of 422/,
});

test("a file that cannot be judged is refused with its reason, and nothing is kept", async ({
  page,
  server,
}) => {
  await signIn(page, await server.signUp("Carol"));
  const folder = join(server.home, "refused");
  const at = (name: string) => join(folder, name);
  await mkdir(at("further"), { recursive: true });
  const [empty, words, broken] = [at("empty.jpg"), at("words.jpg"), at("further/broken.jpg")];
  await writeFile(empty, "");
  await writeFile(words, "only words");
  // Begins as a picture does, and ends where its content would begin: only the service finds out.
  await writeFile(broken, (await readFile(testdata("samples/rocket.jpg"))).subarray(0, 200));
  await copyFile(testdata("samples/rocket.jpg"), at("large.jpg"));
  await copyFile(testdata("samples/reading.ogg"), at("long.ogg"));
  // By its name the browser takes it for nothing that it could play: only the service finds out.
  await copyFile(testdata("samples/reading.ogg"), at("further/longer"));
  await expect(page.getByText(/up to 100 kB/)).toBeVisible();
  await drop(page, [folder]);
  await expect(page.getByText("The file is empty.")).toBeVisible();
  await expect(page.getByText("This is no picture, sound or video that can be judged.")).toBeVisible();
  await expect(page.getByText("The file is too large. At most 100 kB.")).toBeVisible();
  await expect(page.getByText("The file is damaged or cannot be read.")).toBeVisible();
  await expect(page.getByText("The recording is too long. At most 0:02.")).toHaveCount(2);
  await expect(page.getByText("No files yet")).toBeVisible();
  await accessible(page);
  await shots(page, "library-refused");
});
