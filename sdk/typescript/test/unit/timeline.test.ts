import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { OutboxEntry } from "../../src/driver/messages.js";
import { ChinwagError } from "../../src/errors.js";
import { compareIds } from "../../src/ids.js";
import { Outgoing } from "../../src/page/outgoing.js";
import { type HistoryOptions, Timeline, type TimelineOptions } from "../../src/page/timeline.js";
import type { LogFrame, Message, MessagesPage } from "../../src/protocol/index.js";
import { CHAT, message, said } from "./frames.js";

/** A chat whose history the test writes, read as the server gives it. */
class History {
  messages: Message[] = [];
  outgoing: Outgoing[] = [];
  reads = 0;
  /** Runs while a page is on its way: after it was read, before it arrives. */
  meanwhile: () => void = () => {};
  failing: ChinwagError | undefined;

  constructor(count: number) {
    this.messages = Array.from({ length: count }, (_, index) => message(index + 1));
  }

  open(options: TimelineOptions = {}): Timeline {
    return new Timeline(
      CHAT,
      {
        me: () => "ana",
        history: (query) => this.read(query),
        outgoing: () => this.outgoing,
        keyOf: ({ clientId, id }) => clientId ?? id,
        closed: () => {},
      },
      { pageSize: 10, maxItems: 40, ...options },
    );
  }

  async read({ before, after, around, limit = 50 }: HistoryOptions): Promise<MessagesPage> {
    this.reads += 1;
    if (this.failing) throw this.failing;
    const page = this.#page(before, after, around, limit);
    await new Promise((done) => setImmediate(done));
    this.meanwhile();
    return page;
  }

  #page(
    before: string | undefined,
    after: string | undefined,
    around: string | undefined,
    limit: number,
  ): MessagesPage {
    const below = (id: string) => this.messages.filter((one) => compareIds(one.id, id) < 0);
    const above = (id: string) => this.messages.filter((one) => compareIds(one.id, id) > 0);
    if (after) return { messages: above(after).slice(0, limit), hasMore: above(after).length > limit };
    if (around) {
      const older = below(around).slice(-Math.floor(limit / 2) || this.messages.length);
      const newer = this.messages.filter((one) => compareIds(one.id, around) >= 0);
      const fits = newer.slice(0, limit - Math.floor(limit / 2));
      const hasMore = below(around).length > older.length || newer.length > fits.length;
      return { messages: limit > 1 ? [...older, ...fits] : fits, hasMore };
    }
    const all = before ? below(before) : this.messages;
    return { messages: all.slice(-limit).reverse(), hasMore: all.length > limit };
  }

  /** A message comes: first into the history, then live. */
  say(timeline: Timeline, live = true): Message {
    const one = message(this.messages.length + 1);
    this.messages.push(one);
    if (live) timeline.receive({ ...said(one.seq), message: one });
    return one;
  }
}

const seqs = (timeline: Timeline) => timeline.items.map((item) => item.message.seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

function edited(seq: number, of: Message): LogFrame {
  const now = { ...of, content: "edited", status: "edited" as const, changeSeq: seq };
  return { type: "messageEdited", chatId: CHAT, epoch: 1, seq, eventId: "9", message: now };
}

test("a timeline begins at the end, scrolls back, holds a bounded part and comes forward again", async () => {
  const history = new History(100);
  const timeline = history.open();
  await timeline.loaded;
  assert.deepEqual(seqs(timeline), range(91, 100));
  for (let page = 0; page < 5; page += 1) await timeline.loadOlder();
  assert.deepEqual(seqs(timeline), range(41, 80));
  assert.ok(timeline.hasOlder && timeline.hasNewer);
  for (let page = 0; page < 3; page += 1) await timeline.loadNewer();
  assert.deepEqual([seqs(timeline), timeline.hasNewer], [range(61, 100), false]);
});

test("what comes is shown at the end, and only counted as newer further up", async () => {
  const history = new History(100);
  const timeline = history.open();
  await timeline.loaded;
  history.say(timeline);
  assert.equal(seqs(timeline).at(-1), 101);
  await timeline.jumpTo(message(50).id);
  assert.deepEqual(seqs(timeline), range(45, 54));
  history.say(timeline);
  assert.deepEqual([seqs(timeline).at(-1), timeline.hasNewer], [54, true]);
  await timeline.jumpToEnd();
  assert.deepEqual(seqs(timeline).at(-1), 102);
});

test("a message or an edit that overtakes a page is not lost", async () => {
  const history = new History(20);
  const timeline = history.open();
  history.meanwhile = () => {
    history.meanwhile = () => {};
    history.say(timeline);
    timeline.receive(edited(22, message(15)));
  };
  await timeline.loaded;
  assert.deepEqual(seqs(timeline), range(11, 21));
  assert.equal(timeline.items.find((item) => item.message.seq === 15)?.message.content, "edited");
});

test("items that didn't change stay the same objects, and a message keeps its key when it is sent", async () => {
  const history = new History(3);
  const timeline = history.open();
  await timeline.loaded;
  const entry: OutboxEntry = {
    key: "k1",
    order: 1,
    madeAt: 0,
    state: "pending",
    request: { type: "send", chatId: CHAT, content: "mine", clientId: "k1" },
  };
  const outgoing = new Outgoing(entry, {
    retry: () => {},
    discard: () => {},
    settled: () => new Promise(() => {}),
  });
  history.outgoing = [outgoing];
  timeline.show();
  const before = timeline.items;
  assert.deepEqual(
    before.map(({ state }) => state),
    ["sent", "sent", "sent", "pending"],
  );
  const mine = message(4, { clientId: "k1", senderId: "ana", content: "mine" });
  outgoing.sent(mine);
  timeline.show();
  assert.deepEqual(
    timeline.items.map(({ key }) => key),
    before.map(({ key }) => key),
  );
  history.outgoing = [];
  timeline.receive({ ...said(4), message: mine });
  assert.deepEqual(timeline.items.map(({ key, state }) => [key, state]).at(-1), ["k1", "sent"]);
  assert.equal(timeline.items[0], before[0]);
  assert.equal(timeline.items.length, 4);
});

test("after a restart what is held is read again, and the place is kept", async () => {
  const history = new History(30);
  const timeline = history.open();
  await timeline.loaded;
  history.messages[24] = { ...message(25), content: "edited", status: "edited", changeSeq: 31 };
  history.messages.push(...range(32, 40).map((seq) => message(seq)));
  timeline.restart();
  await timeline.loadNewer();
  assert.deepEqual(seqs(timeline), [...range(21, 30), ...range(32, 40)]);
  assert.equal(timeline.items[4]?.message.content, "edited");
});

test("after a restart with another epoch the timeline begins anew", async () => {
  const history = new History(30);
  const timeline = history.open();
  await timeline.loaded;
  history.messages = range(1, 3).map((seq) => message(seq, { content: "anew" }));
  history.failing = new ChinwagError("badCursor", "no such event");
  history.meanwhile = () => {};
  const read = history.read.bind(history);
  history.read = async (query) => {
    if (!query.around) history.failing = undefined;
    return read(query);
  };
  timeline.restart();
  await timeline.loadNewer();
  assert.deepEqual(
    timeline.items.map(({ message: { content } }) => content),
    ["anew", "anew", "anew"],
  );
});

test("asking twice for the same page reads it once, and a failure is told and can be tried again", async () => {
  const history = new History(100);
  const timeline = history.open();
  await timeline.loaded;
  const { reads } = history;
  await Promise.all([timeline.loadOlder(), timeline.loadOlder()]);
  assert.equal(history.reads, reads + 1);
  history.failing = new ChinwagError("notConnected", "away");
  await assert.rejects(timeline.loadOlder(), { code: "notConnected" });
  history.failing = undefined;
  await timeline.loadOlder();
  assert.deepEqual(seqs(timeline), range(71, 100));
});

test("however one scrolls while messages come, the items are a part of the chat without a gap", async () => {
  const step = fc.constantFrom("older", "newer", "say", "end", "jump");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const history = new History(60);
      const timeline = history.open();
      await timeline.loaded;
      for (const one of steps) {
        if (one === "say") history.say(timeline);
        else if (one === "end") await timeline.jumpToEnd();
        else if (one === "jump") await timeline.jumpTo(message(20).id);
        else {
          history.meanwhile = () => void history.say(timeline);
          await (one === "older" ? timeline.loadOlder() : timeline.loadNewer());
          history.meanwhile = () => {};
        }
        const shown = seqs(timeline) as number[];
        assert.deepEqual(shown, range(shown[0] ?? 1, shown.at(-1) ?? 0));
        assert.equal(timeline.hasNewer || shown.at(-1) === history.messages.length, true);
        assert.ok(shown.length <= 80);
      }
    }),
    { numRuns: 50 },
  );
});
