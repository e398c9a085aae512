import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import { until } from "./until.js";

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor", chen: "Chen Wei" });
});
afterEach((test) => house.leave(test));
after(() => house.close());

test("two people chat: sent, delivered and read, with typing and presence between", async () => {
  const chatId = await house.person("ana").direct("ben");
  await house.person("ana").say(chatId, "Welcome");
  const ana = await house.visit("ana");
  await ana.open("Ben Okafor");
  await ana.send("Are you there?");
  await ana.ticks("Are you there?", "Sent");

  const ben = await house.visit("ben");
  await ana.ticks("Are you there?", "Delivered");
  await ana.page.locator(".chat-head").getByText("online").waitFor();
  await ben.row("Ana Lind").getByText("2 unread").waitFor();

  await ben.open("Ana Lind");
  await ben.sees("Are you there?");
  await ana.ticks("Are you there?", "Read");
  await ben.composer.pressSequentially("Yes");
  await ana.page.locator(".chat-head").getByText("typing…").waitFor();
  await ben.composer.press("Enter");
  await ana.sees(/^Yes$/);
  await ana.page.locator(".chat-head").getByText("typing…").waitFor({ state: "detached" });
  await ben.row("Ana Lind").locator(".badge").waitFor({ state: "detached" });
});

test("three people at once write in one group, and all of them see everything once, in the same order", async () => {
  const chatId = await house.person("ana").group("All at once", ["ben", "chen"]);
  await house.person("ana").say(chatId, "Go");
  const all = await Promise.all(["ana", "ben", "chen"].map((userId) => house.visit(userId)));
  for (const visitor of all) {
    await visitor.open("All at once");
    await visitor.sees("Go");
  }
  const rounds = [1, 2, 3, 4];
  await Promise.all(
    all.map(async (visitor, index) => {
      for (const round of rounds) await visitor.send(`${"ABC"[index]}${round}`);
    }),
  );
  const query = { chatId, limit: 20 };
  const said = await until(async () => {
    const { messages } = await house.person("ana").http.request("GET /v1/messages", { query });
    return messages.length === 1 + 3 * rounds.length && messages.map(({ content }) => content).reverse();
  });
  for (const letter of "ABC") {
    const own = said.filter((text) => text.startsWith(letter));
    assert.deepEqual(
      own,
      rounds.map((round) => `${letter}${round}`),
    );
  }
  for (const visitor of all) await visitor.shows(said);
  const last = said.at(-1) ?? "";
  const author = all["ABC".indexOf(last.charAt(0))];
  await author?.ticks(last, "Read by all");
});

test("a message is changed, answered, reacted to and deleted, and the other one sees each at once", async () => {
  const chatId = await house.person("ana").direct("chen");
  await house.person("chen").say(chatId, "Lunch at noon?");
  const [ana, chen] = await Promise.all([house.visit("ana"), house.visit("chen")]);
  await ana.open("Chen Wei");
  await chen.open("Ana Lind");

  await ana.act("Lunch at noon?", "Reply");
  await ana.send("Make it one");
  await chen.message("Make it one").locator(".quote", { hasText: "Lunch at noon?" }).waitFor();

  await chen.act("Make it one", "React with 👍");
  await ana.message("Make it one").getByRole("button", { name: "👍, 1" }).click();
  await chen.message("Make it one").getByRole("button", { name: "👍, 2" }).click();
  await ana.message("Make it one").getByRole("button", { name: "👍, 1" }).waitFor();

  await chen.act("Make it one", "Other reactions");
  await chen.page.getByLabel("Search emoji").fill("rocket");
  await chen.page
    .getByRole("dialog")
    .getByRole("button", { name: /rocket/ })
    .first()
    .click();
  await ana.message("Make it one").getByRole("button", { name: "🚀, 1" }).waitFor();

  await ana.act("Make it one", "Change");
  await ana.send("Make it half past");
  await chen.message("Make it half past").getByText("edited").waitFor();
  await ana.act("Make it half past", "Earlier versions");
  await ana.page.locator(".versions").getByText("Make it one").waitFor();
  await ana.page.keyboard.press("Escape");

  await ana.act("Make it half past", "Delete");
  await ana.page.getByRole("button", { name: "Delete", exact: true }).click();
  await chen.page.getByText("Message deleted").first().waitFor();
  await until(async () => (await chen.page.getByText("half past").count()) === 0);
});

test("an empty field and the arrow up change the last message; escape leaves it as it was", async () => {
  const chatId = await house.person("ana").direct("ben");
  await house.person("ana").say(chatId, "Frist");
  const ana = await house.visit("ana");
  await ana.open("Ben Okafor");
  await ana.sees("Frist");
  await ana.composer.press("ArrowUp");
  await ana.page.getByLabel("Change your message").fill("Something else");
  await ana.composer.press("Escape");
  await ana.composer.press("ArrowUp");
  await ana.page.getByLabel("Change your message").fill("First");
  await ana.composer.press("Enter");
  await ana.sees("First");
});

test("simple Markdown, links, code and any script are shown as they are meant", async () => {
  const chatId = await house.person("ana").direct("ben");
  const text = [
    "**bold** _lean_ ~~gone~~ `code` https://example.org/a?b=1&c=2",
    "second line",
    "",
    "- one",
    "- two",
    "",
    "> said",
    "",
    "```",
    "let a = 1 < 2;",
    "```",
  ].join("\n");
  await house.person("ben").say(chatId, text);
  await house.person("ben").say(chatId, "مرحبا بالعالم hello");
  await house.person("ben").say(chatId, "👩‍👩‍👧");
  await house.person("ben").say(chatId, "# no heading\n1 < 2 & 3 > 2 <b>not bold</b> snake_case_name");
  const ana = await house.visit("ana");
  await ana.open("Ben Okafor");
  const rich = ana.message("second line").locator(".content");
  for (const [element, inner] of [
    ["strong", "bold"],
    ["em", "lean"],
    ["del", "gone"],
    ["p code", "code"],
    ["li", "one"],
    ["blockquote", "said"],
    ["pre", "let a = 1 < 2;"],
  ] as const) {
    await rich.locator(element, { hasText: inner }).first().waitFor();
  }
  const link = rich.getByRole("link");
  assert.equal(await link.getAttribute("href"), "https://example.org/a?b=1&c=2");
  assert.match((await link.getAttribute("rel")) ?? "", /noopener.*noreferrer/);
  const arabic = ana.message("مرحبا").locator("p");
  assert.equal(await arabic.evaluate((element) => getComputedStyle(element).direction), "rtl");
  await ana.message("👩‍👩‍👧").locator(".few-emoji").waitFor();
  const plain = await ana.message("no heading").locator(".content").innerText();
  assert.equal(plain.replace(/\n+/g, "\n"), "# no heading\n1 < 2 & 3 > 2 <b>not bold</b> snake_case_name");
});

test("a draft stays over leaving the chat and over a reload, and shows in the list", async () => {
  await house.person("ana").direct("ben");
  const ana = await house.visit("ana");
  await ana.open("Ben Okafor");
  await ana.composer.fill("Not yet finished");
  await ana.open("Chen Wei");
  await ana.row("Ben Okafor").getByText("Draft: Not yet finished").waitFor();
  await ana.page.reload();
  await ana.open("Ben Okafor");
  assert.equal(await ana.composer.inputValue(), "Not yet finished");
  await ana.composer.press("Enter");
  await ana.sees("Not yet finished");
  await ana.row("Ben Okafor").getByText("Draft:").waitFor({ state: "detached" });
});

test("where one stopped reading a line says so, and older and newer days have theirs", async () => {
  const chatId = await house.person("ben").direct("chen");
  const first = await house.person("ben").say(chatId, "Known");
  await house.person("chen").read(chatId, first.id);
  await house.person("ben").say(chatId, "News one");
  await house.person("ben").say(chatId, "News two");
  const chen = await house.visit("chen");
  await chen.open("Ben Okafor");
  await chen.page.locator(".new-line").waitFor();
  const rows = await chen.page
    .locator(".messages > li")
    .evaluateAll((all) => all.map((row) => row.querySelector(".content")?.textContent ?? row.textContent));
  assert.deepEqual(rows, ["Today", "Known", "New", "News one", "News two"]);
  await until(async () => (await house.person("chen").chat(chatId)).unread === 0);
});

test("a message can be marked as unread, and stays so until the chat is opened again", async () => {
  const chatId = await house.person("ben").direct("chen");
  for (const text of ["One more", "And another", "The last"]) await house.person("ben").say(chatId, text);
  const chen = await house.visit("chen");
  await chen.open("Ben Okafor");
  await until(async () => (await house.person("chen").chat(chatId)).unread === 0);
  await chen.act("And another", "Mark as unread");
  await until(async () => (await house.person("chen").chat(chatId)).unread === 2);
  await chen.row("Ben Okafor").getByText("2 unread").waitFor();
  await chen.page.reload();
  await chen.page.locator(".composer").waitFor();
  await until(async () => (await house.person("chen").chat(chatId)).unread === 0);
});

test("times are those of the reader's zone", async () => {
  const chatId = await house.person("ana").direct("ben");
  const { timestamp } = await house.person("ana").say(chatId, "What time is it?");
  for (const timeZone of ["Asia/Tokyo", "America/New_York"]) {
    const ben = await house.visit("ben", { timezone: timeZone });
    await ben.open("Ana Lind");
    const shown = await ben.message("What time is it?").locator("time").innerText();
    const expected = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone }).format(
      new Date(timestamp),
    );
    assert.equal(shown, expected);
  }
});

/** Field faults, row 9: the counter and the server agree. */
test("a text that is too long is held back with its reason, one that just fits is sent whole", async () => {
  await house.person("ana").direct("ben");
  const ana = await house.visit("ana");
  await ana.open("Ben Okafor");
  const family = "👩‍👩‍👧";
  const fits = `${"x".repeat(16_384 - new TextEncoder().encode(family).length)}${family}`;
  await ana.composer.fill(`${fits}x`);
  await ana.page.getByText("1 byte too long").waitFor();
  assert.equal(await ana.page.getByRole("button", { name: "Send" }).isDisabled(), true);
  await ana.composer.fill(fits);
  await ana.composer.press("Enter");
  await ana.ticks("xxxx", "Sent");
  const { messages } = await house.person("ana").http.request("GET /v1/messages", {
    query: { chatId: await house.person("ana").direct("ben"), limit: 1 },
  });
  assert.equal(messages[0]?.content, fits);
});
