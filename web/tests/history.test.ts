import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import { until } from "./until.js";
import type { Visitor } from "./visitor.js";

const MESSAGES = 100_000;
/** More rows than that in the document would be a leak. */
const MOST_ROWS = 300;

let house: House;
let chatId: string;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor" });
  await house.import("ana", "Long", lines());
  const { chats } = await house.person("ana").http.request("GET /v1/chats", { query: {} });
  chatId = chats[0]?.id ?? "";
});
afterEach((test) => house.leave(test));
after(() => house.close());

/** One message a minute, so that its number is found by its time, and heights that differ. */
function* lines(): Generator<object> {
  for (let number = 1; number <= MESSAGES; number += 1) {
    const text = `Message ${number} ${"lorem ipsum dolor ".repeat((number * 7) % 23)}`.trim();
    yield { chat: "long", at: timeOf(number), user: number % 3 === 0 ? "ana" : "ben", text };
  }
}

function timeOf(number: number): string {
  return new Date(Date.parse("2025-01-01T00:00:00Z") + number * 60_000).toISOString();
}

async function numbers(visitor: Visitor): Promise<number[]> {
  const texts = await visitor.page.locator(".message .content").allTextContents();
  return texts.map((text) => Number(/Message (\d+)/.exec(text)?.[1]));
}

/** Fails unless the numbers follow each other without a gap or a double, and the document is small. */
function isGapFree(shown: number[]): void {
  assert.ok(shown.length > 0 && shown.length <= MOST_ROWS, `${shown.length} rows`);
  const expected = shown.map((_, index) => (shown[0] ?? 0) + index);
  assert.deepEqual(shown, expected);
}

/** Scrolls towards an end until other messages are there; returns the numbers shown. */
async function scrollOn(visitor: Visitor, to: "older" | "newer"): Promise<number[]> {
  const shown = await numbers(visitor);
  await visitor.page.locator(".history").evaluate((box, up) => {
    box.scrollTop = up ? 300 : box.scrollHeight - box.clientHeight - 300;
  }, to === "older");
  return until(async () => {
    const now = await numbers(visitor);
    const moved = to === "older" ? (now[0] ?? 0) < (shown[0] ?? 0) : (now.at(-1) ?? 0) > (shown.at(-1) ?? 0);
    return moved && now;
  });
}

test("a history of 100,000 messages opens at its end and scrolls back without a gap, its document small", async () => {
  const ana = await house.visit("ana");
  await ana.open("Long");
  await ana.sees(`Message ${MESSAGES}`);
  assert.equal((await numbers(ana)).at(-1), MESSAGES);
  for (let page = 0; page < 20; page += 1) isGapFree(await scrollOn(ana, "older"));
  assert.ok(((await numbers(ana))[0] ?? MESSAGES) < MESSAGES - 900);
  await ana.page.getByRole("button", { name: "To the latest messages" }).click();
  await ana.sees(`Message ${MESSAGES}`);
});

test("what is on the screen stays where it is while older and newer messages are loaded around it", async () => {
  const ana = await house.visit("ana");
  await house.openAround(ana, chatId, timeOf(50_000));
  for (const to of ["older", "newer", "older", "newer"] as const) {
    const place = await ana.page.locator(".history").evaluate((box, up) => {
      // Just where more is asked for.
      box.scrollTop = up ? box.clientHeight : box.scrollHeight - 2 * box.clientHeight;
      const top = box.getBoundingClientRect().top;
      const rows = [...document.querySelectorAll<HTMLElement>(".message")];
      const first = rows.find((row) => row.getBoundingClientRect().bottom > top);
      return { key: first?.dataset.key ?? "", top: first?.getBoundingClientRect().top ?? 0 };
    }, to === "older");
    const before = await numbers(ana);
    await until(async () => {
      const now = await numbers(ana);
      return to === "older" ? (now[0] ?? 0) < (before[0] ?? 0) : (now.at(-1) ?? 0) > (before.at(-1) ?? 0);
    });
    const row = ana.page.locator(`[data-key="${place.key}"]`);
    const top = await row.evaluate((element) => element.getBoundingClientRect().top);
    assert.ok(Math.abs(top - place.top) <= 2, `it moved by ${top - place.top} pixels (${to})`);
    isGapFree(await numbers(ana));
  }
});

test("scrolling through thousands of messages both ways keeps no more memory than it began with", async () => {
  const ana = await house.visit("ana");
  await house.openAround(ana, chatId, timeOf(30_000));
  const session = await ana.context.newCDPSession(ana.page);
  const usedBytes = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  for (let page = 0; page < 15; page += 1) await scrollOn(ana, "newer");
  const before = await usedBytes();
  for (let page = 0; page < 30; page += 1) await scrollOn(ana, "newer");
  for (let page = 0; page < 30; page += 1) await scrollOn(ana, "older");
  isGapFree(await numbers(ana));
  const grown = (await usedBytes()) - before;
  assert.ok(grown < 3_000_000, `${grown} bytes more`);
});

test("the beginning of a history is its beginning", async () => {
  const ana = await house.visit("ana");
  await house.openAround(ana, chatId, timeOf(60));
  await ana.page.locator(".history").evaluate((box) => box.scrollTo(0, 0));
  await until(async () => {
    await ana.page.locator(".history").evaluate((box) => box.scrollTo(0, 0));
    return (await numbers(ana))[0] === 1;
  });
  isGapFree(await numbers(ana));
});

test("messages that come while one reads older ones move nothing, and are counted", async () => {
  const ana = await house.visit("ana");
  await ana.open("Long");
  await ana.sees(`Message ${MESSAGES}`);
  await ana.page.locator(".history").evaluate((box) => {
    box.scrollTop = box.scrollHeight - 3 * box.clientHeight;
  });
  await ana.page.getByRole("button", { name: "To the latest messages" }).waitFor();
  const top = await ana.page.locator(".history").evaluate((box) => box.scrollTop);
  await house.person("ben").say(chatId, "Something new");
  await ana.page.getByRole("button", { name: "To the latest messages, 1 unread" }).waitFor();
  assert.equal(await ana.page.locator(".history").evaluate((box) => box.scrollTop), top);
  await ana.page.getByRole("button", { name: "To the latest messages, 1 unread" }).click();
  await ana.sees("Something new");
  await until(async () => (await house.person("ana").chat(chatId)).unread === 0);
});
