/** Scrolling through one group of hundreds of thousands of messages and thousands of members. */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { corpus } from "./corpus.js";
import { House } from "./house.js";
import { until } from "./until.js";
import type { Visitor } from "./visitor.js";

const NAME = "Support";
/** More rows than that in the document would be a leak. */
const MOST_ROWS = 300;
const AFTER_MANY_YEARS = "2011-06-01T12:00:00Z";

let house: House;
let chatId: string;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor" });
  await house.importFile(await corpus(house.served.directory), "ana", NAME);
  const { chats } = await house.person("ana").http.request("GET /v1/chats", { query: {} });
  chatId = chats[0]?.id ?? "";
  await house.addMember("ana", chatId, "ben");
});
afterEach((test) => house.leave(test));
after(() => house.close());

function shownIds(visitor: Visitor): Promise<string[]> {
  return visitor.page
    .locator(".message")
    .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.message ?? ""));
}

/** Fails unless these are the chat's messages from the first to the last, each once, and few enough for a document. */
async function isGapFree(shown: string[]): Promise<void> {
  assert.ok(shown.length > 0 && shown.length <= MOST_ROWS, `${shown.length} rows`);
  const [first = "", ...others] = shown;
  const expected: string[] = [];
  while (expected.length < others.length) {
    const query = {
      chatId,
      after: expected.at(-1) ?? first,
      limit: Math.min(200, others.length - expected.length),
    };
    const { messages } = await house.person("ana").http.request("GET /v1/messages", { query });
    if (messages.length === 0) break;
    expected.push(...messages.map(({ id }) => id).sort(byId));
  }
  assert.deepEqual(others, expected);
}

function byId(one: string, other: string): number {
  return BigInt(one) < BigInt(other) ? -1 : 1;
}

/** Whether the one end of what is shown lies further than it did. */
function hasMoved(shown: string[], now: string[], to: "older" | "newer"): boolean {
  const [was, is] = to === "older" ? [shown[0], now[0]] : [now.at(-1), shown.at(-1)];
  return BigInt(is || 0) < BigInt(was || 0);
}

/** Scrolls towards an end until other messages are there; returns what is shown. */
async function scrollOn(visitor: Visitor, to: "older" | "newer"): Promise<string[]> {
  const shown = await shownIds(visitor);
  await visitor.page.locator(".history").evaluate((box, up) => {
    box.scrollTop = up ? 300 : box.scrollHeight - box.clientHeight - 300;
  }, to === "older");
  return until(async () => {
    const now = await shownIds(visitor);
    return hasMoved(shown, now, to) && now;
  });
}

/** Waits until a chat is shown at its end. */
async function isAtEnd(visitor: Visitor): Promise<void> {
  const { head } = await house.person("ana").chat(chatId);
  await visitor.page.locator(`[data-message="${head.lastMessage?.id}"]`).waitFor();
}

test("a history of years opens at its end and scrolls back without a gap, its document small", async () => {
  const ana = await house.visit("ana");
  await ana.open(NAME);
  await isAtEnd(ana);
  const [newest] = await shownIds(ana);
  for (let page = 0; page < 20; page += 1) await isGapFree(await scrollOn(ana, "older"));
  assert.ok(!(await shownIds(ana)).includes(newest ?? ""));
  await ana.page.getByRole("button", { name: "To the latest messages" }).click();
  await isAtEnd(ana);
});

test("what is on the screen stays where it is while older and newer messages are loaded around it", async () => {
  const ana = await house.visit("ana");
  await house.openAround(ana, chatId, AFTER_MANY_YEARS);
  for (const to of ["older", "newer", "older", "newer"] as const) {
    const { before, ...place } = await ana.page.locator(".history").evaluate((box, up) => {
      const rows = [...document.querySelectorAll<HTMLElement>(".message")];
      const before = rows.map((row) => row.dataset.message ?? "");
      // Just where more is asked for.
      box.scrollTop = up ? box.clientHeight : box.scrollHeight - 2 * box.clientHeight;
      const top = box.getBoundingClientRect().top;
      const first = rows.find((row) => row.getBoundingClientRect().bottom > top);
      return { before, key: first?.dataset.key ?? "", top: first?.getBoundingClientRect().top ?? 0 };
    }, to === "older");
    await until(async () => hasMoved(before, await shownIds(ana), to));
    const row = ana.page.locator(`[data-key="${place.key}"]`);
    const top = await row.evaluate((element) => element.getBoundingClientRect().top);
    assert.ok(Math.abs(top - place.top) <= 2, `it moved by ${top - place.top} pixels (${to})`);
    await isGapFree(await shownIds(ana));
  }
});

test("scrolling through thousands of messages both ways keeps no more memory than it began with", async () => {
  const ana = await house.visit("ana");
  await house.openAround(ana, chatId, AFTER_MANY_YEARS);
  const session = await ana.context.newCDPSession(ana.page);
  const usedBytes = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  for (let page = 0; page < 15; page += 1) await scrollOn(ana, "newer");
  const before = await usedBytes();
  for (let page = 0; page < 30; page += 1) await scrollOn(ana, "newer");
  for (let page = 0; page < 30; page += 1) await scrollOn(ana, "older");
  await isGapFree(await shownIds(ana));
  const grown = (await usedBytes()) - before;
  assert.ok(grown < 3_000_000, `${grown} bytes more`);
});

test("the beginning of a history is its beginning", async () => {
  const ana = await house.visit("ana");
  await house.openAround(ana, chatId, "2004-11-15T13:00:00Z");
  const query = { chatId, after: "2000-01-01T00:00:00Z", limit: 1 };
  const { messages } = await house.person("ana").http.request("GET /v1/messages", { query });
  await until(async () => {
    await ana.page.locator(".history").evaluate((box) => box.scrollTo(0, 0));
    return (await shownIds(ana))[0] === messages[0]?.id;
  });
  await isGapFree(await shownIds(ana));
});

test("messages that come while one reads older ones move nothing, and are counted", async () => {
  const ana = await house.visit("ana");
  await ana.open(NAME);
  await isAtEnd(ana);
  await ana.page.locator(".history").evaluate((box) => {
    box.scrollTop = box.scrollHeight - 3 * box.clientHeight;
  });
  await ana.page.getByRole("button", { name: "To the latest messages" }).waitFor();
  const place = () => ana.page.locator(".history").evaluate((box) => box.scrollHeight - box.scrollTop);
  const before = await place();
  await house.person("ben").say(chatId, "Something new");
  await ana.page.getByRole("button", { name: "To the latest messages, 1 unread" }).waitFor();
  assert.ok((await place()) >= before, "what was read moved down");
  await ana.page.getByRole("button", { name: "To the latest messages, 1 unread" }).click();
  await ana.sees("Something new");
  await until(async () => (await house.person("ana").chat(chatId)).unread === 0);
});

test("who was added after years of messages is led to what is new to them, not to what is old", async () => {
  const ben = await house.visit("ben");
  await ben.row(NAME).waitFor();
  await house.person("ana").say(chatId, "Welcome, Ben");
  await ben.row(NAME).getByText("1 unread").waitFor();
  await ben.open(NAME);
  await ben.page.locator(".new-line + .message", { hasText: "Welcome, Ben" }).waitFor();
  await until(async () => (await house.person("ben").chat(chatId)).unread === 0);
});

test("in a group of thousands people are named, found, mentioned, and told how many have read", async () => {
  const [ana, ben] = await Promise.all([house.visit("ana"), house.visit("ben")]);
  await ana.open(NAME);
  await ana.page
    .locator(".chat-head")
    .getByText(/^\d+,\d+ members$/)
    .waitFor();
  await ana.page.locator(".chat-head").getByRole("button", { name: "About this chat" }).last().click();
  const people = ana.page.locator(".details .person");
  await until(async () => (await people.count()) === 50);
  await ana.page.locator(".details").getByRole("button", { name: "Show more" }).click();
  await until(async () => (await people.count()) === 100);

  await ana.composer.pressSequentially("Thanks @ben");
  await ana.page.getByRole("option", { name: "Ben Okafor" }).waitFor();
  await ana.composer.press("Enter");
  await ana.composer.press("Enter");
  await ben.row(NAME).getByRole("img", { name: "You are mentioned" }).waitFor();
  await ben.open(NAME);
  await ben.sees("Thanks");
  await ana.ticks("Thanks", "Sent, read by 1");
  await ana.act("Thanks", "Who has read it");
  await ana.page.getByRole("dialog").getByText("nobody is named").waitFor();
});
