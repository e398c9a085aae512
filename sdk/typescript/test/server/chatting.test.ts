import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Client } from "../../src/index.js";
import { Person, until } from "../people.js";
import { Served } from "../served.js";

let served: Served;
let people: Person[];
const opened: Client[] = [];

before(async () => {
  served = await Served.start();
  people = await Promise.all(["ana", "ben", "cem"].map((name) => Person.register(served.url, name)));
});

after(async () => {
  for (const client of opened) client.close();
  await served.stop();
});

/** Opens clients that are in sync. */
async function devices(...names: string[]): Promise<Client[]> {
  const clients = names.map((name) => {
    const person = people.find(({ id }) => id === name);
    if (!person) throw new Error(`nobody is called ${name}`);
    return person.client();
  });
  opened.push(...clients);
  return Promise.all(clients.map((client) => client.ready()));
}

test("a message reaches the other's device and the sender's other one, each once", async () => {
  const [ana, laptop, ben] = (await devices("ana", "ana", "ben")) as [Client, Client, Client];
  const chat = await ana.direct("ben");
  const loops = [laptop, ben].map((client) => client.events("message"));
  const sent = await chat.send("Fancy a chinwag?", { metadata: { mood: "good" } });
  assert.equal(sent.content, "Fancy a chinwag?");
  for (const loop of loops) {
    const { value } = await loop.next();
    assert.deepEqual(value.message, sent);
    await loop.return?.();
  }
  const key = laptop.chat(chat.id).timeline();
  await key.loaded;
  assert.equal(key.items.at(-1)?.key, sent.clientId);
  await until([ben], () => ben.chats.get(chat.id)?.unread === 1);
  await until([laptop], () => laptop.chats.get(chat.id)?.head.lastMessage?.id === sent.id);
  assert.equal(laptop.chats.get(chat.id)?.unread, 0);
});

test("unread and mentions follow what is read, on each device of the user", async () => {
  const [ana, ben, phone] = (await devices("ana", "ben", "ben")) as [Client, Client, Client];
  const chat = await ana.createGroup({ name: "tea", members: ["ben"] });
  const sent = [];
  for (let n = 1; n <= 5; n += 1) sent.push(await chat.send(`m${n}`, n % 2 ? { mentions: ["ben"] } : {}));
  const counts = (client: Client) => {
    const known = client.chats.get(chat.id);
    return known && `${known.unread} ${known.mentions}`;
  };
  await until([ben, phone], () => counts(ben) === "5 3" && counts(phone) === "5 3");
  ben.chat(chat.id).read(sent[2]?.id);
  await until([ben, phone], () => counts(ben) === "2 1" && counts(phone) === "2 1");
  ben.chat(chat.id).read();
  await until([ben, phone], () => counts(ben) === "0 0" && counts(phone) === "0 0");
  phone.chat(chat.id).read(sent[0]?.id, { unread: true });
  await until([ben, phone], () => counts(ben) === "4 2" && counts(phone) === "4 2");
  await chat.delete(sent[4]?.id ?? "");
  await until([ben, phone], () => counts(ben) === "3 1" && counts(phone) === "3 1");
});

test("edits, deletions and reactions change the message where it is shown", async () => {
  const [ana, ben] = (await devices("ana", "ben")) as [Client, Client];
  const chat = await ana.direct("ben");
  const timeline = ben.chat(chat.id).timeline();
  await timeline.loaded;
  const sent = await chat.send("helo");
  const shown = () => timeline.items.find((item) => item.message.id === sent.id)?.message;
  assert.equal((await chat.edit(sent.id, "hello")).content, "hello");
  await until([ben], () => shown()?.status === "edited" && shown()?.content === "hello");
  await ben.chat(chat.id).react(sent.id, "👍");
  await until([ben], () => shown()?.reactions[0]?.mine === true);
  const others = (await chat.history({ limit: 1 })).messages[0];
  assert.deepEqual(others?.reactions, [{ key: "👍", count: 1, mine: false }]);
  await ben.chat(chat.id).unreact(sent.id, "👍");
  await until([ben], () => shown()?.reactions.length === 0);
  await chat.delete(sent.id);
  await until([ben], () => shown()?.status === "deleted" && shown()?.content === "");
  await assert.rejects(chat.edit(sent.id, "too late"), { code: "messageDeleted" });
  assert.deepEqual(await chat.versions(sent.id), []);
});

test("receipts tell how far a message has come", async () => {
  const [ana, ben] = (await devices("ana", "ben")) as [Client, Client];
  const chat = await ana.direct("ben");
  const receipts = await chat.receipts();
  const sent = await chat.send("did you see this?");
  await until([ana], () => receipts.of(sent.id).delivered === 1);
  assert.equal(receipts.of(sent.id).read, 0);
  ben.chat(chat.id).read(sent.id);
  await until([ana], () => receipts.of(sent.id).readBy.includes("ben"));
  receipts.close();
});

test("typing is seen by the other and ends with the message", async () => {
  const [ana, ben] = (await devices("ana", "ben")) as [Client, Client];
  const chat = await ana.direct("ben");
  chat.typing();
  chat.typing();
  await until([ben], () => ben.chat(chat.id).typers.includes("ana"));
  await chat.send("so");
  await until([ben], () => ben.chat(chat.id).typers.length === 0);
});

test("presence is told of those on the screen", async () => {
  const [ana] = (await devices("ana")) as [Client];
  await ana.direct("cem");
  const stop = ana.presence.watch("cem");
  await until([ana], () => ana.presence.of("cem")?.status === "offline");
  const [cem] = (await devices("cem")) as [Client];
  await until([ana], () => ana.presence.of("cem")?.status === "online");
  cem.close();
  await until([ana], () => ana.presence.of("cem")?.status === "offline");
  stop();
});

test("search finds a message, and a timeline jumps to it in its context", async () => {
  const [ana] = (await devices("ana")) as [Client];
  const chat = await ana.createGroup({ name: "long" });
  for (let n = 1; n <= 60; n += 1) await chat.send(n === 20 ? "a needle, 明天下午去北京开会" : `hay ${n}`);
  // The index follows the log.
  let hits = (await ana.search("北京")).hits;
  while (hits.length === 0) hits = (await chat.search("北京")).hits;
  const [hit] = hits;
  assert.ok(hit);
  const [[from = 0, to = 0] = []] = hit.matches;
  assert.equal(hit.message.content.slice(from, to), "北京");
  const timeline = chat.timeline({ around: hit.message.id, pageSize: 10 });
  await timeline.loaded;
  const shown = () => timeline.items.map(({ message }) => message.content);
  assert.ok(
    shown().includes(hit.message.content) && shown().includes("hay 19") && shown().includes("hay 21"),
  );
  while (timeline.hasOlder) await timeline.loadOlder();
  while (timeline.hasNewer) await timeline.loadNewer();
  assert.deepEqual([shown()[0], shown().at(-1)], ["hay 1", "hay 60"]);
  timeline.close();
});

test("groups change: members, roles, names, and those who leave see it go", async () => {
  const [ana, ben, cem] = (await devices("ana", "ben", "cem")) as [Client, Client, Client];
  const chat = await ana.createGroup({ name: "plans", members: ["ben"], historyVisible: "joined" });
  await until([ben], () => ben.chats.get(chat.id)?.name === "plans");
  await chat.send("before cem");
  await chat.add("cem");
  await until([cem], () => cem.chats.get(chat.id));
  assert.deepEqual((await cem.chat(chat.id).history()).messages, []);
  await chat.rename("better plans");
  await chat.setRole("ben", "admin");
  await until(
    [ben],
    () => ben.chats.get(chat.id)?.name === "better plans" && ben.chats.get(chat.id)?.role === "admin",
  );
  const members = [];
  for await (const { userId, role } of chat.members()) members.push(`${userId} ${role}`);
  assert.deepEqual(members, ["ana owner", "ben admin", "cem member"]);
  await chat.remove("cem");
  await until([cem], () => !cem.chats.get(chat.id));
  await assert.rejects(cem.chat(chat.id).send("still here?").then(), { code: "notFound" });
  await ben.chat(chat.id).leave();
  await until([ben], () => !ben.chats.get(chat.id));
  await chat.mute();
  await until([ana], () => ana.chats.get(chat.id)?.mutedUntil);
  await chat.unmute();
  await until([ana], () => ana.chats.get(chat.id)?.mutedUntil === undefined);
  await chat.deleteForAll();
  await until([ana], () => !ana.chats.get(chat.id));
});

test("any text comes back byte for byte, and the client counts like the server", async () => {
  const [ana] = (await devices("ana")) as [Client];
  const chat = await ana.createGroup({ name: "texts" });
  const limit = 16_384;
  const family = "👨‍👩‍👧‍👦";
  const texts = [
    "\u202bעברית mixed\u202c",
    "e\u0301\u200d\u200b",
    `${"x".repeat(limit - 25)}${family}`,
    "👍".repeat(limit / 4),
  ];
  for (const text of texts) assert.equal((await chat.send(text)).content, text);
  const stored = (await chat.history({ limit: 10 })).messages.map(({ content }) => content);
  assert.deepEqual(stored.reverse(), texts);
  assert.throws(() => chat.send("x".repeat(limit + 1)), { code: "tooLarge" });
  const clientCounts = `${"x".repeat(limit - 24)}${family}`;
  assert.throws(() => chat.send(clientCounts), { code: "tooLarge" });
  const body = { chatId: chat.id, content: clientCounts };
  await assert.rejects(ana.http.request("POST /v1/messages", { body }), { code: "tooLarge" });
});
