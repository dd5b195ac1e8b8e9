// Turns the documents into the folder dist/docs: plain files for any web server, with navigation and search, under the
// same Content-Security-Policy as the app. Fails where a link leads nowhere or a document contradicts the code.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { deployment, drawings, metrics, routes } from "./check.mjs";
import { escaped, render } from "./markdown.mjs";
import { groups, root } from "./pages.mjs";

const out = fileURLToPath(new URL("../dist/docs/", import.meta.url));
const here = fileURLToPath(new URL("./", import.meta.url));

const navigation = groups();
const pages = navigation.flatMap((group) => group.pages);
// A page that lists the others of its folder.
for (const page of pages.filter(({ source }) => source.endsWith("decisions/README.md"))) {
  const others = pages.filter(({ source }) => source.startsWith("docs/decisions/0"));
  page.text += `\n${others.map(({ source, title }) => `* [${title}](${posix.basename(source)})`).join("\n")}\n`;
}
const places = new Map(pages.map(({ source, place }) => [source, place]));
const rendered = pages.map((page) => ({ ...page, ...render(page, places) }));

const faults = [
  ...rendered.flatMap((page) => page.faults),
  ...lostAnchors(),
  ...(await drawings(pages)),
  ...routes(pages),
  ...deployment(),
  ...metrics(pages),
];
if (faults.length > 0) {
  process.stderr.write(`docs: ${faults.length} faults\n${faults.map((fault) => `  ${fault}\n`).join("")}`);
  process.exit(1);
}

await rm(out, { recursive: true, force: true });
for (const [number, page] of rendered.entries())
  await put(page.place, whole(page, rendered[number - 1], rendered[number + 1]));
for (const source of new Set(rendered.flatMap((page) => [...page.copies])))
  await copy(join(root, source), source.replace(/^docs\//, ""));
await put("search.json", JSON.stringify(rendered.flatMap(sections)));
for (const name of ["site.css", "site.js"]) await put(name, await readFile(join(here, name), "utf8"));
for (const name of ["theme.js", "icon.svg"]) await copy(join(here, "../public", name), name);
process.stdout.write(`docs: ${rendered.length} pages\n`);

/** Links to a heading that is not there. */
function lostAnchors() {
  const ids = new Map(rendered.map(({ place, headings }) => [place, new Set(headings.map(({ id }) => id))]));
  return rendered.flatMap(({ source, links }) =>
    links
      .filter(({ place, anchor }) => anchor && !ids.get(place)?.has(anchor))
      .map(({ place, anchor }) => `${source}: ${place} has no heading #${anchor}`),
  );
}

/** Writes a file, and small variants of a text for servers that pass them on as they are. */
async function put(place, text) {
  const path = join(out, place);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  if (text.length < 1024) return;
  await writeFile(`${path}.br`, brotliCompressSync(text));
  await writeFile(`${path}.gz`, gzipSync(text, { level: 9 }));
}

async function copy(from, place) {
  await mkdir(dirname(join(out, place)), { recursive: true });
  await copyFile(from, join(out, place));
}

/** What the search looks through: each heading with the words below it. */
function sections({ place, title, html, headings }) {
  const parts = html.replace(/<svg.*?<\/svg>/gs, "").split(/(?=<h[1-3] id=)/);
  return parts.map((part) => {
    const id = part.match(/^<h[1-3] id="([^"]+)"/)?.[1];
    const heading = headings.find((one) => one.id === id);
    const text = part
      .replace(/^<h.*?<\/h\d>/s, "")
      .replace(/<[^>]+>/g, " ")
      .replace(/&lt;|&gt;/g, " ")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&")
      .replace(/\s+/g, " ")
      .trim();
    const isTop = !heading || heading.level === 1;
    return { url: isTop ? place : `${place}#${id}`, page: title, heading: isTop ? "" : heading.text, text };
  });
}

function whole(page, before, after) {
  const up = "../".repeat(page.place.split("/").length - 1);
  const to = (other) => posix.relative(posix.dirname(page.place), other.place) || posix.basename(other.place);
  const menu = navigation.map(
    ({ title, pages: own }) =>
      `<section><h2>${escaped(title)}</h2><ul>${own.map((one) => entry(one, page, to)).join("")}</ul></section>`,
  );
  const parts = page.headings.filter(({ level }) => level === 2);
  const contents =
    parts.length > 1
      ? `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${parts.map(({ id, text }) => `<li><a href="#${id}">${escaped(text)}</a></li>`).join("")}</ul></nav>`
      : "";
  const step = (other, words, rel) =>
    other
      ? `<a rel="${rel}" href="${to(other)}"><span>${words}</span> ${escaped(other.title)}</a>`
      : "<span></span>";
  const name = page.place === "index.html" ? "Drishtiksha: documentation" : `${page.title} · Drishtiksha`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(name)}</title>
<link rel="icon" href="${up}icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${up}site.css">
<script src="${up}theme.js"></script>
<script type="module" src="${up}site.js" data-root="${up}"></script>
</head>
<body>
<a class="skip" href="#content">To the text</a>
<header>
<a class="brand" href="${up}index.html"><img src="${up}icon.svg" alt="" width="24" height="24">Drishtiksha</a>
<search><form><label for="search">Search</label><input id="search" type="search" name="q" placeholder="Search" autocomplete="off" aria-controls="found" aria-expanded="false" role="combobox" aria-autocomplete="list"><div id="found" role="listbox" aria-label="Found" hidden></div></form></search>
<button type="button" id="theme" hidden>Theme</button>
</header>
<div class="frame">
<details class="menu" open><summary>Pages</summary><nav aria-label="Pages">${menu.join("")}</nav></details>
<main id="content" tabindex="-1">
${contents}<article>
${page.html}</article>
<nav class="steps" aria-label="Before and after">${step(before, "Before:", "prev")}${step(after, "Next:", "next")}</nav>
</main>
</div>
</body>
</html>
`;
}

/** An entry of the menu; cards and decisions appear only beside each other. */
function entry(one, page, to) {
  const hidden = /^docs\/decisions\/0|card\.md$/;
  const kin = (source) =>
    source.match(/^docs\/decisions\//)
      ? "decisions"
      : source.match(/^models\/|docs\/models\.md/)
        ? "models"
        : source;
  if (hidden.test(one.source) && kin(one.source) !== kin(page.source)) return "";
  const here = one === page || one.source === page.source;
  return `<li${hidden.test(one.source) ? ' class="deeper"' : ""}><a href="${to(one)}"${here ? ' aria-current="page"' : ""}>${escaped(one.title)}</a></li>`;
}
