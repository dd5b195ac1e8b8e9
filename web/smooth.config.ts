import base from "./playwright.config";

/** What `npm run smooth` runs: no walk, but a measurement. A trace copies the page at every turn of the wheel, and is late itself. */
export default {
  ...base,
  testMatch: "smooth.measure.ts",
  timeout: 600_000,
  use: { ...base.use, trace: "off" as const },
};
