import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

const ROOT = join(import.meta.dirname, "../../..");
/** Compressed by gzip: what every server has; brotli takes a tenth less. */
const MOST_BYTES = 15 * 1_024;

/** Bundles an entry and returns what is loaded with it: code that is loaded later, if at all, is apart. */
async function loadedWith(entry: string): Promise<Uint8Array> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outdir: "out",
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    metafile: true,
  });
  const { outputs } = result.metafile;
  const first = Object.keys(outputs).find((name) => outputs[name]?.entryPoint === entry);
  const names = withImports(outputs, first ?? "");
  const loaded = result.outputFiles.filter(({ path }) => names.has(path.slice(ROOT.length + 1)));
  return Buffer.concat(loaded.map(({ contents }) => contents));
}

function withImports(outputs: Metafile["outputs"], name: string, names = new Set<string>()): Set<string> {
  names.add(name);
  for (const { path, kind } of outputs[name]?.imports ?? []) {
    if (kind === "import-statement" && !names.has(path)) withImports(outputs, path, names);
  }
  return names;
}

for (const [what, entry] of [
  ["what a page loads", "src/index.ts"],
  ["the worker that keeps its connection", "src/worker.ts"],
] as const) {
  test(`${what} is at most 15 KB compressed`, async (t) => {
    const code = await loadedWith(entry);
    const compressed = gzipSync(code, { level: 9 }).length;
    t.diagnostic(`${what}: ${code.length} bytes, ${compressed} compressed`);
    assert.ok(compressed > 5_000 && compressed <= MOST_BYTES, `${compressed} bytes`);
  });
}
