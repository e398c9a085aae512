import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import axe from "axe-core";
import { House } from "./house.js";
import { until } from "./until.js";
import type { Visitor } from "./visitor.js";

let house: House;
let chatId: string;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor", dina: "دينا حسن" });
  chatId = await house.person("ana").group("Launch", ["ben", "dina"]);
  const first = await house.person("ben").say(chatId, "Morning, see https://example.org and `code`");
  await house.person("dina").say(chatId, "صباح الخير", { replyTo: first.id });
  await house.person("ben").say(chatId, "```\nlet a = 1;\n```");
  await house.person("ana").say(chatId, "Thanks @Ben Okafor", { mentions: ["ben"] });
  const path = { id: first.id, key: "👍" };
  await house.person("ana").http.request("PUT /v1/messages/{id}/reactions/{key}", { path, query: {} });
  await house.person("ben").direct("ana");
});
afterEach((test) => house.leave(test));
after(() => house.close());

async function isAccessible(visitor: Visitor, view: string): Promise<void> {
  await visitor.page.evaluate(axe.source);
  const { violations } = await visitor.page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] }),
  );
  const told = violations.map(
    ({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join("\n  ")}`,
  );
  assert.deepEqual(told, [], view);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in any view (${colorScheme})`, async () => {
    const stranger = await house.stranger({ colorScheme });
    await isAccessible(stranger, "signing in");
    const ana = await house.visit("ana", { colorScheme });
    const { page } = ana;
    await ana.open("Launch");
    await ana.sees("Thanks");
    await isAccessible(ana, "a chat");
    await ana.message("Thanks").hover();
    await page.getByRole("button", { name: "More actions" }).click();
    await isAccessible(ana, "the menu of a message");
    await page.keyboard.press("Escape");
    await ana.act("Thanks", "Other reactions");
    await page.locator(".emoji-grid").first().waitFor();
    await isAccessible(ana, "the emoji");
    await page.keyboard.press("Escape");
    await ana.act("Thanks", "Who has read it");
    await page.getByRole("heading", { name: /Read by/ }).waitFor();
    await isAccessible(ana, "who has read a message");
    await page.keyboard.press("Escape");
    await page.locator(".chat-head").getByRole("button", { name: "About this chat" }).last().click();
    await page.locator(".details .person").first().waitFor();
    await isAccessible(ana, "about a chat");
    await ana.goto("/new");
    await page.locator(".person").first().waitFor();
    await isAccessible(ana, "a new chat");
    await page.getByRole("button", { name: "New group" }).click();
    await isAccessible(ana, "a new group");
    await house.person("ana").finds("morning");
    await ana.goto("/search");
    await page.getByLabel("Search messages").last().fill("morning");
    await page.locator(".hit").waitFor();
    await isAccessible(ana, "what was found");
    await ana.goto("/settings");
    await page.getByText("Change the password").click();
    await page.getByText("Keyboard").click();
    await isAccessible(ana, "the settings");
    house.wire.cut();
    await page.locator(".banner").waitFor();
    await isAccessible(ana, "without a network");
    house.wire.mend();
  });
}

test("everything can be done by the keyboard: open, write, walk through messages, answer, react, delete", async () => {
  const ana = await house.visit("ana");
  const { page } = ana;
  const focused = () =>
    page.evaluate(() => document.activeElement?.closest("li, a, button")?.textContent ?? "");
  await ana.row("Launch").waitFor();
  await page.locator("body").press("Tab");
  await until(async () => {
    await page.keyboard.press("Tab");
    return (await focused()).includes("Launch");
  });
  await page.keyboard.press("Enter");
  await until(() => page.evaluate(() => document.activeElement?.tagName === "TEXTAREA"));
  await page.keyboard.type("By keyboard");
  await page.keyboard.press("Enter");
  await ana.ticks("By keyboard", "Sent");

  await page.keyboard.press("Shift+Tab");
  await until(async () => {
    await page.keyboard.press("Shift+Tab");
    return page.evaluate(() => document.activeElement?.classList.contains("history"));
  });
  await page.keyboard.press("ArrowUp");
  await until(async () => (await focused()).includes("By keyboard"));
  await page.keyboard.press("ArrowUp");
  await until(async () => (await focused()).includes("Thanks"));
  await page.keyboard.press("r");
  // Whoever types on at once loses nothing.
  await page.keyboard.type("An answer");
  await page.locator(".about", { hasText: "Thanks" }).waitFor();
  await page.keyboard.press("Enter");
  await ana.message("An answer").locator(".quote").waitFor();

  await ana.message("By keyboard").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "React with 👍" }).waitFor();
  await page.keyboard.press("Escape");
  await until(async () => (await focused()).includes("By keyboard"));
  await page.keyboard.press("Delete");
  await page.getByRole("heading", { name: "Delete this message?" }).waitFor();
  await page.getByRole("button", { name: "Delete", exact: true }).press("Enter");
  await page.getByText("Message deleted").first().waitFor();

  await page.keyboard.press("Alt+ArrowDown");
  await page.locator(".chat-head-title", { hasText: "Ben Okafor" }).waitFor();
});

test("a screen reader hears what comes, once, and not what is loaded", async () => {
  const ana = await house.visit("ana");
  await ana.open("Launch");
  await ana.sees("Thanks");
  const said = ana.page.locator(".history-place > [aria-live]");
  assert.equal(await said.textContent(), "");
  await house.person("ben").say(chatId, "Heard?");
  await until(async () => (await said.textContent()) === "Ben Okafor: Heard?");
});

test("who wants less motion gets none", async () => {
  const ana = await house.visit("ana", { reducedMotion: "reduce" });
  const id = (await house.person("ana").say(chatId, "Quietly")).id;
  await ana.goto(`/chat/${chatId}/${id}`);
  const bubble = ana.page.locator(".message.highlighted .bubble");
  assert.equal(await bubble.evaluate((element) => getComputedStyle(element).animationName), "none");
});

test("dark is chosen and kept, whatever the system says", async () => {
  const ana = await house.visit("ana");
  const ground = () => ana.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await ana.goto("/settings");
  await ana.page.getByText("Dark").click();
  assert.notEqual(await ground(), light);
  await ana.page.reload();
  assert.notEqual(await ground(), light);
});

test("on a phone one goes from the list to a chat, does things with a message by a tap, and goes back", async () => {
  const ana = await house.visit("ana", { width: 390, height: 780, isPhone: true });
  const { page } = ana;
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok((await overflow()) <= 0);
  await ana.row("Launch").tap();
  await ana.composer.waitFor();
  assert.equal(await page.locator(".side").isVisible(), false);
  assert.ok((await overflow()) <= 0);
  await ana.composer.fill("From the phone");
  await page.getByRole("button", { name: "Send" }).tap();
  await ana.ticks("From the phone", "Sent");
  await ana.message("From the phone").locator(".bubble").tap();
  await page.getByRole("button", { name: "React with 🎉" }).tap();
  await ana.message("From the phone").getByRole("button", { name: "🎉, 1" }).waitFor();
  await page.getByRole("button", { name: "About this chat" }).last().tap();
  await page.locator(".details").waitFor();
  assert.ok((await overflow()) <= 0);
  await page.goBack();
  await ana.composer.waitFor();
  await page.getByRole("button", { name: "Back to the chats" }).tap();
  await ana.row("Launch").waitFor();
});

test("the client can be installed: a manifest, its pictures, and a page that opens without a network", async () => {
  const ana = await house.visit("ana");
  const manifest = await (await fetch(`${ana.url}/manifest.webmanifest`)).json();
  for (const { src } of manifest.icons) assert.equal((await fetch(ana.url + src)).status, 200, src);
  await ana.canWorkOffline();
  house.wire.cut();
  await ana.page.reload();
  await ana.page.locator(".banner").waitFor();
  house.wire.mend();
  await ana.row("Launch").waitFor();
});
