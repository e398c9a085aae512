import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ask, PagePort, Snapshot, Tell } from "../../src/driver/messages.js";
import { Remote } from "../../src/page/remote.js";
import { Tokens } from "../../src/page/tokens.js";
import { FakeEnvironment, settled } from "../fake-environment.js";
import { CHAT, said } from "./frames.js";

const snapshot = (seq: number, epoch = 1): Snapshot => {
  return {
    state: "online",
    aheadMs: 0,
    chats: [],
    places: { [CHAT]: { epoch, seq } },
    outbox: [],
    typing: [],
    presence: [],
  };
};

/** A page whose driver is the test. */
class Page {
  readonly asked: Ask[] = [];
  readonly heard: (number | string)[] = [];
  readonly remote: Remote;
  tell: (tell: Tell) => void = () => {};

  constructor() {
    const tokens = new Tokens(new FakeEnvironment(), () => "a token");
    this.remote = new Remote(tokens, {
      attached: () => {},
      log: ({ seq }) => this.heard.push(seq),
      restart: () => this.heard.push("restart"),
      told: () => {},
    });
    const port: PagePort = {
      post: (ask) => this.asked.push(ask),
      listen: (take) => {
        this.tell = take;
      },
      close: () => {},
    };
    this.remote.open(port);
    this.tell({ type: "hello", driver: "1" });
    this.tell({ type: "attached", snapshot: snapshot(3) });
  }

  log(...seqs: number[]): void {
    for (const seq of seqs) this.tell({ type: "log", frame: said(seq) });
  }
}

test("a page shows each place once, and starts anew where it missed some", () => {
  const page = new Page();
  page.log(3, 4, 4, 5, 5);
  assert.deepEqual(page.heard, [4, 5]);
  page.log(8);
  assert.deepEqual(page.heard, [4, 5, "restart", 8]);
});

test("another driver learns what the page holds, asks for and watches", () => {
  const page = new Page();
  page.log(4);
  page.remote.watch(["ben"]);
  page.remote.show(CHAT);
  void page.remote.query({ type: "history", chatId: CHAT });
  void page.remote.change("k", { type: "delete", chatId: CHAT, messageId: "1" });
  page.asked.length = 0;
  page.tell({ type: "hello", driver: "2" });
  const [attach, ...again] = page.asked;
  const places = { [CHAT]: { epoch: 1, seq: 4 } };
  assert.deepEqual(attach, { type: "attach", places, watch: ["ben"], screen: [CHAT] });
  assert.deepEqual(
    again.map(({ type }) => type),
    ["change", "query"],
  );
});

test("a driver that is ahead of the page means that the page missed something", () => {
  const page = new Page();
  page.tell({ type: "hello", driver: "2" });
  page.tell({ type: "attached", snapshot: snapshot(2) });
  page.log(3, 4);
  assert.deepEqual(page.heard, [4]);
  page.tell({ type: "attached", snapshot: snapshot(9) });
  page.log(10);
  page.tell({ type: "attached", snapshot: snapshot(1, 2) });
  assert.deepEqual(page.heard, [4, "restart", 10, "restart"]);
});

test("a user who is watched twice is asked for once, and let go with the last", () => {
  const page = new Page();
  page.asked.length = 0;
  const stops = [page.remote.watch(["ben"]), page.remote.watch(["ben", "cem"])];
  for (const stop of [...stops, ...stops]) stop();
  assert.deepEqual(page.asked, [
    { type: "watch", add: ["ben"], remove: [] },
    { type: "watch", add: ["cem"], remove: [] },
    { type: "watch", add: [], remove: ["ben", "cem"] },
  ]);
});

test("a token is given when it is asked for, or why there is none", async () => {
  const page = new Page();
  page.asked.length = 0;
  page.tell({ type: "askToken", n: 7, fresh: false });
  await settled();
  assert.deepEqual(page.asked, [{ type: "token", n: 7, token: "a token" }]);
});
