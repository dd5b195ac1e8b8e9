// Which pages the documents have, where each goes, and in which order they are shown.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

const read = (path) => readFileSync(join(root, path), "utf8");

/** Where a page goes below the folder of the site. */
function place(source) {
  const card = source.match(/^models\/([^/]+)\/([^/]+)\/card\.md$/);
  if (card) return `models/${card[1]}.html`;
  if (source === "SECURITY.md") return "reporting.html";
  if (source === "README.md") return "readme.html";
  return source
    .replace(/^docs\//, "")
    .replace(/README\.md$/, "index.html")
    .replace(/\.md$/, ".html")
    .toLowerCase();
}

/** Files that a pattern with stars means, sorted. */
function files(pattern) {
  let found = [""];
  for (const part of pattern.split("/")) {
    const fits = new RegExp(`^${part.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
    found = found.flatMap((folder) => {
      const path = join(root, folder);
      if (!existsSync(path) || !statSync(path).isDirectory()) return [];
      if (!part.includes("*")) return existsSync(join(path, part)) ? [join(folder, part)] : [];
      return readdirSync(path)
        .filter((name) => fits.test(name))
        .sort()
        .map((name) => join(folder, name));
    });
  }
  return found;
}

/** The groups of the navigation, each with its pages; pages of docs/ that are in none are shown last. */
export function groups() {
  const seen = new Set();
  const result = JSON.parse(read("docs/navigation.json")).map(({ title, pages }) => ({
    title,
    pages: pages
      .flatMap(files)
      .filter((source) => !seen.has(source) && seen.add(source))
      .map(page),
  }));
  const more = everything("docs").filter((source) => source.endsWith(".md") && !seen.has(source));
  return more.length === 0 ? result : [...result, { title: "More", pages: more.map(page) }];
}

function page(source) {
  const text = read(source);
  const title = text.match(/^# (.*)$/m)?.[1];
  if (!title) throw new Error(`${source} has no title`);
  return {
    source,
    place: place(source),
    text,
    // The first page of the repository has the same heading as that of the documents.
    title: source === "README.md" ? "The README" : title.replaceAll("`", ""),
  };
}

function everything(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? everything(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );
}

/**
 * True for what is in the repository, a file or a folder; what commands make there counts too. Images are built from a part
 * of the repository, where nothing can be said of the rest.
 */
export function isInRepository(path) {
  return existsSync(join(root, path)) || !existsSync(join(root, ".git")) || isIgnored(path);
}

function isIgnored(path) {
  try {
    execFileSync("git", ["-C", root, "check-ignore", "--quiet", "--", path]);
    return true;
  } catch {
    return false;
  }
}
