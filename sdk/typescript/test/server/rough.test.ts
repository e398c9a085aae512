import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chat, Client, Message } from "../../src/index.js";
import { FakeEnvironment } from "../fake-environment.js";
import { Person, until } from "../people.js";
import { LossyProxy } from "../proxy.js";
import { Served } from "../served.js";

/** Reads a whole chat, oldest first. */
async function everything(chat: Chat): Promise<Message[]> {
  const all: Message[] = [];
  for (let hasMore = true; hasMore; ) {
    const page = await chat.history({ after: all.at(-1)?.id ?? "2000-01-01T00:00:00Z", limit: 200 });
    all.push(...page.messages);
    ({ hasMore } = page);
  }
  return all;
}

function close(clients: Client[]): void {
  for (const client of clients) client.close();
}

/** Collects what a client is shown of a chat; `restarted` where it had to be taken anew. */
function shownBy(client: Client, chatId: string): { seqs: number[]; contents: string[]; restarted: number } {
  const shown = { seqs: [] as number[], contents: [] as string[], restarted: 0 };
  client.on("message", ({ chatId: id, message }) => {
    if (id !== chatId) return;
    shown.seqs.push(message.seq);
    shown.contents.push(message.content);
  });
  client.on("restart", ({ chatId: id }) => {
    if (id === chatId) shown.restarted += 1;
  });
  return shown;
}

function assertRising(seqs: number[]): void {
  const sorted = [...new Set(seqs)].sort((one, other) => one - other);
  assert.deepEqual(seqs, sorted);
}

test("kill -9 and restart under traffic: everything sent is there once, in order, and shown to both", async (t) => {
  const served = await Served.start({ CHINWAG_LIMITS_RATES: "off" });
  t.after(() => served.stop());
  const [ana, ben] = await Promise.all(["ana", "ben"].map((name) => Person.register(served.url, name)));
  assert.ok(ana && ben);
  const clients = [ana.client({ answerMs: 2_000 }), ben.client({ answerMs: 2_000 })] as [Client, Client];
  t.after(() => close(clients));
  await Promise.all(clients.map((client) => client.ready()));
  const { id } = await clients[0].direct("ben");
  const shown = clients.map((client) => shownBy(client, id));
  const timeline = clients[1].chat(id).timeline({ maxItems: 5_000 });
  await timeline.loaded;
  const sent: string[][] = [[], []];
  let acknowledged = 0;
  let stop = false;
  const talking = clients.map(async (client, who) => {
    for (let n = 0; !stop; n += 1) {
      const content = `${who} says ${n}`;
      sent[who]?.push(content);
      // Two at a time, so that some wait in the outbox whenever the server dies.
      const first = client.chat(id).send(content);
      const second = client.chat(id).send(`${content} again`);
      sent[who]?.push(`${content} again`);
      assert.ok((await first).seq < (await second).seq);
      acknowledged += 2;
    }
  });
  for (let round = 1; round <= 4; round += 1) {
    const enough = acknowledged + 100;
    await until(clients, () => acknowledged >= enough, "100 more are acknowledged");
    await served.kill();
    await served.restart();
  }
  stop = true;
  await Promise.all(talking);
  const history = await everything(clients[0].chat(id));
  const contents = history.map(({ content }) => content);
  sent.forEach((own, who) => {
    const stored = contents.filter((content) => content.startsWith(`${who} says`));
    assert.deepEqual(stored, own);
  });
  for (const one of shown) {
    await until(clients, () => one.seqs.at(-1) === history.at(-1)?.seq, "both are shown the last message");
    assertRising(one.seqs);
    if (one.restarted === 0) assert.deepEqual(one.contents, contents);
  }
  await until(clients, () => timeline.items.at(-1)?.message.id === history.at(-1)?.id || timeline.hasNewer);
  while (timeline.hasNewer) await timeline.loadNewer();
  assert.deepEqual(
    timeline.items.map(({ message }) => message.content),
    contents,
  );
});

for (const seed of [1, 2]) {
  test(`frames lost, doubled and late, and connections cut: both see one history (seed ${seed})`, async (t) => {
    const { random } = new FakeEnvironment(seed);
    const served = await Served.start({ CHINWAG_LIMITS_RATES: "off" });
    const proxy = await LossyProxy.start(served.url, random);
    const people = await Promise.all(["ana", "ben"].map((name) => Person.register(proxy.url, name)));
    const clients = people.map((person) => person.client({ answerMs: 300 })) as [Client, Client];
    t.after(async () => {
      close(clients);
      await proxy.stop();
      await served.stop();
    });
    await Promise.all(clients.map((client) => client.ready()));
    const { id } = await clients[0].direct("ben");
    await until(clients, () => clients.every((client) => client.chats.get(id)));
    const shown = clients.map((client) => shownBy(client, id));
    proxy.weather = { lost: 0.1, doubled: 0.1, delayed: 0.3, delayMs: 100 };
    const talking = clients.map(async (client, who) => {
      for (let n = 0; n < 20; n += 1) {
        if (n % 10 === 9) proxy.cut();
        await client.chat(id).send(`${who} says ${n}`);
      }
    });
    await Promise.all(talking);
    proxy.calm();
    const last = await clients[0].chat(id).send("the end");
    const history = await everything(clients[1].chat(id));
    assert.equal(history.length, 41);
    assert.equal(history.at(-1)?.id, last.id);
    for (const who of [0, 1]) {
      const own = history
        .map(({ content }) => content)
        .filter((content) => content.startsWith(`${who} says`));
      assert.deepEqual(
        own,
        Array.from({ length: 20 }, (_, n) => `${who} says ${n}`),
      );
    }
    for (const one of shown) {
      await until(clients, () => one.seqs.at(-1) === last.seq, "both are shown the last message");
      assert.equal(one.restarted, 0);
      assert.deepEqual(
        one.seqs,
        history.map(({ seq }) => seq),
      );
    }
    assert.ok(proxy.counts.lost > 0 && proxy.counts.doubled > 0 && proxy.counts.delayed > 0);
  });
}

test("a client that was away sends what waited in its outbox, and shows what it missed, once", async (t) => {
  const served = await Served.start();
  t.after(() => served.stop());
  const [ana, ben] = await Promise.all(["ana", "ben"].map((name) => Person.register(served.url, name)));
  assert.ok(ana && ben);
  const clients = [ana.client(), ben.client()] as [Client, Client];
  t.after(() => close(clients));
  await Promise.all(clients.map((client) => client.ready()));
  const { id } = await clients[0].direct("ben");
  await until(clients, () => clients[1].chats.get(id));
  const shown = shownBy(clients[1], id);
  await served.leave();
  await until(clients, () => clients.every((client) => client.state === "offline"));
  const waiting = [1, 2, 3].map((n) => clients[0].chat(id).send(`offline ${n}`));
  assert.deepEqual(
    waiting.map(({ state }) => state),
    ["pending", "pending", "pending"],
  );
  await served.restart();
  for (const outgoing of waiting) await outgoing;
  await until(clients, () => shown.contents.length === 3);
  assert.deepEqual(shown.contents, ["offline 1", "offline 2", "offline 3"]);
});
