import assert from "node:assert/strict";
import { test } from "node:test";
import { Driver } from "../../src/driver/driver.js";
import type { Tell } from "../../src/driver/messages.js";
import { memoryStore } from "../../src/driver/outbox-store.js";
import { line } from "../../src/host/line.js";
import { Client } from "../../src/page/client.js";
import { FakeEnvironment, settled } from "../fake-environment.js";
import { CHAT, chat, message, said, synced } from "./frames.js";
import { LIMITS, World } from "./world.js";

const chatOf = (world: World) => world.client.chat(CHAT);
const seqs = (messages: { seq?: number }[]) => messages.map(({ seq }) => seq);

test("the first frame says who is asking, and the token stands in no address", async () => {
  const world = new World({ deviceId: "phone" });
  await settled();
  assert.equal(world.socket.url, "wss://chat.example/v1/ws");
  world.socket.open();
  const { token, deviceId } = world.socket.take("auth");
  assert.deepEqual([token, deviceId], ["token 1", "phone"]);
  await world.client.close();
});

test("a message is shown at once, sent under one client id over lost connections, and sent when acknowledged", async () => {
  const world = new World();
  const early = chatOf(world).send("before there was a connection");
  assert.equal(early.state, "pending");
  await world.online();
  const first = world.socket.take("send");
  world.socket.end();
  await world.reconnect();
  await world.ready();
  const again = world.socket.take("send");
  assert.equal(again.clientId, first.clientId);
  const sent = message(1, {
    senderId: "ana",
    clientId: again.clientId ?? "",
    content: "before there was a connection",
  });
  world.socket.say({ type: "ack", id: again.id, epoch: 1, seq: 1, message: sent });
  assert.deepEqual(await early, sent);
  assert.equal(early.state, "sent");
  world.client.close();
});

test("a message without an answer in time is sent again on the same connection", async () => {
  const world = new World();
  await world.online();
  chatOf(world).send("lost on the way");
  await settled();
  const first = world.socket.take("send");
  await world.environment.pass(10_000);
  assert.equal(world.socket.take("send").clientId, first.clientId);
  world.client.close();
});

test("a refused message tells why, and is sent again when asked to", async () => {
  const world = new World();
  await world.online();
  const outgoing = chatOf(world).send("hi");
  await settled();
  const { id } = world.socket.take("send");
  const error = {
    type: "",
    title: "",
    status: 403,
    detail: "you may not",
    code: "forbidden" as const,
    retryable: false,
  };
  world.socket.say({ type: "error", id, error });
  await assert.rejects(outgoing.then(), { code: "forbidden" as const, message: "you may not" });
  assert.equal(outgoing.state, "failed");
  outgoing.retry();
  await settled();
  assert.equal(outgoing.state, "pending");
  const again = world.socket.take("send");
  world.socket.say({ type: "ack", id: again.id, epoch: 1, seq: 1, message: message(1, { senderId: "ana" }) });
  assert.equal((await outgoing).seq, 1);
  world.client.close();
});

test("a clock that runs ahead is corrected by the server's time, and the message goes under a new id", async () => {
  const world = new World();
  await world.online();
  world.environment.time += 600_000;
  chatOf(world).send("from the future");
  await settled();
  const first = world.socket.take("send");
  const serverTime = new Date(world.environment.time - 600_000).toISOString();
  const error = {
    type: "",
    title: "",
    status: 400,
    detail: "",
    code: "clientIdFromFuture" as const,
    retryable: false,
    serverTime,
  };
  world.socket.say({ type: "error", id: first.id, error });
  await settled();
  const second = world.socket.take("send");
  const timeOf = (id = "") => Number.parseInt(id.replace("-", "").slice(0, 12), 16);
  assert.equal(timeOf(first.clientId) - timeOf(second.clientId), 600_000);
  const [item] = world.client.outbox;
  assert.equal(item?.key, first.clientId);
  world.client.close();
});

test("messages come once and in order, whatever is lost, doubled or late", async () => {
  const world = new World();
  const shown: number[] = [];
  world.client.on("message", ({ message: { seq } }) => shown.push(seq));
  await world.online();
  for (const seq of [1, 1, 3, 2, 3, 6]) world.socket.say(said(seq));
  await settled();
  assert.deepEqual(shown, [1, 2, 3]);
  assert.ok(!world.socket.has("events"));
  await world.environment.pass(300);
  const { id, after, epoch } = world.socket.take("events");
  assert.deepEqual([after, epoch], [3, 1]);
  world.socket.say({
    type: "events",
    id,
    chatId: CHAT,
    epoch: 1,
    events: [said(4), said(5), said(6)],
    hasMore: false,
  });
  await settled();
  assert.deepEqual(shown, [1, 2, 3, 4, 5, 6]);
  world.client.close();
});

test("after an outage the sync tells from which place on something is missing", async () => {
  const world = new World();
  const shown: number[] = [];
  world.client.on("message", ({ message: { seq } }) => shown.push(seq));
  await world.online(1);
  world.socket.end();
  assert.equal(world.client.state, "online");
  await settled();
  assert.equal(world.client.state, "offline");
  await world.reconnect();
  await world.ready();
  // A live message overtakes the answer to the sync.
  world.socket.say(said(4));
  const { id, since, chats } = world.socket.take("sync");
  assert.deepEqual([since, chats], ["t1", { [CHAT]: { epoch: 1, seq: 1 } }]);
  world.socket.say(synced(id, [{ ...chat(3), events: [said(2), said(3)], limited: false }]));
  await settled();
  assert.deepEqual(shown, [2, 3, 4]);
  assert.equal(world.client.state, "online");
  world.client.close();
});

test("reconnecting is spread over a time that grows, and starts anew after a connection that stood", async () => {
  const pauses: number[][] = [];
  for (let seed = 1; seed <= 40; seed += 1) {
    const world = new World({}, seed);
    const own: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      await settled();
      world.socket.end();
      const endedAt = world.environment.time;
      await world.reconnect();
      own.push(world.socket.madeAt - endedAt);
    }
    pauses.push(own);
    world.client.close();
  }
  const most = pauses[0]?.map((_, round) => Math.max(...pauses.map((own) => own[round] ?? 0))) ?? [];
  most.forEach((pause, round) => {
    assert.ok(pause <= Math.min(1_000 * 2 ** round, 30_000), `round ${round}: ${pause}`);
    assert.ok(pause > Math.min(1_000 * 2 ** round, 30_000) * 0.7, `round ${round}: ${pause}`);
  });
});

test("a draining server is left when it closes, and comes back to when it said", async () => {
  const world = new World();
  await world.online();
  world.socket.say({ type: "drain", afterMs: 5_000 });
  chatOf(world).send("after the drain");
  await settled();
  assert.ok(!world.socket.has("send"));
  world.socket.end(4009, "draining");
  const sockets = world.environment.sockets.length;
  await world.environment.pass(4_900);
  assert.equal(world.environment.sockets.length, sockets);
  await world.environment.pass(200);
  await world.ready();
  assert.ok(world.socket.has("send"));
  world.client.close();
});

test("codes from 4500 on end the client with the server's reason, all others bring it back", async () => {
  for (const code of [1006, 1011, 4002, 4008, 4029]) {
    const world = new World();
    await world.online();
    world.socket.end(code);
    await world.reconnect();
    world.client.close();
  }
  const world = new World();
  const ready = world.client.ready();
  await settled();
  world.socket.open();
  const error = {
    type: "",
    title: "",
    status: 401,
    detail: "this token is no good",
    code: "unauthorized" as const,
    retryable: false,
  };
  world.socket.say({ type: "error", id: 0, error });
  world.socket.end(4501, "bad token");
  await assert.rejects(ready, { code: "unauthorized" as const, message: "this token is no good" });
  const sockets = world.environment.sockets.length;
  await world.environment.pass(60_000);
  assert.equal(world.environment.sockets.length, sockets);
  assert.throws(() => chatOf(world).send("too late"), { code: "unauthorized" });
});

test("an expired token is asked for anew, and given up on after a few tries", async () => {
  const world = new World();
  await world.online();
  assert.equal(world.tokens, 1);
  for (let tried = 0; tried < 4; tried += 1) {
    world.socket.end(4001, "token expired");
    if (tried < 3) await world.reconnect();
  }
  await settled();
  assert.equal(world.tokens, 4);
  assert.equal(world.client.state, "closed");
});

test("a token that expires soon is renewed and the session goes on", async () => {
  const world = new World();
  await world.online();
  world.socket.say({ type: "reauth", expiresAt: "2026-06-01T12:01:00.000Z" });
  await settled();
  assert.equal(world.socket.take("auth").token, "token 2");
  assert.equal(world.environment.sockets.length, 1);
  world.client.close();
});

test("heartbeats come with jitter and tell the places of chats on the screen", async () => {
  const firsts = new Set<number>();
  for (let seed = 1; seed <= 8; seed += 1) {
    const world = new World({ delivered: false }, seed);
    await world.online(7);
    chatOf(world).timeline();
    await settled();
    const { id } = world.socket.take("history");
    world.socket.say({ type: "messages", id, messages: [], hasMore: false });
    const began = world.environment.time;
    while (!world.socket.has("heartbeat")) await world.environment.pass(100);
    firsts.add(world.environment.time - began);
    assert.deepEqual(world.socket.take("heartbeat").chats, { [CHAT]: { epoch: 1, seq: 7 } });
    world.client.close();
  }
  assert.ok(firsts.size > 4, `${[...firsts]}`);
  for (const first of firsts) assert.ok(first >= 15_000 && first <= 20_100, `${first}`);
});

test("a server that says nothing is left, and one that doesn't answer when somebody looks sooner", async () => {
  const world = new World();
  await world.online();
  await world.environment.pass(69_000);
  assert.equal(world.environment.sockets[0]?.isClosed, false);
  await world.environment.pass(2_000);
  assert.equal(world.environment.sockets[0]?.isClosed, true);
  await world.reconnect();
  await world.online();
  const { socket } = world;
  world.client.post({ type: "wake" });
  await settled();
  assert.ok((socket.take("heartbeat").id ?? 0) > 0);
  await world.environment.pass(11_000);
  assert.equal(socket.isClosed, true);
  world.client.close();
});

test("a head ahead of the place, told by a heartbeat, is fetched", async () => {
  const world = new World();
  await world.online(1);
  world.socket.say({ type: "heartbeat", chats: { [CHAT]: { epoch: 1, seq: 3 } } });
  assert.equal(world.socket.take("events").after, 1);
  world.client.close();
});

test("what arrives is marked as delivered, reading at most once a second, and the last mark wins", async () => {
  const world = new World();
  await world.online();
  world.socket.say(said(1));
  await settled();
  assert.equal(world.socket.take("delivered").deliveredMessageId, message(1).id);
  for (const seq of [2, 3, 4]) world.socket.say(said(seq));
  await settled();
  for (const seq of [2, 3, 4]) chatOf(world).read(message(seq).id);
  await settled();
  const { id, lastReadMessageId } = world.socket.take("read");
  assert.equal(lastReadMessageId, message(2).id);
  world.socket.say({ type: "ok", id });
  await world.environment.pass(1_000);
  assert.equal(world.socket.take("read").lastReadMessageId, message(4).id);
  assert.equal(world.client.chats.get(CHAT)?.unread, 0);
  world.client.close();
});

test("counts that only the server knows are read again, once for many doubts", async () => {
  const world = new World();
  await world.online(5);
  const counted = chat(5, { unread: 3, marks: { read: message(2).id } });
  world.environment.answer = () => Response.json(counted);
  for (const id of [1, 2])
    world.socket.say({ type: "receipt", chatId: CHAT, userId: "ana", lastReadMessageId: message(id).id });
  await world.environment.pass(1_000);
  assert.deepEqual(world.environment.fetched, [`GET https://chat.example/v1/chats/${CHAT}`]);
  assert.equal(world.client.chats.get(CHAT)?.unread, 3);
  world.client.post({ type: "refresh", chatId: "9" });
  await world.environment.pass(1_000);
  assert.deepEqual(world.environment.fetched.slice(1), ["GET https://chat.example/v1/chats/9"]);
  world.client.close();
});

test("presence is watched for users on the screen only, again after a reconnect, and forgotten when nobody looks", async () => {
  const world = new World();
  await world.online();
  const heard: string[] = [];
  world.client.on("presence", ({ userId, status }) => heard.push(`${userId} ${status}`));
  const stops = [world.client.presence.watch("ben", "cem"), world.client.presence.watch("ben")];
  await world.environment.pass(100);
  const { id, add } = world.socket.take("watchPresence");
  assert.deepEqual(add, ["ben", "cem"]);
  world.socket.say({ type: "presence", id, users: [{ userId: "ben", status: "online" }] });
  world.socket.say({
    type: "presence",
    userId: "ben",
    status: "offline",
    lastSeen: "2026-06-01T12:00:00.000Z",
  });
  world.socket.say({ type: "presence", userId: "eve", status: "online" });
  await settled();
  assert.deepEqual(heard, ["ben online", "ben offline"]);
  assert.equal(world.client.presence.of("ben")?.status, "offline");
  for (const stop of stops) stop();
  await world.environment.pass(100);
  assert.deepEqual(world.socket.take("watchPresence").remove, ["ben", "cem"]);
  world.client.presence.watch("dan");
  world.socket.end();
  await world.reconnect();
  await world.online();
  assert.deepEqual(world.socket.take("watchPresence").add, ["dan"]);
  world.client.close();
});

test("frames never go out faster than the server takes them", async () => {
  const world = new World();
  await world.ready({ limits: { ...LIMITS, framesIn10S: 30 } });
  const { id } = world.socket.take("sync");
  world.socket.say(synced(id, [{ ...chat(0), events: [], limited: true }]));
  await settled();
  world.socket.sent = [];
  const times: number[] = [];
  const chats = Array.from({ length: 60 }, (_, index) => world.client.chat(String(index + 1)));
  for (const one of chats) one.send("x");
  while (times.length < 60) {
    for (; world.socket.has("send"); ) {
      const { id: n, clientId, chatId } = world.socket.take("send");
      times.push(world.environment.time);
      const own = message(1, { senderId: "ana", chatId, clientId: clientId ?? "" });
      world.socket.say({ type: "ack", id: n, epoch: 1, seq: 1, message: own });
    }
    await world.environment.pass(100);
  }
  for (const start of times) assert.ok(times.filter((at) => at >= start && at < start + 9_800).length <= 20);
  world.client.close();
});

test("leaving or being removed takes the chat away at once", async () => {
  const world = new World();
  await world.online(1);
  const left: string[] = [];
  world.client.on("left", ({ chatId }) => left.push(chatId));
  const event = { id: "9", userId: "ben", timestamp: "", change: "removed", userIds: ["ana"] };
  world.socket.say({ type: "membership", chatId: CHAT, epoch: 1, seq: 2, event });
  await settled();
  assert.deepEqual([left, world.client.chats.list], [[CHAT], []]);
  world.client.close();
});

test("wrong arguments throw before anything is sent", () => {
  const token = "x";
  const environment = new FakeEnvironment();
  assert.throws(() => new Client({ url: "chat.example", token, environment }), { code: "badArgument" });
  const client = new Client({ url: "http://chat.example", token, userId: "ana", environment });
  const chat = client.chat(CHAT);
  for (const content of ["", "\ud800", "a\0b", 7 as unknown as string]) {
    assert.throws(() => chat.send(content), { code: "badArgument" });
  }
  assert.throws(() => chat.send("👨‍👩‍👧".repeat(1_000)), { code: "tooLarge", message: /18000 bytes.*16384/ });
  assert.throws(() => client.chat(7e17 as unknown as string), { code: "badArgument" });
  assert.throws(() => chat.send("x", { replyTo: "abc" }), { code: "badArgument" });
  assert.deepEqual(client.outbox, []);
  client.close();
});

test("a question without an answer is asked again, and fails when the server stays away", async () => {
  const world = new World();
  await world.online();
  const page = chatOf(world).history();
  const failing = assert.rejects(page, { code: "notConnected" });
  await settled();
  world.socket.take("history");
  world.socket.end();
  await world.environment.pass(60_000);
  await failing;
  world.client.close();
});

test("a loop over messages ends with the client, and one that is too slow is told", async () => {
  const world = new World();
  await world.online();
  const loop = chatOf(world).messages();
  const slow = world.client.events("message");
  for (let seq = 1; seq <= 10_001; seq += 1) world.socket.say(said(seq));
  await settled();
  assert.deepEqual(seqs([(await loop.next()).value as never]), [1]);
  for (let taken = 0; taken < 10_000; taken += 1) await slow.next();
  await assert.rejects(slow.next(), { code: "overloaded" });
  world.client.close();
});

test("a page that missed what became of its message hears it again, and nothing is sent twice", async () => {
  const world = new World();
  await world.online();
  const environment = new FakeEnvironment();
  const driver = new Driver(environment, {
    url: "https://chat.example",
    userId: "ana",
    store: memoryStore(),
  });
  const { page, driver: end } = line();
  const told: Tell[] = [];
  page.listen((tell) => told.push(tell));
  driver.add(end);
  page.post({ type: "attach", places: {}, watch: [], screen: [] });
  await settled();
  const asked = told.find((tell) => tell.type === "askToken");
  page.post({ type: "token", n: asked?.type === "askToken" ? asked.n : 0, token: "t" });
  await settled();
  const { socket } = environment;
  socket.open();
  const serverTime = new Date(environment.time).toISOString();
  socket.say({
    type: "ready",
    id: 0,
    userId: "ana",
    sessionId: "1",
    heartbeatSeconds: 20,
    presenceTtlSeconds: 30,
    limits: LIMITS,
    serverTime,
  });
  const request = { type: "send", chatId: CHAT, content: "hi", clientId: "k" } as const;
  page.post({ type: "change", key: "k", request });
  await settled();
  const { id } = socket.take("send");
  socket.say({ type: "ack", id, epoch: 1, seq: 1, message: message(1, { senderId: "ana" }) });
  page.post({ type: "change", key: "k", request });
  await settled();
  assert.equal(told.filter(({ type }) => type === "settled").length, 2);
  assert.ok(!socket.has("send"));
  driver.close();
  world.client.close();
});

test("a message that the log shows is no longer on its way, so that it never comes twice", async () => {
  const world = new World();
  await world.online();
  const timeline = chatOf(world).timeline({ pageSize: 2 });
  await settled();
  world.socket.say({ type: "messages", id: world.socket.take("history").id, messages: [], hasMore: false });
  await timeline.loaded;
  const outgoing = chatOf(world).send("once");
  await settled();
  const { id, clientId } = world.socket.take("send");
  const sent = message(1, { senderId: "ana", clientId: clientId ?? "" });
  world.socket.say({ type: "ack", id, epoch: 1, seq: 1, message: sent });
  await outgoing;
  void timeline.jumpTo(message(9).id);
  await settled();
  const away = [message(9), message(10)];
  world.socket.say({ type: "messages", id: world.socket.take("history").id, messages: away, hasMore: true });
  await settled();
  void timeline.loadNewer();
  await settled();
  world.socket.say({ type: "messages", id: world.socket.take("history").id, messages: [], hasMore: false });
  await settled();
  assert.deepEqual(seqs(timeline.items.map((item) => item.message)), [9, 10]);
  world.client.close();
});
