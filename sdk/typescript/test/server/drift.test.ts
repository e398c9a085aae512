import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { describedBy, GENERATED } from "../../scripts/described.js";
import { Served } from "../served.js";

test("the types are those that the server describes (else: npm run generate)", async (t) => {
  const served = await Served.start();
  t.after(() => served.stop());
  const committed = await readFile(join(import.meta.dirname, "../../..", GENERATED), "utf8");
  assert.equal(committed, await describedBy(served.url));
});
