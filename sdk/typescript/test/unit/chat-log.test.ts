import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ChatLog } from "../../src/driver/chat-log.js";
import { said } from "./frames.js";

const log = () => new ChatLog({ epoch: 1, seq: 0 });
const seqs = (frames: { seq: number }[]) => frames.map(({ seq }) => seq);

test("a live message before the catch-up moves no place over the gap", () => {
  const chat = log();
  chat.receive(said(1));
  assert.deepEqual(chat.receive(said(21)), { ready: [], gap: true, otherEpoch: false });
  assert.equal(chat.place.seq, 1);
  const shown = Array.from({ length: 19 }, (_, index) => chat.receive(said(index + 2)).ready).flat();
  assert.deepEqual(
    seqs(shown),
    Array.from({ length: 20 }, (_, index) => index + 2),
  );
});

test("another epoch is told and moves nothing", () => {
  const chat = log();
  assert.equal(chat.receive({ ...said(1), epoch: 2 }).otherEpoch, true);
  assert.equal(chat.place.seq, 0);
});

test("what is held beyond a restart comes out, what lies before is given up", () => {
  const chat = log();
  for (const seq of [3, 6, 7]) chat.receive(said(seq));
  assert.deepEqual(seqs(chat.restart({ epoch: 1, seq: 5 })), [6, 7]);
  chat.receive(said(9));
  assert.deepEqual(chat.restart({ epoch: 2, seq: 8 }), []);
});

test("beyond a gap a bounded number is held, and the furthest is given up first", () => {
  const chat = log();
  for (let seq = 1_200; seq > 1; seq -= 1) chat.receive(said(seq));
  const { ready } = chat.receive(said(1));
  assert.equal(ready.length, 1_001);
});

test("any order with doubles shows each place once, in order", () => {
  const places = Array.from({ length: 60 }, (_, index) => index + 1);
  fc.assert(
    fc.property(fc.shuffledSubarray([...places, ...places], { minLength: 120 }), (order) => {
      const chat = log();
      assert.deepEqual(seqs(order.flatMap((seq) => chat.receive(said(seq)).ready)), places);
    }),
  );
});

test("whatever is lost, doubled or late shows as a gap, and is repaired by asking after the place", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 40 }), (came) => {
      const chat = log();
      const shown = seqs(came.flatMap((seq) => chat.receive(said(seq)).ready));
      const head = Math.max(0, ...came);
      assert.equal(chat.hasGap, chat.place.seq < head);
      while (chat.place.seq < head) shown.push(...seqs(chat.receive(said(chat.place.seq + 1)).ready));
      assert.deepEqual(
        shown,
        Array.from({ length: head }, (_, index) => index + 1),
      );
    }),
  );
});
