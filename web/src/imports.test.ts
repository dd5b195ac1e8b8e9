/** The direction of imports: lib <- ui <- features <- routes <- app, and no feature imports another. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const SRC = join(process.cwd(), "src");
const LAYERS = ["lib", "ui", "features", "routes", "app"];

function sources(): string[] {
  const names = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /\.tsx?$/.test(name) && LAYERS.includes(name.split("/")[0] ?? ""));
}

/** Files of ours that a file imports, from `src`. */
function imports(name: string): string[] {
  const text = readFileSync(join(SRC, name), "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
  return found.flatMap((path) => {
    if (path.startsWith("@/")) return [path.slice(2)];
    return path.startsWith(".") ? [relative(SRC, join(SRC, dirname(name), path))] : [];
  });
}

function fault(name: string, imported: string): string | null {
  const [from, feature] = name.split("/");
  const [to, other] = imported.split("/");
  if (to === "testing") return name.includes(".test.") ? null : `${name}: ${imported} is for tests`;
  const [fromFloor, toFloor] = [LAYERS.indexOf(from ?? ""), LAYERS.indexOf(to ?? "")];
  if (toFloor < 0 || toFloor > fromFloor) return `${name} must not import ${imported}`;
  if (from === "features" && to === "features" && feature !== other)
    return `${name}: a feature imports ${other}`;
  return null;
}

test("imports point downwards, and features do not know each other", () => {
  const faults = sources().flatMap((name) => imports(name).map((imported) => fault(name, imported)));
  expect(faults.filter((one) => one !== null)).toEqual([]);
});

test("an import that points upwards is noticed", () => {
  expect(fault("lib/x.ts", "ui/Button")).not.toBeNull();
  expect(fault("features/live/x.tsx", "features/library/y")).not.toBeNull();
  expect(fault("features/live/x.tsx", "features/live/y")).toBeNull();
  expect(fault("app/x.tsx", "routes/y")).toBeNull();
});
