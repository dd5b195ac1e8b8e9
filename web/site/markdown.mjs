// Turns one page of Markdown into HTML that needs no inline script or style.
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import MarkdownIt from "markdown-it";
import { isInRepository, root } from "./pages.mjs";

export const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** As GitHub makes them, so that one link fits both. */
function slug(text) {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

/**
 * Renders `page`. `places` are the places of all pages by their sources. Gives the HTML, its headings, the links to
 * other pages with their anchors, files to be copied, and what leads nowhere.
 */
export function render(page, places) {
  const found = { headings: [], links: [], copies: new Set(), faults: [] };
  const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
  const { rules } = markdown.renderer;
  const own = (name, rule) => {
    rules[name] = rule;
  };
  const plain = (tokens, index, options, _, self) => self.renderToken(tokens, index, options);

  const taken = new Map();
  own("heading_open", (tokens, index, options, env, self) => {
    const token = tokens[index];
    const text = words(tokens[index + 1]);
    const count = taken.get(slug(text)) ?? 0;
    taken.set(slug(text), count + 1);
    const id = count === 0 ? slug(text) : `${slug(text)}-${count}`;
    token.attrSet("id", id);
    found.headings.push({ level: Number(token.tag.slice(1)), id, text });
    return plain(tokens, index, options, env, self);
  });
  own("heading_close", (tokens, index) => {
    const { id, text } = found.headings.at(-1);
    const link =
      tokens[index].tag === "h1"
        ? ""
        : ` <a class="anchor" href="#${id}" aria-label="Link to ${escaped(text)}">#</a>`;
    return `${link}</${tokens[index].tag}>\n`;
  });
  let tables = 0;
  // What is too wide is scrolled by itself, with the keyboard too.
  own("table_open", () => {
    tables += 1;
    const near = found.headings.at(-1)?.text ?? page.title;
    return `<div class="wide" tabindex="0" role="region" aria-label="Table ${tables}: ${escaped(near)}"><table>\n`;
  });
  own("table_close", () => "</table></div>\n");
  own("th_open", (tokens, index) => (words(tokens[index + 1]) === "" ? "<td>" : '<th scope="col">'));
  own("th_close", (tokens, index) => (words(tokens[index - 1]) === "" ? "</td>" : "</th>"));
  own("td_open", () => "<td>");
  own("fence", (tokens, index) => {
    const [language, ...rest] = tokens[index].info.trim().split(/\s+/);
    const file = rest.find((word) => word.startsWith("file="))?.slice(5);
    const name = file
      ? `<p class="file">${language === "diff" ? "Change " : "New file "}<code>${escaped(file)}</code></p>`
      : "";
    const body = language === "diff" ? diff(tokens[index].content) : escaped(tokens[index].content);
    return `${name}<pre tabindex="0"${language ? ` data-language="${escaped(language)}"` : ""}><code>${body}</code></pre>\n`;
  });
  own(
    "code_block",
    (tokens, index) => `<pre tabindex="0"><code>${escaped(tokens[index].content)}</code></pre>\n`,
  );
  own("image", (tokens, index) => {
    const token = tokens[index];
    return picture(page, token.attrGet("src"), words(token), found);
  });
  const open = [];
  own("link_open", (tokens, index, options, env, self) => {
    const token = tokens[index];
    const link = resolve(page, token.attrGet("href"), places, found);
    open.push(link ? "a" : "span");
    if (!link) return '<span class="source">';
    token.attrSet("href", link);
    return plain(tokens, index, options, env, self);
  });
  own("link_close", () => `</${open.pop()}>`);

  const html = markdown.render(page.text);
  return { ...found, html };
}

const words = (token) =>
  (token?.children ?? [])
    .filter(({ type }) => ["text", "code_inline", "softbreak"].includes(type))
    .map(({ type, content }) => (type === "softbreak" ? " " : content))
    .join("");

function diff(text) {
  const look = { "+": "ins", "-": "del" };
  return text
    .split("\n")
    .map((line) => (look[line[0]] ? `<${look[line[0]]}>${escaped(line)}</${look[line[0]]}>` : escaped(line)))
    .join("\n");
}

/** Where a link of a page leads: the address within the site, or nothing for a file of the repository. */
function resolve(page, target, places, found) {
  if (/^[a-z]+:/.test(target)) return target;
  const [path, anchor] = target.split("#");
  const source =
    path === ""
      ? page.source
      : posix.normalize(posix.join(posix.dirname(page.source), path)).replace(/\/$/, "");
  const place = places.get(source) ?? places.get(`${source}/README.md`);
  if (!place) {
    if (source.startsWith("..") || !isInRepository(source))
      found.faults.push(`${page.source}: ${target} leads nowhere`);
    return null;
  }
  found.links.push({ place, anchor });
  const relative = posix.relative(posix.dirname(page.place), place);
  return path === "" ? `#${anchor}` : `${relative || posix.basename(place)}${anchor ? `#${anchor}` : ""}`;
}

/** Diagrams become part of the page, so that they take its colours; other pictures are copied. */
function picture(page, target, alt, found) {
  const source = posix.normalize(posix.join(posix.dirname(page.source), target));
  if (/^[a-z]+:/.test(target) || !existsSync(join(root, source))) {
    found.faults.push(`${page.source}: the picture ${target} is not there`);
    return "";
  }
  if (alt === "")
    found.faults.push(`${page.source}: the picture ${target} has no words for those who cannot see it`);
  found.copies.add(source);
  const address = posix.relative(posix.dirname(page.place), source.replace(/^docs\//, ""));
  if (!source.endsWith(".svg")) return `<img src="${address}" alt="${escaped(alt)}" loading="lazy">`;
  const drawing = readFileSync(join(root, source), "utf8").trim().replace("<svg ", '<svg class="diagram" ');
  return `<span class="drawing"><span class="wide" tabindex="0" role="region" aria-label="Diagram: ${escaped(alt)}">${drawing}</span><a href="${address}">The drawing by itself</a></span>`;
}
