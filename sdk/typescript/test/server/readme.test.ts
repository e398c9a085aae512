import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Served } from "../served.js";

const ROOT = join(import.meta.dirname, "../../..");

test("the README's first chat runs as it stands there, in 20 lines", async (t) => {
  const served = await Served.start();
  t.after(() => served.stop());
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  assert.ok(
    code
      .trim()
      .split("\n")
      .filter((line) => line !== "").length <= 20,
  );
  const file = join(ROOT, "build/first-chat.mjs");
  await writeFile(file, code);
  const env = { ...process.env, CHINWAG_URL: served.url };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env, timeout: 60_000 });
  assert.equal(stdout, "ana: Fancy a chinwag?\nben: Gladly!\n");
});
