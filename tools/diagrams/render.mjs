// Draws docs/diagrams/*.mmd into SVG files beside them: Mermaid lays a diagram out in the system's Chromium, then every
// style becomes a plain attribute, so that the file needs no <style> element, no style attribute and no font of its own
// and can be shown under a strict Content-Security-Policy. Colours are variables with the light theme as their default.
// Drawings that are up to date are left alone, unless `--all` is given.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { bars } from "./bars.mjs";
import { chromiumPath, figures, fill } from "./figures.mjs";

const here = new URL("./", import.meta.url);
const diagrams = new URL("../../docs/diagrams/", import.meta.url);
const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("@playwright/test");

// Colours that stand for a role while Mermaid draws, and what they become.
const ROLES = {
  "#fffffe": "var(--d-ground, #ffffff)",
  "#f4f4f1": "var(--d-plate, #f6f7f9)",
  "#ececea": "var(--d-soft, #eceff3)",
  "#0a0a0c": "var(--d-ink, #1b2027)",
  "#6a6a6c": "var(--d-line, #5b6673)",
  "#b4b4b6": "var(--d-faint, #b9c0c9)",
};
const [GROUND, PLATE, SOFT, INK, LINE, FAINT] = Object.keys(ROLES);
const KINDS = {
  front: "#3b82f6",
  back: "#0f9d6c",
  ml: "#8b5cf6",
  db: "#2563eb",
  redis: "#dc2626",
  store: "#d97706",
};
const FONT = "system-ui, sans-serif";

const classes = [
  ...Object.entries(KINDS).map(([name, colour]) => `classDef ${name} stroke:${colour},stroke-width:2px`),
  `classDef quiet stroke:${FAINT},stroke-dasharray:4 3`,
  `classDef own stroke:${LINE},stroke-width:2px`,
  `classDef who stroke:#3b82f6,stroke-width:2px`,
  `classDef media stroke:#0f9d6c,stroke-width:2px`,
  `classDef results stroke:#8b5cf6,stroke-width:2px`,
  `classDef watching stroke:#d97706,stroke-width:2px`,
].join("\n  ");

const settings = {
  startOnLoad: false,
  securityLevel: "strict",
  deterministicIds: true,
  htmlLabels: false,
  fontFamily: "sans-serif",
  theme: "base",
  themeVariables: {
    fontFamily: "sans-serif",
    fontSize: "14px",
    background: GROUND,
    primaryColor: PLATE,
    primaryTextColor: INK,
    primaryBorderColor: LINE,
    secondaryColor: PLATE,
    tertiaryColor: PLATE,
    lineColor: LINE,
    textColor: INK,
    mainBkg: PLATE,
    nodeBorder: LINE,
    clusterBkg: SOFT,
    clusterBorder: FAINT,
    edgeLabelBackground: GROUND,
    actorBkg: PLATE,
    actorBorder: LINE,
    actorTextColor: INK,
    actorLineColor: FAINT,
    signalColor: LINE,
    signalTextColor: INK,
    labelBoxBkgColor: SOFT,
    labelBoxBorderColor: LINE,
    labelTextColor: INK,
    loopTextColor: INK,
    noteBkgColor: SOFT,
    noteBorderColor: LINE,
    noteTextColor: INK,
    activationBkgColor: FAINT,
    activationBorderColor: LINE,
    rowOdd: PLATE,
    rowEven: GROUND,
    attributeBackgroundColorOdd: PLATE,
    attributeBackgroundColorEven: GROUND,
  },
  flowchart: {
    htmlLabels: false,
    curve: "basis",
    padding: 12,
    nodeSpacing: 36,
    rankSpacing: 50,
    wrappingWidth: 300,
  },
  sequence: {
    mirrorActors: false,
    messageMargin: 26,
    boxMargin: 8,
    actorMargin: 20,
    width: 146,
    height: 40,
    wrap: true,
  },
  er: { layoutDirection: "LR", entityPadding: 10, fontSize: 12 },
};

/** Runs in the page: draws and turns every computed style into an attribute. */
async function draw({ source, settings, font }) {
  const { mermaid } = window;
  mermaid.initialize(settings);
  const { svg } = await mermaid.render("d", source);
  document.body.innerHTML = svg;
  const root = document.querySelector("svg");
  const keep = [
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-opacity",
    "opacity",
    "display",
    "visibility",
  ];
  const text = ["font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline"];
  const usual = {
    "fill-opacity": "1",
    stroke: "none",
    "stroke-width": "1px",
    "stroke-dasharray": "none",
    "stroke-opacity": "1",
    opacity: "1",
    display: "inline",
    visibility: "visible",
    "font-weight": "400",
    "font-style": "normal",
    "text-anchor": "start",
    "dominant-baseline": "auto",
  };
  const shapes = new Set([
    "rect",
    "path",
    "line",
    "circle",
    "ellipse",
    "polygon",
    "polyline",
    "text",
    "tspan",
  ]);
  const found = [...root.querySelectorAll("*")].map((element) => {
    const style = getComputedStyle(element);
    const names = shapes.has(element.localName)
      ? [...keep, ...(/^(text|tspan)$/.test(element.localName) ? text : [])]
      : ["opacity", "display", "visibility"];
    return [element, names.map((name) => [name, style.getPropertyValue(name)])];
  });
  for (const [element, values] of found) {
    const inText = element.localName === "tspan";
    for (const [name, value] of values) {
      // A tspan inherits from its text, so there only what differs is written.
      const inherited = inText && getComputedStyle(element.parentElement).getPropertyValue(name) === value;
      if (inherited || (!inText && value === (usual[name] ?? (name === "fill" ? "rgb(0, 0, 0)" : null))))
        element.removeAttribute(name);
      else element.setAttribute(name, value.replace(/px$/, ""));
    }
    for (const gone of [
      "style",
      "class",
      "data-id",
      "data-et",
      "data-node",
      "data-points",
      "data-edge",
      "data-look",
      "data-type",
      "data-label",
      "alignment-baseline",
      "font-family",
    ])
      element.removeAttribute(gone);
    for (const { name } of [...element.attributes])
      if (name.startsWith("data-")) element.removeAttribute(name);
  }
  for (const element of root.querySelectorAll("style, foreignObject")) element.remove();
  // Lifelines are drawn far too long and cut by the box that is left out here.
  const lifelines = [...root.querySelectorAll("line")].filter((line) => line.y2.baseVal.value === 2000);
  if (lifelines.length > 0) {
    for (const line of lifelines) line.setAttribute("y2", line.getAttribute("y1"));
    const end = Math.round(root.getBBox().y + root.getBBox().height + 12);
    for (const line of lifelines) line.setAttribute("y2", end);
  }
  const box = root.getBBox();
  const pad = 8;
  const [x, y, width, height] = [box.x - pad, box.y - pad, box.width + 2 * pad, box.height + 2 * pad].map(
    (n) => Math.round(n),
  );
  for (const { name } of [...root.attributes])
    if (!["aria-labelledby", "aria-describedby", "role"].includes(name) && name !== "xmlns")
      root.removeAttribute(name);
  root.setAttribute("role", "img");
  root.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  root.setAttribute("width", width);
  root.setAttribute("height", height);
  root.setAttribute("font-family", font);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, fill: "GROUND" }))
    ground.setAttribute(name, value);
  root.insertBefore(
    ground,
    root.querySelector("title, desc")?.parentNode === root
      ? (root.querySelector("desc") ?? root.querySelector("title")).nextSibling
      : root.firstChild,
  );
  const unused = [...root.querySelectorAll("marker, filter, linearGradient, symbol")].filter(
    ({ id }) => !root.outerHTML.includes(`#${id})`),
  );
  for (const element of unused) element.remove();
  return new XMLSerializer().serializeToString(root);
}

function coloured(svg) {
  const hex = (r, g, b) => `#${[r, g, b].map((n) => Number(n).toString(16).padStart(2, "0")).join("")}`;
  return svg
    .replace(/rgba?\((\d+), (\d+), (\d+)(?:, [\d.]+)?\)/g, (_, r, g, b) => hex(r, g, b))
    .replace(/fill="GROUND"/, `fill="${GROUND}"`)
    .replace(/"(#[0-9a-f]{6})"/g, (whole, colour) => (ROLES[colour] ? `"${ROLES[colour]}"` : whole))
    .replace(/"#000000"|"#333333"/g, `"${ROLES[INK]}"`);
}

/** Ids that no other diagram on the same page has, none that nothing refers to, and coordinates to a tenth. */
function named(svg, name) {
  const ids = [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  let result = svg;
  for (const [number, id] of ids.entries()) {
    const refers = new RegExp(`(#|aria-[a-z]+=")${id}(?=[)"])`, "g");
    const own = `${name}-${number}`;
    const isUsed = refers.test(result);
    result = result.replace(` id="${id}"`, isUsed ? ` id="${own}"` : "").replace(refers, `$1${own}`);
  }
  return result
    .replace(/(?<=[\s,"(A-Za-z-])-?\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10))
    .replace(/<g>(\s*)<\/g>/g, "");
}

/** The drawing that belongs to a source. */
const drawing = (name) => new URL(name.replace(/\w+$/, "svg"), diagrams);

const mark = (source) => `data-source="${createHash("sha256").update(source).digest("hex")}"`;

/** Whether the drawing was made from this source; layouts differ a little from time to time, so it is not made for nothing. */
async function isDrawn(name, source) {
  const svg = await readFile(drawing(name), "utf8").catch(() => "");
  return svg.includes(mark(source)) && !process.argv.includes("--all");
}

/** Writes a drawing with the checksum of what it was made from. */
async function put(name, source, svg) {
  await writeFile(drawing(name), `${svg.replace("<svg", `<svg ${mark(source)}`)}\n`);
  process.stdout.write(`${name}: ${svg.length} bytes\n`);
}

const numbers = await figures();
const measured = fill(await readFile(new URL("bottlenecks.json", diagrams), "utf8"), numbers);
if (!(await isDrawn("bottlenecks.json", measured)))
  await put("bottlenecks.json", measured, bars(JSON.parse(measured), FONT));
const names = (await readdir(diagrams)).filter((name) => name.endsWith(".mmd"));
const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.addScriptTag({ path: fileURLToPath(new URL("node_modules/mermaid/dist/mermaid.min.js", here)) });
  for (const name of names) {
    const source = fill(await readFile(new URL(name, diagrams), "utf8"), numbers);
    if (await isDrawn(name, source)) continue;
    const kind = source.trimStart().split(/\s/, 1)[0];
    const whole = ["flowchart", "erDiagram"].includes(kind) ? `${source}\n  ${classes}\n` : source;
    const svg = named(
      coloured(await page.evaluate(draw, { source: whole, settings, font: FONT })),
      name.slice(0, -4),
    );
    await put(name, source, svg);
  }
} finally {
  await browser.close();
}
