/**
 * What broke in other chat systems, as somebody at a browser would meet it.
 *
 * | Fault | Test |
 * | --- | --- |
 * | 1 position jumps over missed messages | here; and "what came while the connection was away…" (network) |
 * | 4 ids rounded in JavaScript | "an id that no double holds…" (safety) |
 * | 5 own messages counted as unread | "own messages are unread nowhere…" (network) |
 * | 6 read marker moves backwards | here |
 * | 7 presence not renewed, or never ending | here |
 * | 8 typing never ends | here; and "typing ends when…" (network) |
 * | 9 length counted in different units | here; and "a text that is too long…" (talking) |
 * | 12 removed member keeps receiving | "who is removed loses the chat…" (groups) |
 * | 13 token expires on an open socket | here; and "a session goes on while…" (network), "a new password ends…" (accounts) |
 * | 14 push to who is online or has read | here: what a page in the background gets isn't read |
 * | 18 reconnect storm | here; five hundred at once in the SDK's `storm.test.ts` |
 * | 22 Origin behind proxies | here |
 * | 24 ids with slash or percent signs | "people whose ids hold…" (safety), and links here |
 * | 25 usernames by case and look-alikes | "a username in another case…" (accounts) |
 */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import { RenamingProxy } from "./proxy.js";
import { until } from "./until.js";
import { Visitor } from "./visitor.js";
import { Wire } from "./wire.js";

/** How long a session counts as there after its last sign of life, as `ready` tells (`presenceTtlSeconds`). */
const LEASE_MS = 30_000;
const SIGN_IN = { name: "Sign in to Chinwag" };

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor", chen: "Chen Wei" });
});
afterEach(async (test) => {
  house.wire.release();
  house.wire.mend();
  await house.leave(test);
});
after(() => house.close());

test("row 1: a live message that overtakes the catch-up hides nothing that was missed", async () => {
  const chatId = await house.person("ben").group("Row one", ["ana"]);
  await house.person("ben").say(chatId, "m1");
  const other = await house.person("ben").direct("ana");
  await house.person("ben").say(other, "Another chat");
  const ana = await house.visit("ana");
  await ana.open("Row one");
  await ana.shows(["m1"]);
  house.wire.cut();
  await ana.page.locator(".banner").waitFor();
  for (let number = 2; number <= 20; number += 1) await house.person("ben").say(chatId, `m${number}`);
  house.wire.hold("sync");
  house.wire.mend();
  await until(() => house.wire.held > 0);
  await house.person("ben").say(chatId, "m21");
  // Whatever the page does with m21 alone, it has done when it shows what came after it.
  await house.person("ben").say(other, "After m21");
  await ana.row("Ben Okafor").getByText("After m21").waitFor();
  house.wire.release();
  await ana.shows(Array.from({ length: 21 }, (_, index) => `m${index + 1}`));
});

test("row 6: a browser that comes back late with an older place takes nothing back of what was read", async () => {
  const chatId = await house.person("ben").group("Row six", ["ana"]);
  const sent = [];
  for (let number = 1; number <= 100; number += 1) {
    sent.push(await house.person("ben").say(chatId, `Number ${number}\n\n\nand more`));
  }
  const slowWire = await Wire.to(house.served.url);
  const { account } = house.person("ana");
  const slow = await Visitor.open(slowWire.url, { kept: { account } });
  try {
    await slow.goto(`/chat/${chatId}/${sent[19]?.id}`);
    await slow.page.locator(".message.highlighted").waitFor();
    slowWire.cut();
    await slow.page.locator(".banner").waitFor();
    // Sees a little more, and can't tell it.
    await slow.page.locator(".history").evaluate((box) => box.scrollBy(0, box.clientHeight));

    const ben = await house.visit("ben");
    await ben.open("Row six");
    const ana = await house.visit("ana");
    await ana.open("Row six");
    await ana.page.getByRole("button", { name: /To the latest messages/ }).click();
    await ben.ticks("Number 100", "Read");
    slowWire.mend();
    await slow.page.locator(".banner").waitFor({ state: "detached" });
    // What it says from now on comes after what it had to say before.
    await slow.send("Back again");
    await ben.sees("Back again");
    await ben.ticks("Number 100", "Read");
    const { unread, marks } = await house.person("ana").chat(chatId);
    assert.equal(unread, 0);
    assert.equal(BigInt(marks.read ?? 0) >= BigInt(sent[99]?.id ?? 0), true);
  } finally {
    await slow.close();
    await slowWire.close();
  }
});

test("row 7: who is silent stays online for three leases, and whose network is gone goes offline, once", async () => {
  for (const other of ["ben", "chen"]) {
    const chatId = await house.person(other).direct("ana");
    await house.person(other).say(chatId, "Hello");
  }
  const lostWire = await Wire.to(house.served.url);
  const lost = await Visitor.open(lostWire.url, { kept: { account: house.person("chen").account } });
  try {
    await lost.isIn();
    await house.visit("ben");
    const ana = await house.visit("ana");
    for (const name of ["Ben Okafor", "Chen Wei"]) {
      await ana.row(name).getByRole("img", { name: "online" }).waitFor();
    }
    await ana.page.evaluate(() => {
      const changes: string[] = [];
      Object.assign(window, { changes });
      new MutationObserver((records) => {
        for (const { addedNodes, removedNodes } of records) {
          const isDot = (node: Node) => (node as Element).classList?.contains("presence-dot");
          for (const [nodes, change] of [
            [addedNodes, "online"],
            [removedNodes, "offline"],
          ] as const) {
            if ([...nodes].some(isDot)) changes.push(change);
          }
        }
      }).observe(document.body, { subtree: true, childList: true });
    });
    const changesSeen = () => ana.page.evaluate(() => (window as unknown as { changes: string[] }).changes);
    // Both are silent for as long as three leases last: each was renewed.
    await ana.page.waitForTimeout(3 * LEASE_MS);
    assert.deepEqual(await changesSeen(), []);
    lostWire.freeze();
    // The lease of a session, and a heartbeat.
    await ana
      .row("Chen Wei")
      .getByRole("img", { name: "online" })
      .waitFor({ state: "detached", timeout: 60_000 });
    await ana.row("Ben Okafor").getByRole("img", { name: "online" }).waitFor();
    assert.deepEqual(await changesSeen(), ["offline"]);
  } finally {
    await lost.close();
    await lostWire.close();
  }
});

test("row 8: who typed and sent while one was in another chat isn't typing when one comes back", async () => {
  const chatId = await house.person("ana").group("Row eight", ["ben"]);
  await house.person("ana").say(chatId, "Start");
  await house.person("ana").say(await house.person("ana").group("Elsewhere", ["ben"]), "Start");
  const [ana, ben] = await Promise.all([house.visit("ana"), house.visit("ben")]);
  await ana.open("Row eight");
  await ben.open("Row eight");
  const typing = ana.page.locator(".chat-head .typing");
  await ben.composer.pressSequentially("Hm");
  await typing.waitFor();
  await ana.open("Elsewhere");
  await ben.composer.press("Enter");
  await ana.row("Row eight").getByText("Ben Okafor: Hm").waitFor();
  await ana.open("Row eight");
  await ana.sees("Hm");
  assert.equal(await typing.count(), 0);
});

test("row 9: the client's counter and the server agree on every script, and what fits is kept byte by byte", async () => {
  const limit = 200;
  const small = await House.with(
    { ana: "Ana Lind", ben: "Ben" },
    { CHINWAG_LIMITS_CONTENT_BYTES: `${limit}` },
  );
  try {
    const chatId = await small.person("ana").direct("ben");
    const ana = await small.visit("ana");
    await ana.open("Ben");
    const send = ana.page.getByRole("button", { name: "Send" });
    for (const unit of ["x", "👩‍👩‍👧", "😀", "e\u0301", "مرحبا \u200fabc\u200e", "క్\u200dష"]) {
      const size = new TextEncoder().encode(unit).length;
      const full = unit.repeat(Math.floor(limit / size));
      const fits = full + "y".repeat(limit - new TextEncoder().encode(full).length);
      await ana.composer.fill(`${fits}z`);
      await ana.page.getByText("1 byte too long").waitFor();
      assert.equal(await send.isDisabled(), true);
      await assert.rejects(small.person("ana").say(chatId, `${fits}z`));
      await ana.composer.fill(fits);
      await send.click();
      const { messages } = await until(async () => {
        const page = await small
          .person("ben")
          .http.request("GET /v1/messages", { query: { chatId, limit: 1 } });
        return page.messages[0]?.content === fits && page;
      });
      assert.equal(messages[0]?.content, fits);
      await ana.ticks(fits, "Sent");
    }
  } finally {
    await small.close();
  }
});

test("row 13: an account that is locked meanwhile loses its session at once, and is told", async () => {
  await house.add("eva", "Eva Berg");
  const key = await house.apiKey();
  const eva = await house.visit("eva");
  await house.asApp(key, "POST", "/v1/users/eva/disable", {});
  await eva.page.getByRole("heading", SIGN_IN).waitFor();
  await eva.page
    .getByRole("status")
    .getByText(/\w+\.$/)
    .waitFor();
  await eva.page.getByLabel("Username").fill("eva");
  await eva.page.getByLabel("Password").fill("correct horse");
  await eva.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await eva.page.getByText("This account is locked. Ask whoever runs this server.").waitFor();
});

test("row 13: with a token that is dead a browser asks a few times at most, then for a sign-in", async () => {
  const { account } = house.person("ben");
  const [head, body] = account.token.split(".");
  const before = house.wire.upgrades;
  const ben = await house.stranger({ kept: { account: { ...account, token: `${head}.${body}.AAAA` } } });
  await ben.page.getByRole("heading", SIGN_IN).waitFor();
  await ben.page.getByText("Your sign-in has ended. Sign in again.").waitFor();
  assert.ok(house.wire.upgrades - before <= 3, `${house.wire.upgrades - before} tries`);
});

test("row 14: what comes while one doesn't look is delivered and not read, until one looks", async () => {
  const chatId = await house.person("ben").group("Row fourteen", ["ana"]);
  await house.person("ben").say(chatId, "Start");
  const [ana, ben] = await Promise.all([house.visit("ana"), house.visit("ben")]);
  await ana.open("Row fourteen");
  await ben.open("Row fourteen");
  await ben.ticks("Start", "Read");
  await ana.look("away");
  await ben.send("Are you looking?");
  await ana.sees("Are you looking?");
  await ben.ticks("Are you looking?", "Delivered");
  assert.equal((await house.person("ana").chat(chatId)).unread, 1);
  await ana.row("Row fourteen").getByText("1 unread").waitFor();
  await ana.look("here");
  await ben.ticks("Are you looking?", "Read");
  await ana.row("Row fourteen").getByText("1 unread").waitFor({ state: "detached" });
});

test("row 18: everybody comes back after a restart by themselves, each with what they missed and nothing else", async () => {
  const chatId = await house.person("ana").group("Row eighteen", ["ben", "chen"]);
  await house.person("ana").say(chatId, "Start");
  const all = await Promise.all(["ana", "ben", "chen"].map((userId) => house.visit(userId)));
  for (const visitor of all) {
    await visitor.open("Row eighteen");
    await visitor.sees("Start");
  }
  let pages = 0;
  for (const { page } of all)
    page.on("request", (request) => {
      pages += request.isNavigationRequest() ? 1 : 0;
    });
  await house.served.leave();
  await all[0]?.page.locator(".banner").waitFor();
  await all[0]?.send("Said meanwhile");
  await house.served.restart();
  for (const visitor of all) await visitor.shows(["Start", "Said meanwhile"]);
  for (const visitor of all) await visitor.page.locator(".banner").waitFor({ state: "detached" });
  assert.equal(pages, 0);
});

test("row 22: behind a proxy that renames the server the client works from every address that is allowed, and says why from others", async () => {
  const proxy = await RenamingProxy.start();
  const origins = `${proxy.url("LOCALHOST")}/, https://chat.example`;
  const renamed = await House.with({ ana: "Ana Lind" }, { CHINWAG_PUBLIC_ORIGINS: origins });
  try {
    proxy.before(renamed.served.url);
    const allowed = await Visitor.open(proxy.url("localhost"), {
      kept: { account: renamed.person("ana").account },
    });
    await allowed.page.getByRole("heading", { name: "No chats yet" }).waitFor();
    assert.deepEqual(allowed.troubles, []);
    await allowed.close();
    const foreign = await Visitor.open(proxy.url("127.0.0.1"));
    await foreign.page.getByLabel("Username").fill("ana");
    await foreign.page.getByLabel("Password").fill("correct horse");
    await foreign.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await foreign.page.getByText("This server doesn't accept this page's address.").waitFor();
    await foreign.close();
  } finally {
    await proxy.close();
    await renamed.close();
  }
});

test("row 24: links to what is no chat lead to a sentence and on to one's chats", async () => {
  const ana = await house.visit("ana");
  for (const path of ["/chat/1", "/chat/99999999999999999999", "/chat/1/2"]) {
    await ana.goto(path);
    await ana.page.getByRole("heading", { name: "This chat isn't there" }).waitFor();
  }
  await ana.page.getByRole("button", { name: "Show my chats" }).click();
  await ana.page.getByRole("heading", { name: "Choose a chat" }).waitFor();
  for (const path of ["/foo", "/chat", "/chat/abc", "/chat/1/2/3", "/%2e%2e/etc", "/foo%2Fbar?x=<b>"]) {
    const answer = await ana.page.goto(ana.url + path);
    assert.ok([200, 404].includes(answer?.status() ?? 0), `${path}: ${answer?.status()}`);
    await ana.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  }
  await ana.page.getByRole("button", { name: "Show my chats" }).click();
  await ana.page.getByRole("heading", { name: "Choose a chat" }).waitFor();
});
