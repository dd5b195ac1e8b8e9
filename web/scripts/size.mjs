// Adds up the scripts that a browser needs for the first look at a page, and fails above the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 250 * 1024;
const PAGES = ["src/routes/sign-in.tsx", "src/routes/library.tsx"];
// Fetched as soon as somebody is signed in.
const ALWAYS = ["index.html", "node_modules/socket.io-client/build/esm/index.js"];

const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

function scripts(names, found = new Set()) {
  for (const name of names) {
    const chunk = manifest[name];
    if (!chunk) throw new Error(`${name} is no part of the build; the names in this script are old`);
    if (found.has(chunk.file)) continue;
    found.add(chunk.file);
    scripts(chunk.imports ?? [], found);
  }
  return found;
}

let tooLarge = false;
for (const page of PAGES) {
  const files = [...scripts([...ALWAYS, page])];
  const bytes = files.map((file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  const sum = bytes.reduce((sum, size) => sum + size, 0);
  tooLarge ||= sum > BUDGET;
  process.stdout.write(
    `${page}: ${(sum / 1024).toFixed(1)} of ${BUDGET / 1024} kB gzip in ${files.length} scripts\n`,
  );
}
process.exitCode = tooLarge ? 1 : 0;
