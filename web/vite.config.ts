/// <reference types="vitest/config" />
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const src = fileURLToPath(new URL("./src", import.meta.url));
const dist = fileURLToPath(new URL("./dist", import.meta.url));

/** Writes a brotli and a gzip variant beside each text file, so that the server compresses nothing twice. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async closeBundle() {
      const names = await readdir(dist, { recursive: true });
      const texts = names.filter((name) => /\.(html|js|css|svg)$/.test(name));
      await Promise.all(texts.map((name) => shrink(join(dist, name))));
    },
  };
}

async function shrink(path: string) {
  const bytes = await readFile(path);
  if (bytes.length < 1024) return;
  await writeFile(
    `${path}.br`,
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  );
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}

const server = process.env.DRISHTIKSHA_SERVER ?? "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [react(), tailwind(), compressed()],
  resolve: {
    alias: [
      { find: /^@\//, replacement: `${src}/` },
      // The original adds <style> elements, which our Content-Security-Policy refuses.
      { find: "react-remove-scroll", replacement: join(src, "ui/scroll-lock.tsx") },
    ],
  },
  build: {
    target: ["chrome120", "firefox121", "safari17"],
    modulePreload: { polyfill: false },
    manifest: true,
    // A file of its own for everything: `data:` is allowed for pictures only.
    assetsInlineLimit: 0,
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: { "/api": server, "/docs": server, "/socket.io": { target: server, ws: true } },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "site/*.test.mjs"],
    setupFiles: ["src/testing/setup.ts"],
    // The first test of a file also waits for its modules, on a machine that may be doing other things.
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    restoreMocks: true,
  },
});
