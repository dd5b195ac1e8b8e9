import { execFileSync } from "node:child_process";
import { defineConfig } from "@playwright/test";

/** The system's browser; nothing is downloaded. */
function chromium(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error("Chromium is missing: apt-get install chromium, or name one in CHROMIUM");
}

// Its sandbox does not work for root, as in many containers.
const isRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.walk.ts",
  outputDir: "test-results",
  // Each walk has a server of its own that judges with real models: more of them at once are only slower.
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: !!process.env.CI,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: chromium(), args: isRoot ? ["--no-sandbox"] : [] },
    actionTimeout: 30_000,
    locale: "en-GB",
    timezoneId: "UTC",
    trace: "retain-on-failure",
  },
});
