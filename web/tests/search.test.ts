import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import { until } from "./until.js";
import type { Visitor } from "./visitor.js";

let house: House;
let chatId: string;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor", eve: "Eve Adler" });
  const at = (number: number) => new Date(Date.parse("2025-03-01T08:00:00Z") + number * 60_000).toISOString();
  const lines = Array.from({ length: 600 }, (_, index) => ({
    chat: "x",
    at: at(index),
    user: index % 2 ? "ana" : "ben",
    text: index === 200 ? "The albatross has landed" : `Line ${index} about nothing`,
  }));
  await house.import("ana", "Field notes", lines);
  await house.person("ana").finds("nothing", 599);
  const { chats } = await house.person("ana").http.request("GET /v1/chats", { query: {} });
  chatId = chats[0]?.id ?? "";
});
afterEach((test) => house.leave(test));
after(() => house.close());

async function search(visitor: Visitor, words: string): Promise<void> {
  await visitor.page.getByLabel("Search messages").last().fill(words);
}

test("a message is found and shown where it stands, and the way back leads to what was found", async () => {
  const ana = await house.visit("ana");
  await ana.page.keyboard.press("Control+k");
  await search(ana, "albatross");
  const hit = ana.page.locator(".hit");
  await hit.locator("mark", { hasText: "albatross" }).waitFor();
  await hit.click();
  await ana.page.locator(".message.highlighted", { hasText: "albatross" }).waitFor();
  await ana.sees("Line 199 about nothing");
  await ana.sees("Line 201 about nothing");
  await ana.page.goBack();
  await hit.waitFor();
  assert.equal(await ana.page.getByLabel("Search messages").last().inputValue(), "albatross");
});

test("a search in one chat finds only there, and many hits come page by page", async () => {
  const other = await house.person("ana").group("Elsewhere", ["ben"]);
  await house.person("ben").say(other, "nothing about nothing");
  await house.person("ana").finds("nothing", 600);
  const ana = await house.visit("ana");
  await ana.open("Field notes");
  await ana.page.getByRole("button", { name: "Search in this chat" }).click();
  await search(ana, "nothing");
  await ana.page.getByText("599 found").waitFor();
  const hits = ana.page.locator(".hit");
  assert.equal(await hits.count(), 30);
  await ana.page.getByRole("button", { name: "Show more" }).click();
  await until(async () => (await hits.count()) === 60);
  await ana.page.getByRole("button", { name: "Search in all chats" }).click();
  await search(ana, "nothing");
  await ana.page.getByText("600 found").waitFor();
});

test("on a desktop the chat that is open stays beside a search, over a reload too, and one goes on writing in it", async () => {
  const ana = await house.visit("ana");
  await ana.open("Field notes");
  await ana.composer.fill("Half a thought");
  await ana.page.getByRole("button", { name: "Search in this chat" }).click();
  await search(ana, "albatross");
  await ana.page.locator(".hit").waitFor();
  assert.equal(await ana.composer.inputValue(), "Half a thought");
  await ana.page.reload();
  await ana.composer.waitFor();
  assert.equal(await ana.composer.inputValue(), "Half a thought");
  await ana.send("A whole one");
  await ana.ticks("A whole one", "Sent");
  await ana.page.getByRole("button", { name: "Back" }).first().click();
  await ana.row("Field notes").waitFor();
  await ana.sees("A whole one");
});

test("on a phone a chat behind a search isn't read", async () => {
  const group = await house.person("ben").group("Behind a search", ["ana"]);
  await house.person("ben").say(group, "Before");
  const ana = await house.visit("ana", { width: 390, height: 780, isPhone: true });
  await ana.open("Behind a search");
  await ana.sees("Before");
  await until(async () => (await house.person("ana").chat(group)).unread === 0);
  await house.person("ana").finds("Before");
  await ana.page.getByRole("button", { name: "Search in this chat" }).click();
  await search(ana, "Before");
  await ana.page.locator(".hit").first().waitFor();
  const { id } = await house.person("ben").say(group, "Unseen");
  // The page has it, and says so.
  await until(async () => (await house.person("ana").chat(group)).marks.delivered === id);
  assert.equal((await house.person("ana").chat(group)).unread, 1);
});

test("what is found is shown as one reads it, not as it was written", async () => {
  const group = await house.person("ben").group("Layout", ["ana"]);
  const written = [
    "**Zebra** crossings in `road_map.md`, see [the _zebra_ page](https://zebra.example/x)",
    "- one zebra\n- *two* zebras",
    "> zebra said\n\n```js\nlet zebra = 1 ** 2;\n```",
  ];
  for (const content of written) await house.person("ben").say(group, content);
  const ana = await house.visit("ana");
  await ana.goto(`/search?in=${group}`);
  await until(async () => {
    await search(ana, "");
    await search(ana, "zebra");
    await ana.page.locator(".pane [role=status]", { hasText: "ound" }).last().waitFor();
    return (await ana.page.locator(".hit").count()) === written.length;
  });
  assert.deepEqual(await ana.page.locator(".hit-text").allTextContents(), [
    "zebra said let zebra = 1 ** 2;",
    "one zebra two zebras",
    "Zebra crossings in road_map.md, see the zebra page",
  ]);
  const marks = await ana.page.locator(".hit-text").last().locator("mark").allTextContents();
  assert.deepEqual(marks, ["Zebra", "zebra"]);
});

/** Field faults, rows 10 and 11. */
test("any script and any sign can be searched for, and nothing found is said", async () => {
  const texts = ["明天下午去北京开会", "I like C++ on 10/2019", 'say "a:b" (x)'];
  for (const text of texts) await house.person("ben").say(chatId, text);
  const ana = await house.visit("ana");
  await ana.goto("/search");
  for (const [words, found] of [
    ["北京", texts[0]],
    ["10/2019", texts[1]],
    ["a:b", texts[2]],
  ] as const) {
    await until(async () => {
      await search(ana, "");
      await search(ana, words);
      await ana.page.locator(".pane [role=status]", { hasText: "ound" }).last().waitFor();
      return (await ana.page.locator(".hit-text").allTextContents()).includes(found ?? "");
    });
  }
  for (const words of ["zzzz", '"', "(((", "NOT AND OR *"]) {
    await search(ana, words);
    await ana.page
      .locator(".pane")
      .getByText(/Nothing found\.|\w+\.$/)
      .first()
      .waitFor();
    assert.equal(await ana.page.locator(".hit").filter({ hasText: words }).count(), 0);
  }
});

test("nobody finds what they may not read", async () => {
  const eve = await house.visit("eve");
  await eve.goto("/search");
  await search(eve, "albatross");
  await eve.page.getByText("Nothing found.").waitFor();
});
