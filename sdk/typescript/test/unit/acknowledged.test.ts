import assert from "node:assert/strict";
import { test } from "node:test";
import { logFrameOf } from "../../src/driver/acknowledged.js";
import type { Event, FrameOf } from "../../src/protocol/index.js";
import { CHAT, message } from "./frames.js";

const ack = (over: Partial<FrameOf<"ack">>) =>
  logFrameOf(CHAT, { type: "ack", epoch: 1, seq: 5, ...over })?.type;
const event = (id: string, change = {}): Event => ({ id, userId: "ana", timestamp: "", ...change }) as Event;

test("an acknowledgement is the place that the change took", () => {
  const reaction = { messageId: message(3).id, key: "+", on: true, count: 1 };
  assert.equal(ack({ message: message(5) }), "message");
  assert.equal(ack({ event: event("88"), message: message(3, { status: "edited" }) }), "messageEdited");
  assert.equal(ack({ event: event("88"), message: message(3, { status: "deleted" }) }), "messageDeleted");
  assert.equal(ack({ event: event("88", reaction) }), "reaction");
});

test("the acknowledgement of what was so already hides no event that is still to come", () => {
  const { id } = message(3);
  const reaction = { messageId: id, key: "+", on: true, count: 1 };
  assert.equal(ack({ event: event(id, reaction) }), undefined);
  assert.equal(ack({ event: event(id), message: message(3, { status: "deleted" }) }), undefined);
});
