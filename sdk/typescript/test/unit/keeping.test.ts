/** What a client knows outlives it: the next one goes on from there. */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { indexedDbStore } from "../../src/driver/outbox-store.js";
import { CHAT, chat, message, said, synced } from "./frames.js";
import { World } from "./world.js";

/** Waits until a store has written what it was told: it does so in order. */
async function written(scope: string) {
  return indexedDbStore(scope).known?.load();
}

const unread = (world: World) => world.client.chats.get(CHAT)?.unread;

test("the next client shows the chats before there is a connection, and asks for what came since", async () => {
  const first = new World({ store: indexedDbStore("since") });
  await first.online(3);
  first.socket.say(said(4));
  await first.environment.pass(1_000);
  first.client.close();
  await written("since");

  const second = new World({ store: indexedDbStore("since") });
  await second.begun();
  assert.deepEqual(
    second.client.chats.list.map(({ id, head }) => [id, head.seq]),
    [[CHAT, 4]],
  );
  await second.ready();
  const { since, chats, id } = second.socket.take("sync");
  assert.deepEqual([since, chats], ["t1", { [CHAT]: { epoch: 1, seq: 4 } }]);
  second.socket.say(synced(id, []));
  await second.client.ready();
  assert.deepEqual(
    second.client.chats.list.map(({ id }) => id),
    [CHAT],
  );
  second.client.close();
});

test("what was read without a connection is told by the next client, and counts as read until then", async () => {
  const first = new World({ store: indexedDbStore("marks") });
  await first.online(3);
  first.socket.say(said(4));
  await first.environment.pass(1_000);
  assert.equal(unread(first), 1);
  first.socket.end();
  first.client.chat(CHAT).read();
  await first.environment.pass(1_000);
  first.client.close();
  const kept = await written("marks");
  assert.deepEqual(kept?.marks, [{ chatId: CHAT, kind: "read", messageId: message(4).id }]);

  const second = new World({ store: indexedDbStore("marks") });
  await second.begun();
  assert.equal(unread(second), 0);
  await second.ready();
  const { id } = second.socket.take("sync");
  // The server doesn't know of it yet.
  second.socket.say(synced(id, [{ ...chat(4, { unread: 1 }), events: [], limited: false }]));
  await second.client.ready();
  assert.equal(unread(second), 0);
  const read = second.socket.take("read");
  assert.equal(read.lastReadMessageId, message(4).id);
  second.socket.say({ type: "ok", id: read.id });
  await second.environment.pass(1_000);
  second.client.close();
  assert.deepEqual((await written("marks"))?.marks, []);
});

test("a device that forgets keeps no chats, and what it comes to know of the same person later", async () => {
  const first = new World({ store: indexedDbStore("forgets") });
  await first.online(3);
  await first.environment.pass(1_000);
  first.client.forget();
  await first.environment.pass(1_000);
  assert.deepEqual(await written("forgets"), { chats: [], marks: [] });
  const second = new World({ store: indexedDbStore("forgets") });
  await second.online(5);
  await second.environment.pass(1_000);
  second.client.close();
  const kept = await written("forgets");
  assert.deepEqual(
    kept?.chats.map(({ place }) => place.seq),
    [5],
  );
});

test("a chat that one has left is kept no more", async () => {
  const first = new World({ store: indexedDbStore("left") });
  await first.online(3);
  await first.environment.pass(1_000);
  first.socket.say({
    type: "membership",
    chatId: CHAT,
    epoch: 1,
    seq: 4,
    event: {
      id: "4",
      userId: "ben",
      timestamp: "2026-06-01T12:00:00.000Z",
      change: "removed",
      userIds: ["ana"],
    },
  });
  await first.environment.pass(1_000);
  first.client.close();
  assert.deepEqual((await written("left"))?.chats, []);
});

test("a store that never answers holds a start up for a second, and no longer", async () => {
  const never = new Promise<never>(() => {});
  const known = { load: () => never, save: () => {}, forget: () => {} };
  const world = new World({ store: { load: async () => [], put: () => {}, remove: () => {}, known } });
  await world.environment.pass(2_000);
  await world.online(1);
  assert.equal(world.client.state, "online");
  world.client.close();
});
