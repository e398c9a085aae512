import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compressed } from "./build/compressed.ts";
import { emojiList } from "./build/emoji.ts";
import { serviceWorker } from "./build/service-worker.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@chinwag\/client\/worker/, replacement: path("../sdk/typescript/src/worker.ts") },
      { find: "@chinwag/client", replacement: path("../sdk/typescript/src/index.ts") },
    ],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  build: {
    outDir: "dist/client",
    target: "es2024",
    // What is embedded is never looked at by a person; the sources are beside it.
    sourcemap: false,
    modulePreload: { polyfill: false },
    // Everything by its own address: the policy allows no code in other places.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { app: path("index.html"), "service-worker": path("src/service-worker/main.ts") },
      output: {
        entryFileNames: ({ name }) => (name === "service-worker" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  plugins: [emojiList(), serviceWorker(), compressed()],
  server: { proxy: { "/v1": { target: "http://127.0.0.1:8080", ws: true } } },
});
