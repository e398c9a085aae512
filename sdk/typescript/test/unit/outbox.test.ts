import assert from "node:assert/strict";
import { test } from "node:test";
import "fake-indexeddb/auto";
import type { Change, OutboxEntry } from "../../src/driver/messages.js";
import { Outbox } from "../../src/driver/outbox.js";
import { indexedDbStore, memoryStore } from "../../src/driver/outbox-store.js";
import type { ErrorCode, FrameOf, Problem } from "../../src/protocol/index.js";
import { chat, message } from "./frames.js";

const NOW = 1_000_000;
const send = (chatId: string, content: string, clientId = content): Change => ({
  type: "send",
  chatId,
  content,
  clientId,
});
const ack: FrameOf<"ack"> = { type: "ack", epoch: 1, seq: 1, message: message(1) };
const keys = (entries: OutboxEntry[]) => entries.map(({ key }) => key);

function refusal(code: ErrorCode, over: Partial<Problem> = {}): FrameOf<"error"> {
  const problem: Problem = {
    type: "",
    title: "",
    status: 400,
    detail: "no",
    code,
    retryable: false,
    ...over,
  };
  return { type: "error", error: problem };
}

function outboxOf(...changes: Change[]): Outbox {
  const outbox = new Outbox(memoryStore(), 10);
  for (const change of changes) outbox.push(change.clientId ?? "", change, NOW);
  return outbox;
}

test("of each chat only the first is on its way, so that order holds over failures", () => {
  const outbox = outboxOf(send("1", "a"), send("1", "b"), send("2", "c"));
  assert.deepEqual(keys(outbox.sendable(NOW)), ["a", "c"]);
  assert.deepEqual(outbox.sendable(NOW), []);
  outbox.answered("a", ack, NOW);
  assert.deepEqual(keys(outbox.sendable(NOW)), ["b"]);
});

test("after a lost connection the same client id is sent again", () => {
  const outbox = outboxOf(send("1", "a"));
  const [first] = outbox.sendable(NOW);
  outbox.lost("a");
  assert.deepEqual(outbox.sendable(NOW), [first]);
});

test("an unknown outcome is tried again after the time named, and what follows waits", () => {
  const outbox = outboxOf(send("1", "a"), send("1", "b"));
  outbox.sendable(NOW);
  const next = outbox.answered("a", refusal("unknownOutcome", { retryable: true, retryAfterMs: 50 }), NOW);
  assert.deepEqual(next?.do === "again" && next.afterMs, 50);
  assert.deepEqual(outbox.sendable(NOW + 49), []);
  assert.deepEqual(keys(outbox.sendable(NOW + 50)), ["a"]);
});

test("a refused message stays for the person and holds up nothing; a refused edit is only told", () => {
  const edit: Change = { type: "edit", chatId: "1", messageId: "5", content: "x", clientId: "e" };
  const outbox = outboxOf(send("1", "a"), edit, send("1", "b"));
  outbox.sendable(NOW);
  outbox.answered("a", refusal("notFound"), NOW);
  assert.deepEqual(keys(outbox.sendable(NOW)), ["e"]);
  outbox.answered("e", refusal("messageDeleted"), NOW);
  assert.deepEqual(
    outbox.entries.map(({ key, state }) => [key, state]),
    [
      ["a", "failed"],
      ["b", "pending"],
    ],
  );
});

test("retrying sends after what waits, under the same id unless that one is used up", () => {
  for (const [code, id] of [
    ["forbidden", "a"],
    ["idempotencyConflict", "new"],
  ] as const) {
    const outbox = outboxOf(send("1", "a"), send("1", "b"));
    outbox.sendable(NOW);
    outbox.answered("a", refusal(code), NOW);
    const retried = outbox.retry("a", "new");
    assert.equal(retried?.request.clientId, id);
    assert.equal(retried?.failure, undefined);
    assert.deepEqual(keys(outbox.entries), ["b", "a"]);
  }
});

test("an id from the future is renewed under the same key", () => {
  const outbox = outboxOf(send("1", "a"));
  outbox.sendable(NOW);
  const next = outbox.answered(
    "a",
    refusal("clientIdFromFuture", { serverTime: "2026-01-01T00:00:00Z" }),
    NOW,
  );
  assert.equal(next?.do, "renew");
  outbox.renew("a", "new");
  assert.equal(outbox.sendable(NOW)[0]?.request.clientId, "new");
});

test("what is on its way can't be given up, what waits can", () => {
  const outbox = outboxOf(send("1", "a"), send("1", "b"));
  outbox.sendable(NOW);
  assert.equal(outbox.discard("a"), false);
  assert.equal(outbox.discard("b"), true);
  assert.deepEqual(keys(outbox.entries), ["a"]);
});

test("the outbox is bounded and takes each change once", () => {
  const outbox = new Outbox(memoryStore(), 1);
  assert.ok(outbox.push("a", send("1", "a"), NOW));
  assert.equal(outbox.push("a", send("1", "a"), NOW), undefined);
  assert.throws(() => outbox.push("b", send("1", "b"), NOW), { code: "outboxFull" });
});

test("what waits outlives a reload, in order, and goes before what is new", async () => {
  const first = new Outbox(indexedDbStore("reload"), 10);
  for (const content of ["a", "b", "c", "d"]) first.push(content, send("1", content), NOW);
  first.sendable(NOW);
  first.answered("a", ack, NOW);
  first.discard("c");
  const second = new Outbox(indexedDbStore("reload"), 10);
  second.push("e", send("1", "e"), NOW);
  second.load(await indexedDbStore("reload").load());
  assert.deepEqual(keys(second.entries), ["b", "d", "e"]);
  assert.deepEqual(await indexedDbStore("another").load(), []);
});

test("chats, marks and the token outlive a reload, and the chats and the token no sign-out", async () => {
  const { known } = indexedDbStore("known");
  assert.deepEqual(await known?.load(), { chats: [], marks: [] });
  const place = { epoch: 1, seq: 3 };
  const kept = { id: "1", chat: chat(3), place };
  const mark = { chatId: "1", kind: "read", messageId: "7" } as const;
  known?.save({ token: "t1", put: [kept, { ...kept, id: "2" }] });
  known?.save({ token: "t2", remove: ["2"], mark });
  assert.deepEqual(await indexedDbStore("known").known?.load(), {
    token: "t2",
    chats: [kept],
    marks: [mark],
  });
  known?.forget();
  assert.deepEqual(await indexedDbStore("known").known?.load(), { chats: [], marks: [mark] });
  known?.save({ unmark: "1" });
  assert.deepEqual(await indexedDbStore("known").known?.load(), { chats: [], marks: [] });
});

test("an outbox that an earlier version kept is there", async () => {
  const request = indexedDB.open("chinwag:earlier", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "key" });
  const database = await new Promise<IDBDatabase>((done) => {
    request.onsuccess = () => done(request.result);
  });
  const transaction = database.transaction("outbox", "readwrite");
  const entry = { key: "a", order: 1, madeAt: NOW, request: send("1", "a"), state: "pending" } as const;
  transaction.objectStore("outbox").put(entry);
  await new Promise((done) => {
    transaction.oncomplete = done;
  });
  database.close();
  const store = indexedDbStore("earlier");
  assert.deepEqual(await store.load(), [entry]);
  assert.deepEqual(await store.known?.load(), { chats: [], marks: [] });
});
