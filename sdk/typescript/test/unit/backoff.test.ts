import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../src/driver/backoff.js";

test("pauses grow to the cap and start anew after a stable connection", () => {
  const backoff = new Backoff();
  const bounds = Array.from({ length: 8 }, () => backoff.next(1));
  assert.deepEqual(bounds, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  backoff.reset();
  assert.equal(backoff.next(0.5), 500);
  assert.equal(backoff.next(0), 0);
});
