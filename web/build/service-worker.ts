/** Tells the service worker which files the client is made of. */

import { createHash } from "node:crypto";
import type { Plugin } from "vite";

/** Puts the names of all built files, and a version that changes with them, before `sw.js`. */
export function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") return this.error("there is no sw.js to tell the files to");
      const files = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
      const page = bundle["index.html"];
      const content = JSON.stringify([files, page?.type === "asset" ? String(page.source) : ""]);
      const version = createHash("sha256").update(content).digest("hex").slice(0, 12);
      const built = JSON.stringify({ version, files: files.map((name) => `/${name}`) });
      worker.code = `const BUILT=${built};${worker.code}`;
    },
  };
}
