import assert from "node:assert/strict";
import { test } from "node:test";
import { changed } from "../../src/apply.js";
import { Chats, ends } from "../../src/driver/chats.js";
import type { LogFrame, ReactionEvent } from "../../src/protocol/index.js";
import { CHAT, chat, message, said } from "./frames.js";

/** Ana's chats, with one at a place where two messages are unread. */
function chats(): Chats {
  const chats = new Chats("ana");
  chats.snapshot(chat(3, { unread: 2, marks: { read: message(1).id } }), undefined);
  return chats;
}

const counts = (known: Chats) => {
  const { unread, mentions } = known.get(CHAT) ?? {};
  return [unread, mentions];
};

const reaction = (seq: number, over: Partial<ReactionEvent> = {}): LogFrame => {
  const event = {
    id: "9",
    timestamp: "",
    userId: "ben",
    messageId: message(3).id,
    key: "👍",
    on: true,
    count: 1,
    ...over,
  };
  return { type: "reaction", chatId: CHAT, epoch: 1, seq, event };
};

test("messages of others count, with mentions, and own ones don't", () => {
  const known = chats();
  known.receive(said(4));
  known.receive(said(5, { senderId: "ana" }));
  known.receive(said(6, { mentions: ["ana"] }));
  known.receive(said(7, { status: "deleted" }));
  assert.deepEqual(counts(known), [4, 1]);
  assert.equal(known.get(CHAT)?.head.lastMessage?.seq, 7);
});

test("a snapshot older than what came live loses nothing and counts nothing twice", () => {
  const known = chats();
  for (const seq of [4, 5, 6]) known.receive(said(seq));
  known.snapshot(chat(5, { unread: 4, marks: { read: message(1).id } }), undefined);
  assert.deepEqual(counts(known), [5, 0]);
  known.snapshot(chat(9, { unread: 8, marks: { read: message(1).id } }), undefined);
  known.receive(said(8));
  assert.deepEqual(counts(known), [8, 0]);
});

test("reading to the end leaves nothing unread; reading to the middle asks the server", () => {
  const known = chats();
  assert.equal(known.read(CHAT, message(2).id, false)?.uncertain, true);
  assert.equal(known.read(CHAT, message(3).id, false)?.uncertain, false);
  assert.deepEqual(counts(known), [0, 0]);
  known.read(CHAT, message(1).id, false);
  assert.equal(known.get(CHAT)?.marks.read, message(3).id);
  assert.equal(known.read(CHAT, message(1).id, true)?.uncertain, true);
  assert.equal(known.get(CHAT)?.marks.read, message(1).id);
});

test("a snapshot from before a mark was kept doesn't bring back what was read", () => {
  const known = chats();
  const pending = { chatId: CHAT, kind: "read" as const, messageId: message(3).id };
  known.read(CHAT, message(3).id, false);
  known.snapshot(chat(3, { unread: 2, marks: { read: message(1).id } }), pending);
  assert.deepEqual(counts(known), [0, 0]);
});

test("an unread message that was deleted asks the server, a read one doesn't", () => {
  const known = chats();
  const deleted = (seq: number, of: number): LogFrame => {
    const tombstone = message(of, { status: "deleted", content: "", changeSeq: seq });
    return { type: "messageDeleted", chatId: CHAT, epoch: 1, seq, eventId: "9", message: tombstone };
  };
  assert.equal(known.receive(deleted(4, 1))?.uncertain, false);
  assert.equal(known.receive(deleted(5, 3))?.uncertain, true);
  assert.equal(known.get(CHAT)?.head.lastMessage?.status, "deleted");
});

test("names, roles and members follow their events", () => {
  const known = chats();
  const event = { id: "9", timestamp: "", userId: "ben" };
  const base = { chatId: CHAT, epoch: 1 };
  known.receive({ ...base, type: "chat", seq: 4, event: { ...event, name: "coffee" } });
  known.receive({
    ...base,
    type: "membership",
    seq: 5,
    event: { ...event, change: "role", userIds: ["ana"], role: "admin" },
  });
  known.receive({
    ...base,
    type: "membership",
    seq: 6,
    event: { ...event, change: "added", userIds: ["cem", "dan"], role: "member" },
  });
  const now = known.get(CHAT);
  assert.deepEqual([now?.name, now?.role, now?.memberCount, now?.head.seq], ["coffee", "admin", 4, 6]);
  const removed: LogFrame = {
    ...base,
    type: "membership",
    seq: 7,
    event: { ...event, change: "removed", userIds: ["ana"] },
  };
  assert.ok(ends(removed, "ana") && !ends(removed, "cem"));
});

test("a change at or below changeSeq is in the message already", () => {
  const known = message(3, { changeSeq: 5, reactions: [{ key: "👍", count: 2, mine: true }] });
  assert.equal(changed(known, reaction(5), "ana"), known);
  const more = changed(known, reaction(6, { count: 3 }), "ana");
  assert.deepEqual(more.reactions, [{ key: "👍", count: 3, mine: true }]);
  const mineOff = changed(more, reaction(7, { userId: "ana", on: false, count: 2 }), "ana");
  assert.deepEqual(mineOff.reactions, [{ key: "👍", count: 2, mine: false }]);
  const none = changed(mineOff, reaction(8, { on: false, count: 0 }), "ana");
  assert.deepEqual([none.reactions, none.changeSeq], [[], 8]);
});
