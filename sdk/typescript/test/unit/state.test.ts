import assert from "node:assert/strict";
import { test } from "node:test";
import { type Action, State } from "../../src/driver/state.js";
import type { SyncAnswer } from "../../src/protocol/index.js";
import { CHAT, chat, said } from "./frames.js";

const answer = (over: Partial<SyncAnswer> = {}): SyncAnswer => ({
  token: "t",
  chats: [],
  left: [],
  complete: true,
  ...over,
});
const asks = (actions: Action[]) =>
  actions.flatMap((action) => (action.do === "ask" ? [action.request] : []));
const logged = (actions: Action[]) =>
  actions.flatMap((action) => (action.do === "log" ? [action.frame.seq] : []));
const does = (actions: Action[]) => actions.map((action) => action.do);

/** A state that holds the chat up to a place. */
function at(seq: number): State {
  const state = new State();
  state.sync();
  state.synced(answer({ chats: [{ ...chat(seq), events: [], limited: true }] }));
  return state;
}

test("a sync that isn't complete goes on with the new token", () => {
  const state = new State();
  assert.deepEqual(asks(state.sync()), [{ type: "sync", chats: {} }]);
  assert.deepEqual(state.sync(), []);
  const again = state.synced(answer({ token: "t2", complete: false }));
  assert.deepEqual(asks(again), [{ type: "sync", since: "t2", chats: {} }]);
  assert.ok(!does(again).includes("online"));
});

test("what comes live during a sync waits for its answer and is shown after it, once", () => {
  const state = at(1);
  state.disconnected();
  state.sync();
  assert.deepEqual(state.receive(said(21)), []);
  const events = Array.from({ length: 19 }, (_, index) => said(index + 2));
  const actions = state.synced(answer({ chats: [{ ...chat(20), events, limited: false }] }));
  assert.deepEqual(
    logged(actions),
    Array.from({ length: 20 }, (_, index) => index + 2),
  );
  assert.equal(state.places()[CHAT]?.seq, 21);
});

test("a gap is waited for, and then asked about, once", () => {
  const state = at(1);
  assert.deepEqual(state.receive(said(3)), [{ do: "await", chatId: CHAT }]);
  assert.deepEqual(state.receive(said(4)), []);
  const [ask] = asks(state.repairDue(CHAT));
  assert.deepEqual(ask, { type: "events", chatId: CHAT, epoch: 1, after: 1, limit: 200 });
  const page = { chatId: CHAT, epoch: 1, events: [said(2), said(3)], hasMore: false };
  assert.deepEqual(logged(state.repaired(page)), [2, 3, 4]);
});

test("a gap that closes by itself is not asked about", () => {
  const state = at(1);
  state.receive(said(3));
  assert.deepEqual(logged(state.receive(said(2))), [2, 3]);
  assert.deepEqual(state.repairDue(CHAT), []);
});

test("too much missed starts the chat anew, at the first place told", () => {
  const state = at(1);
  state.sync();
  const actions = state.synced(
    answer({ chats: [{ ...chat(100), events: [said(99), said(100)], limited: true }] }),
  );
  assert.deepEqual(does(actions).slice(0, 2), ["chat", "restart"]);
  assert.deepEqual(logged(actions), [99, 100]);
});

test("another epoch is synced, and starts the chat anew", () => {
  const state = at(5);
  assert.equal(asks(state.receive({ ...said(6), epoch: 2 }))[0]?.type, "sync");
  const actions = state.synced(answer({ chats: [{ ...chat(3, { epoch: 2 }), events: [], limited: true }] }));
  assert.deepEqual(does(actions).slice(0, 2), ["chat", "restart"]);
  assert.deepEqual(state.places()[CHAT], { epoch: 2, seq: 3 });
});

test("a chat that appears during a sync is asked for after it", () => {
  const state = new State();
  state.sync();
  assert.deepEqual(state.receive(said(1)), []);
  assert.equal(asks(state.synced(answer()))[0]?.type, "sync");
});

test("a refused sync is asked for again, from the start where its token is refused", () => {
  const state = at(1);
  const problem = {
    type: "",
    title: "",
    status: 503,
    detail: "",
    code: "overloaded",
    retryable: true,
    retryAfterMs: 7,
  } as const;
  const [sync] = asks(state.sync());
  assert.ok(sync);
  assert.deepEqual(state.refused(sync, problem), [{ do: "syncAfter", afterMs: 7 }]);
  const [again] = asks(state.sync());
  assert.ok(again?.type === "sync" && again.since === "t");
  state.refused(again, { ...problem, retryable: false });
  const [anew] = asks(state.sync());
  assert.ok(anew?.type === "sync" && anew.since === undefined);
});

test("a head ahead of the place is asked about, and a chat that was left is forgotten", () => {
  const state = at(1);
  assert.equal(asks(state.behind({ [CHAT]: { epoch: 1, seq: 4 } }))[0]?.type, "events");
  state.sync();
  assert.ok(does(state.synced(answer({ left: [CHAT] }))).includes("left"));
  assert.deepEqual(state.places(), {});
});

test("a chat that was left and joined again during a sync is asked for after it", () => {
  const state = at(1);
  state.sync();
  state.receive(said(2));
  const answered = state.synced(answer({ token: "a", left: [CHAT] }));
  assert.ok(does(answered).includes("left"));
  assert.equal(asks(answered)[0]?.type, "sync");
  assert.deepEqual(asks(state.synced(answer({ token: "b", left: [CHAT] }))), [], "nothing came since");
});

test("a chat that no sync tells of is asked for among all, once", () => {
  const state = new State();
  state.sync();
  state.synced(answer());
  assert.equal(asks(state.receive(said(3)))[0]?.type, "sync");
  assert.deepEqual(asks(state.synced(answer({ token: "u" }))), [{ type: "sync", chats: {} }]);
  assert.deepEqual(asks(state.synced(answer({ token: "v" }))), []);
});

test("places that pages hold are taken over before the first sync, of two the lower one", () => {
  const state = new State();
  state.seed({ [CHAT]: { epoch: 1, seq: 9 } });
  state.seed({ [CHAT]: { epoch: 1, seq: 7 } });
  assert.deepEqual(asks(state.sync())[0], { type: "sync", chats: { [CHAT]: { epoch: 1, seq: 7 } } });
  state.synced(answer());
  state.seed({ [CHAT]: { epoch: 1, seq: 2 } });
  assert.equal(state.places()[CHAT]?.seq, 7);
});

test("a sync names no more chats than the server takes, those with the latest news", () => {
  const state = new State(2);
  state.sync();
  const chats = ["1", "2", "3"].map((id) => ({ ...chat(0, { id }), events: [], limited: true }));
  state.synced(answer({ chats }));
  state.receive(said(1, { chatId: "1" }));
  const [sync] = asks(state.sync());
  assert.deepEqual(sync?.type === "sync" && Object.keys(sync.chats ?? {}), ["1", "3"]);
});
