// Draws the bars of docs/diagrams/bottlenecks.json. A bar is the load divided by what was measured of that part.

const [WIDTH, LEFT, SPAN, TOP, STEP] = [1040, 16, 620, 84, 92];
const INK = "var(--d-ink, #1b2027)";
const LINE = "var(--d-line, #5b6673)";
const PLATE = "var(--d-soft, #eceff3)";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** "135 / 4" as a number; nothing else is understood. */
function quotient(text) {
  const [above, below] = text.split("/").map(Number);
  if (!(above > 0 && below > 0)) throw new Error(`${text} is no capacity`);
  return above / below;
}

const percent = (share) =>
  `${share >= 0.1 ? Math.round(share * 100) : Number((share * 100).toPrecision(1))} %`;
const colour = (share) =>
  share >= 0.7 ? "#dc2626" : share >= 0.3 ? "#d97706" : share >= 0.1 ? "#b08900" : "#0f9d6c";

export function bars({ title, description, load, perSecond, parts }, font) {
  const text = (x, y, words, more = "") =>
    `<text x="${x}" y="${y}" font-size="14" fill="${INK}"${more}>${escaped(words)}</text>`;
  const bar = (y, share, height) => {
    const width = Math.max(2, Math.min(1, share) * SPAN);
    return `<rect x="${LEFT}" y="${y}" width="${SPAN}" height="${height}" fill="${PLATE}"/><rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${height}" fill="${colour(share)}"/>`;
  };
  const rows = parts
    .map((part) => ({ ...part, share: perSecond / quotient(part.filmsPerSecond) }))
    .sort((one, other) => other.share - one.share)
    .map(({ name, measured, remedy, share }, number) => {
      const y = TOP + number * STEP;
      return [
        text(LEFT, y, name, ' font-weight="600"'),
        text(LEFT + SPAN + 90, y, `measured: ${measured}`),
        text(LEFT + SPAN + 90, y + 20, `remedy: ${remedy}`),
        bar(y + 10, share, 14),
        text(LEFT + SPAN + 10, y + 22, `${percent(share)}`),
        bar(y + 32, share * 10, 14),
        text(LEFT + SPAN + 10, y + 44, `${percent(share * 10)}`),
      ].join("");
    });
  const height = TOP + parts.length * STEP + 10;
  const ends = [0, 0.5, 1].map((share) =>
    text(
      LEFT + share * SPAN,
      58,
      `${share * 100} %`,
      ` text-anchor="${share === 0 ? "start" : share === 1 ? "end" : "middle"}"`,
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="bottlenecks-0" aria-describedby="bottlenecks-1" viewBox="0 0 ${WIDTH + 80} ${height}" width="${WIDTH + 80}" height="${height}" font-family="${font}"><title id="bottlenecks-0">${escaped(title)}</title><desc id="bottlenecks-1">${escaped(description)}</desc><rect width="${WIDTH + 80}" height="${height}" fill="var(--d-ground, #ffffff)"/>${text(LEFT, 26, `Upper bar: ${load}. Lower bar: ten times that. At 100 % that part is full on the machine that was measured.`)}${ends.join("")}<line x1="${LEFT}" y1="64" x2="${LEFT + SPAN}" y2="64" stroke="${LINE}"/>${rows.join("")}</svg>`;
}
