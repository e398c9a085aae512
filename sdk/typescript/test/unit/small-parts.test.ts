import assert from "node:assert/strict";
import { test } from "node:test";
import { Marks } from "../../src/driver/marks.js";
import type { Mark } from "../../src/driver/messages.js";
import { Pace } from "../../src/driver/pace.js";
import { Typing } from "../../src/driver/typing.js";
import { Watches } from "../../src/driver/watches.js";
import { compareIds, uuidV7 } from "../../src/ids.js";
import { FakeEnvironment } from "../fake-environment.js";
import { CHAT, said } from "./frames.js";

const read = (messageId: string, over: Partial<Mark> = {}): Mark => ({
  chatId: CHAT,
  kind: "read",
  messageId,
  ...over,
});
const ids = (marks: Mark[]) => marks.map(({ messageId }) => messageId);

test("one mark a second moves, and the last one wins", () => {
  const marks = new Marks();
  marks.want(read("1"));
  const [first] = marks.due(0, 9);
  marks.want(read("2"));
  marks.want(read("3"));
  assert.deepEqual(marks.due(999, 9), []);
  assert.ok(first);
  marks.answered(first, false);
  assert.deepEqual(marks.due(999, 9), []);
  assert.equal(marks.dueAt(), 1_000);
  assert.deepEqual(ids(marks.due(1_000, 9)), ["3"]);
});

test("a mark never moves back unless one says so, and then at once", () => {
  const marks = new Marks();
  marks.want(read("20"));
  marks.want(read("9"));
  assert.deepEqual(ids(marks.due(0, 9)), ["20"]);
  marks.answered(read("20"), false);
  marks.want(read("9", { unread: true }));
  assert.deepEqual(ids(marks.due(1, 9)), ["9"]);
});

test("a mark that got no answer is sent again, unless a newer one waits", () => {
  const marks = new Marks();
  marks.want(read("1"));
  const [sent] = marks.due(0, 9);
  assert.ok(sent);
  marks.answered(sent, true);
  assert.deepEqual(ids(marks.due(1_000, 9)), ["1"]);
  marks.want(read("2"));
  marks.answered(sent, true);
  assert.deepEqual(ids(marks.due(2_000, 9)), ["2"]);
});

test("what was read needn't be said to have arrived", () => {
  const marks = new Marks();
  marks.want({ chatId: CHAT, kind: "delivered", messageId: "5" });
  marks.want(read("5"));
  assert.deepEqual(
    marks.due(0, 9).map(({ kind }) => kind),
    ["read"],
  );
});

test("frames never exceed the server's bound in any ten seconds", () => {
  const pace = new Pace(30);
  const sent: number[] = [];
  for (let now = 0; now < 60_000; now += 10) {
    while (pace.room(now) > 0) {
      pace.sent(now);
      sent.push(now);
    }
  }
  for (const start of sent) assert.ok(sent.filter((at) => at >= start && at < start + 10_000).length <= 20);
  assert.ok(sent.length >= 120);
  assert.equal(new Pace(undefined).room(0), Number.POSITIVE_INFINITY);
});

test("one's own typing is told every three seconds, and at once after a message", () => {
  const typing = new Typing();
  assert.deepEqual(
    [0, 2_999, 3_000].map((now) => typing.tell(CHAT, now)),
    [true, false, true],
  );
  typing.sent(CHAT);
  assert.equal(typing.tell(CHAT, 3_001), true);
});

test("typing ends by itself, by the message, and by leaving", () => {
  const typing = new Typing();
  const heard = (userId: string, now: number) => typing.heard({ type: "typing", chatId: CHAT, userId }, now);
  heard("ana", 0);
  assert.deepEqual(heard("ben", 1_000).userIds, ["ana", "ben"]);
  assert.deepEqual(typing.saw(said(1, { senderId: "ana" }))?.userIds, ["ben"]);
  assert.equal(typing.expiresAt(), 8_000);
  assert.deepEqual(typing.expire(8_000), [{ chatId: CHAT, userIds: [], count: 0 }]);
  heard("cem", 9_000);
  const event = { id: "1", userId: "ana", timestamp: "", change: "removed" as const, userIds: ["cem"] };
  assert.equal(typing.saw({ type: "membership", chatId: CHAT, epoch: 1, seq: 2, event })?.count, 0);
  assert.deepEqual(typing.states, []);
});

test("a sum of a large group is shown as it is", () => {
  const typing = new Typing();
  const sum = { type: "typing" as const, chatId: CHAT, userIds: ["a", "b", "c"], count: 9 };
  assert.deepEqual(typing.heard(sum, 0), { chatId: CHAT, userIds: ["a", "b", "c"], count: 9 });
  assert.equal(typing.heard({ ...sum, userIds: ["d"], count: 1 }, 1).count, 1);
  assert.equal(typing.expire(7_001)[0]?.count, 0);
});

test("a user is watched as long as any page does, and never more than the server takes", () => {
  const watches = new Watches();
  watches.add("p1", ["ana", "ben"]);
  watches.add("p2", ["ana"]);
  assert.deepEqual(watches.changes(9), [{ add: ["ana", "ben"], remove: [] }]);
  watches.remove("p1");
  assert.deepEqual(watches.changes(9), [{ add: [], remove: ["ben"] }]);
  watches.forget();
  watches.add("p1", ["cem", "dan"]);
  assert.deepEqual(watches.changes(2), [{ add: ["ana", "cem"], remove: [] }]);
});

test("client ids are UUIDv7 of their time, and ids compare as the 64-bit numbers they are", () => {
  const id = uuidV7(new FakeEnvironment(), 0x0190_1234_5678);
  assert.match(id, /^01901234-5678-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const sorted = ["9", "10", "9007199254740993", "9007199254740992"].sort(compareIds);
  assert.deepEqual(sorted, ["9", "10", "9007199254740992", "9007199254740993"]);
});
