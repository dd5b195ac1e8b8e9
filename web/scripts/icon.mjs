// Writes public/favicon.ico from public/icon.svg: for what asks for that address without having been told of the other, such as
// a picture that is opened by itself.
import { readFile, writeFile } from "node:fs/promises";
import { chromium } from "@playwright/test";

const SIDES = [16, 32, 48];
const shared = new URL("../public/", import.meta.url);

/** The icon as PNG, one a side. */
async function pictures() {
  const svg = (await readFile(new URL("icon.svg", shared))).toString("base64");
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  const page = await browser.newPage();
  const made = [];
  for (const side of SIDES) {
    await page.setViewportSize({ width: side, height: side });
    await page.setContent(
      `<body style="margin:0"><img src="data:image/svg+xml;base64,${svg}" width="${side}" height="${side}" style="display:block">`,
    );
    made.push(await page.screenshot({ omitBackground: true }));
  }
  await browser.close();
  return made;
}

/** An ICO whose entries are PNG. */
function ico(pngs) {
  const head = Buffer.alloc(6 + 16 * pngs.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pngs.length, 4);
  let offset = head.length;
  for (const [index, png] of pngs.entries()) {
    const at = 6 + 16 * index;
    head.set([SIDES[index], SIDES[index], 0, 0, 1, 0, 32, 0], at);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...pngs]);
}

await writeFile(new URL("favicon.ico", shared), ico(await pictures()));
