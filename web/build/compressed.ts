/** Compresses what was built, once and well, so that the server never has to; and keeps the first load small. */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What a browser loads before it shows anything: at most so many bytes, by the compression that every one has. */
const FIRST_LOAD_BYTES = 80 * 1024;
const TEXT = /\.(html|js|css|svg|webmanifest|json)$/;

/** Writes `.gz` and `.br` beside each text file; fails the build where the first load is too large. */
export function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => {
      folder = join(config.root, config.build.outDir);
    },
    async writeBundle() {
      const names = (await readdir(folder, { recursive: true })).filter((name) => TEXT.test(name));
      const sizes = new Map<string, number>();
      for (const name of names) sizes.set(`/${name}`, await compress(join(folder, name)));
      const page = await readFile(join(folder, "index.html"), "utf8");
      const first = ["/index.html", ...[...sizes.keys()].filter((name) => isFirst(name, page))];
      const total = first.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      const parts = first.map((name) => `${name} ${sizes.get(name)}`).join(", ");
      this.info(`the first load has ${total} of ${FIRST_LOAD_BYTES} bytes: ${parts}`);
      if (total > FIRST_LOAD_BYTES) this.error("the first load is too large");
    },
  };
}

/** The page names its scripts and styles; the worker that keeps the connection is loaded at once too. */
function isFirst(name: string, page: string): boolean {
  return page.includes(`"${name}"`) || /^\/assets\/worker-.*\.js$/.test(name);
}

/** Returns how many bytes the file has by gzip. */
async function compress(path: string): Promise<number> {
  const content = await readFile(path);
  const gzip = gzipSync(content, { level: 9 });
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  await Promise.all([writeFile(`${path}.gz`, gzip), writeFile(`${path}.br`, brotli)]);
  return gzip.length;
}
