import base from "./playwright.config";

/** What `npm run smooth` runs: no walk, but a measurement. */
export default { ...base, testMatch: "smooth.measure.ts", timeout: 600_000 };
