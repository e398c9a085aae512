import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutboxEntry } from "../../src/driver/messages.js";
import { memoryStore, type OutboxStore } from "../../src/driver/outbox-store.js";
import { ChinwagError } from "../../src/errors.js";
import { type Channel, elected, type Locks } from "../../src/host/elected.js";
import { driverOf } from "../../src/host/scope.js";
import { Client } from "../../src/page/client.js";
import type { Limits } from "../../src/protocol/index.js";
import { FakeEnvironment, type FakeSocket, settled } from "../fake-environment.js";
import { CHAT, chat, message, said, synced } from "./frames.js";

/** What the tabs of a browser share: channels, locks and a store. */
class Browser {
  readonly environment = new FakeEnvironment();
  readonly channels = new Set<Channel>();
  readonly #locks = new Map<string, { tab: string; hold(): Promise<unknown> }[]>();
  readonly kept = new Map<string, OutboxEntry>();
  readonly store: OutboxStore = {
    ...memoryStore(),
    load: async () => [...this.kept.values()],
    put: (entry) => void this.kept.set(entry.key, entry),
    remove: (key) => void this.kept.delete(key),
  };

  /** Opens a tab with a client. */
  open(tab: string, token?: () => Promise<string>): Tab {
    return new Tab(this, tab, token);
  }

  get socket(): FakeSocket {
    return this.environment.socket;
  }

  channel(): Channel {
    const { channels } = this;
    const channel: Channel = {
      onmessage: null,
      postMessage: (sent) => {
        const data = structuredClone(sent);
        queueMicrotask(() => {
          for (const other of channels) if (other !== channel) other.onmessage?.({ data });
        });
      },
      close: () => void channels.delete(channel),
    };
    channels.add(channel);
    return channel;
  }

  locksOf(tab: string): Locks {
    return {
      request: async (name, hold) => {
        const queue = this.#locks.get(name) ?? [];
        this.#locks.set(name, queue);
        queue.push({ tab, hold });
        if (queue.length === 1) this.#grant(name);
      },
    };
  }

  /** Takes all that a tab held, as when it is closed or crashes. */
  takeFrom(tab: string): void {
    for (const [name, queue] of this.#locks) {
      const held = queue[0]?.tab === tab;
      const rest = queue.filter((one) => one.tab !== tab);
      this.#locks.set(name, rest);
      if (held) this.#grant(name);
    }
  }

  #grant(name: string): void {
    const first = this.#locks.get(name)?.[0];
    void first?.hold().then(() => {
      const queue = this.#locks.get(name) ?? [];
      if (queue[0] !== first) return;
      queue.shift();
      this.#grant(name);
    });
  }
}

/** A tab. */
class Tab {
  readonly shown: number[] = [];
  readonly client: Client;
  readonly #channel: Channel;
  #end: () => void = () => {};

  constructor(
    private readonly browser: Browser,
    private readonly name: string,
    token?: () => Promise<string>,
  ) {
    const { environment, store } = browser;
    this.#channel = browser.channel();
    this.client = new Client({
      url: "https://chat.example",
      token: token ?? `${name}'s token`,
      userId: "ana",
      environment,
      host: (scope) =>
        elected({
          name: "chinwag",
          page: name,
          channel: this.#channel,
          locks: browser.locksOf(name),
          driver: () => {
            const driver = driverOf(environment, scope, store);
            this.#end = () => driver.close();
            return driver;
          },
        }),
    });
    this.client.on("message", ({ message: { seq } }) => this.shown.push(seq));
  }

  /** Closes the tab without a word. */
  crash(): void {
    this.browser.channels.delete(this.#channel);
    this.#end();
    this.browser.takeFrom(this.name);
  }
}

async function ready(socket: FakeSocket): Promise<void> {
  socket.open();
  const limits = {
    syncChats: 1_000,
    bodyBytes: 65_536,
    watchedUsers: 1_000,
    contentBytes: 1_000,
    metadataBytes: 9,
    mentions: 9,
  } as Limits;
  const serverTime = "2026-06-01T12:00:00.000Z";
  socket.say({
    type: "ready",
    id: 0,
    userId: "ana",
    sessionId: "1",
    heartbeatSeconds: 20,
    presenceTtlSeconds: 30,
    limits,
    serverTime,
  });
  await settled();
}

async function online(socket: FakeSocket, seq: number): Promise<void> {
  await ready(socket);
  socket.say(synced(socket.take("sync").id, [{ ...chat(seq), events: [], limited: true }]));
  await settled();
}

test("tabs share one connection, and each shows every message once", async () => {
  const browser = new Browser();
  const [one, two] = [browser.open("one"), browser.open("two")];
  await settled();
  await online(browser.socket, 0);
  for (const seq of [1, 2, 2, 3]) browser.socket.say(said(seq));
  await settled();
  assert.equal(browser.environment.sockets.length, 1);
  assert.deepEqual(
    [one.shown, two.shown],
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
  );
  const three = browser.open("three");
  await settled();
  assert.equal(three.client.state, "online");
  assert.equal(three.client.chats.get(CHAT)?.head.seq, 3);
});

test("a message sent in one tab is shown in the other, pending and sent", async () => {
  const browser = new Browser();
  const [one, two] = [browser.open("one"), browser.open("two")];
  await settled();
  await online(browser.socket, 0);
  const outgoing = two.client.chat(CHAT).send("from a tab that follows");
  await settled();
  assert.deepEqual(
    one.client.outbox.map(({ key }) => key),
    [outgoing.key],
  );
  const { id, clientId } = browser.socket.take("send");
  const sent = message(1, { senderId: "ana", clientId: clientId ?? "" });
  browser.socket.say({ type: "ack", id, epoch: 1, seq: 1, message: sent });
  assert.equal((await outgoing).id, sent.id);
  await settled();
  assert.deepEqual([one.shown, two.shown, one.client.outbox], [[1], [1], []]);
});

test("when the tab that leads is gone, another one takes over and nothing is lost or doubled", async () => {
  const browser = new Browser();
  const [one, two, three] = [browser.open("one"), browser.open("two"), browser.open("three")];
  await settled();
  await online(browser.socket, 0);
  browser.socket.say(said(1));
  await settled();
  const outgoing = two.client.chat(CHAT).send("asked before, answered after");
  const page = three.client.chat(CHAT).history();
  await settled();
  const first = browser.socket.take("send");
  one.crash();
  await settled();
  const [, socket] = browser.environment.sockets;
  assert.ok(socket);
  await ready(socket);
  const sync = socket.take("sync");
  assert.deepEqual(sync.chats, { [CHAT]: { epoch: 1, seq: 1 } });
  socket.say(synced(sync.id, [{ ...chat(3), events: [said(2), said(3)], limited: false }]));
  const again = socket.take("send");
  assert.equal(again.clientId, first.clientId);
  const sent = message(4, { senderId: "ana", clientId: again.clientId ?? "" });
  socket.say({ type: "ack", id: again.id, epoch: 1, seq: 4, message: sent });
  socket.say({ type: "messages", id: socket.take("history").id, messages: [], hasMore: false });
  assert.equal((await outgoing).seq, 4);
  assert.deepEqual((await page).messages, []);
  await settled();
  assert.deepEqual(
    [two.shown, three.shown],
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
  );
  assert.equal(browser.environment.sockets.length, 2);
  assert.deepEqual([...browser.kept], []);
});

test("a message acknowledged as the leader died is not sent twice", async () => {
  const browser = new Browser();
  const [one, two] = [browser.open("one"), browser.open("two")];
  await settled();
  await online(browser.socket, 0);
  const outgoing = two.client.chat(CHAT).send("stored, but who knows");
  await settled();
  const first = browser.socket.take("send");
  // The leader took the acknowledgement and died before it told.
  browser.kept.clear();
  one.crash();
  await settled();
  const socket = browser.socket;
  await ready(socket);
  const again = socket.take("send");
  assert.equal(again.clientId, first.clientId);
  socket.say({ type: "ack", id: again.id, epoch: 1, seq: 1, message: message(1, { senderId: "ana" }) });
  assert.equal((await outgoing).seq, 1);
});

test("a user is watched as long as a tab does, also one that is closed without a word", async () => {
  const browser = new Browser();
  const [one, two] = [browser.open("one"), browser.open("two")];
  await settled();
  await online(browser.socket, 0);
  one.client.presence.watch("ben");
  two.client.presence.watch("ben", "cem");
  await browser.environment.pass(100);
  assert.deepEqual(browser.socket.take("watchPresence").add, ["ben", "cem"]);
  two.crash();
  await browser.environment.pass(100);
  assert.deepEqual(browser.socket.take("watchPresence").remove, ["cem"]);
});

test("a token is asked of another tab where one gives none", async () => {
  const browser = new Browser();
  browser.open("one");
  const two = browser.open("two");
  await settled();
  browser.channels.delete([...browser.channels][1] as Channel);
  await online(browser.socket, 0);
  browser.socket.say({ type: "reauth", expiresAt: "2026-06-01T12:01:00.000Z" });
  await browser.environment.pass(20_000);
  assert.equal(browser.socket.take("auth").token, "one's token");
  two.client.close();
});

test("a tab that closes its client hands the lead over, and its own connection ends", async () => {
  const browser = new Browser();
  const [one, two] = [browser.open("one"), browser.open("two")];
  await settled();
  await online(browser.socket, 0);
  one.client.close();
  await settled();
  const [first, second] = browser.environment.sockets;
  assert.ok(first?.isClosed && second && !second.isClosed);
  await online(second, 0);
  assert.deepEqual([one.client.state, two.client.state], ["closed", "online"]);
});

test("a sign-in that is over ends the client for all tabs, and nobody else is asked", async () => {
  const browser = new Browser();
  const over = () => Promise.reject(new ChinwagError("unauthorized", "sign in again"));
  const [one, two] = [browser.open("one"), browser.open("two", over)];
  await settled();
  await online(browser.socket, 0);
  browser.socket.end(4001);
  await browser.environment.pass(2_000);
  assert.deepEqual(
    [one.client.error?.message, two.client.error?.message],
    ["sign in again", "sign in again"],
  );
});
