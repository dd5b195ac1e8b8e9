// What the documents say of the code, compared with the code: drawings with their sources, routes with the OpenAPI
// document. Rooms are compared by `cargo xtask diagrams`, tables by a test of `dk-sql`.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { figures, fill } from "../../tools/diagrams/figures.mjs";
import { root } from "./pages.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");

/** One line per drawing that is older than its source or its figures, or that no page shows. */
export async function drawings(pages) {
  const folder = "docs/diagrams";
  const numbers = await figures();
  const names = readdirSync(join(root, folder));
  return names.flatMap((name) => {
    const [stem, end] = [name.replace(/\.\w+$/, ""), name.split(".").at(-1)];
    const shown = pages.some(({ text }) => text.includes(`diagrams/${stem}.svg`));
    const faults = end === "svg" && !shown ? [`${folder}/${name} is shown on no page`] : [];
    if (end !== "mmd" && end !== "json") return faults;
    const hash = createHash("sha256")
      .update(fill(read(`${folder}/${name}`), numbers))
      .digest("hex");
    const drawn =
      names.includes(`${stem}.svg`) && read(`${folder}/${stem}.svg`).includes(`data-source="${hash}"`);
    return drawn ? faults : [...faults, `${folder}/${stem}.svg is old: make diagrams`];
  });
}

/** One line per address of the API that a page or a diagram names and the service does not have. */
export function routes(pages) {
  const paths = Object.keys(JSON.parse(read("docs/openapi.json")).paths);
  const extra = ["/api/docs", "/api/openapi.json", "/api/v1"];
  const known = paths.map((path) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`));
  const diagrams = readdirSync(join(root, "docs/diagrams")).filter((name) => name.endsWith(".mmd"));
  const texts = [
    ...pages.filter(({ source }) => source.startsWith("docs/") && !/add-an-api-route/.test(source)),
    ...diagrams.map((name) => ({ source: `docs/diagrams/${name}`, text: read(`docs/diagrams/${name}`) })),
  ];
  return texts.flatMap(({ source, text }) =>
    [...text.matchAll(/(?<!crates|lib|tests)\/api(?:\/[\w{}$.…-]+)*/g)]
      .map(([path]) => path.replace(/[.…]+$/, "").replace(/\/$/, ""))
      .filter((path) => path !== "/api" && !extra.includes(path) && !known.some((one) => one.test(path)))
      .map((path) => `${source}: there is no ${path}`),
  );
}

/** One line per service, network or volume of the compose file that the drawing of the deployment does not show. */
export function deployment() {
  const [compose, drawing] = ["deploy/compose.yaml", "docs/diagrams/deployment.mmd"];
  if (!existsSync(join(root, compose))) return [];
  const sections = read(compose).split(/^(?=\S)/m);
  const named = sections
    .filter((section) => /^(services|networks|volumes):/.test(section))
    .flatMap((section) => [...section.matchAll(/^ {2}([\w-]+):/gm)].map(([, name]) => name));
  const shown = read(drawing);
  const lost = named.filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(shown));
  return lost.map((name) => `${drawing} does not show ${name} of ${compose}`);
}

/** One line per figure that a table of a page names and no role gives. */
export function metrics(pages) {
  const sources = rustFiles("crates").map(read).join("\n");
  const rows = pages.flatMap(({ source, text }) => text.split("\n").map((line) => ({ source, line })));
  return rows
    .filter(({ line }) => /^\| `[a-z_]+_(total|seconds|bytes|connected|jobs)`/.test(line))
    .flatMap(({ source, line }) =>
      [...line.split("|")[1].matchAll(/`([a-z_]+)`/g)].map(([, name]) => ({ source, name })),
    )
    .filter(({ name }) => sources !== "" && !sources.includes(`"${name}"`))
    .map(({ source, name }) => `${source}: no role gives ${name}`);
}

/** Sources of the program; none where only a part of the repository is there. */
function rustFiles(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /node_modules|tests/.test(entry.name) ? [] : rustFiles(path);
    return path.endsWith(".rs") ? [path] : [];
  });
}
