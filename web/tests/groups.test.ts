import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import { until } from "./until.js";

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor", chen: "Chen Wei", dina: "Dina Hassan" });
});
afterEach((test) => house.leave(test));
after(() => house.close());

test("a group is made, renamed, gets members and roles, and loses one who leaves", async () => {
  const ana = await house.visit("ana");
  await ana.goto("/new");
  await ana.page.getByRole("button", { name: "New group" }).click();
  await ana.page.getByLabel("Name of the group").fill("Launch");
  await ana.page.getByRole("button", { name: "Ben Okafor @ben" }).click();
  await ana.page.getByRole("button", { name: "Make the group of 2" }).click();
  await ana.composer.waitFor();
  await ana.send("Hello team");

  const ben = await house.visit("ben");
  await ben.open("Launch");
  await ben.sees("Hello team");

  await ana.page.locator(".chat-head").getByRole("button", { name: "About this chat" }).last().click();
  await ana.page.getByRole("button", { name: "Rename" }).click();
  await ana.page.getByLabel("Name of the group").fill("Launch 2");
  await ana.page.getByRole("button", { name: "Save" }).click();
  await ben.row("Launch 2").waitFor();

  await ana.page.getByRole("button", { name: "Add people" }).click();
  const dialog = ana.page.getByRole("dialog");
  await dialog.getByLabel("Find somebody by name").fill("chen");
  await dialog.getByRole("button", { name: "Chen Wei @chen" }).click();
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await ben.page.locator(".chat-head").getByText("3 members").waitFor();
  const chen = await house.visit("chen");
  await chen.open("Launch 2");
  await chen.sees("Hello team");

  await ana.page.getByLabel("Role of Ben Okafor").selectOption("Admin");
  await ben.page.locator(".chat-head").getByRole("button", { name: "About this chat" }).last().click();
  await ben.page.getByRole("button", { name: "Add people" }).waitFor();

  await chen.page.locator(".chat-head").getByRole("button", { name: "About this chat" }).last().click();
  await chen.page.getByRole("button", { name: "Leave the group" }).click();
  await chen.page.getByRole("button", { name: "Leave", exact: true }).click();
  await chen.page.getByRole("heading", { name: "No chats yet" }).waitFor();
  await ana.page.locator(".details").getByText("Chen Wei").waitFor({ state: "detached" });
});

/** Field faults, row 12. */
test("who is removed loses the chat from the screen at once, and a link to it leads nowhere", async () => {
  const chatId = await house.person("ana").group("Secrets", ["ben", "dina"]);
  await house.person("ana").say(chatId, "Before");
  const [ana, dina] = await Promise.all([house.visit("ana"), house.visit("dina")]);
  await dina.open("Secrets");
  await ana.open("Secrets");
  await ana.page.locator(".chat-head").getByRole("button", { name: "About this chat" }).last().click();
  await ana.page.getByRole("button", { name: "Remove Dina Hassan" }).click();
  await ana.page.getByRole("button", { name: "Remove", exact: true }).click();
  await dina.page.getByRole("heading", { name: "This chat isn't there" }).waitFor();
  await house.person("ana").say(chatId, "After");
  await dina.page.reload();
  await dina.page.getByRole("heading", { name: "This chat isn't there" }).waitFor();
  assert.equal(await dina.page.getByText(/Before|After|Secrets/).count(), 0);
});

test("a group that its owner deletes goes from everybody's screen", async () => {
  const chatId = await house.person("ana").group("Short-lived", ["dina"]);
  await house.person("ana").say(chatId, "Hello");
  const [ana, dina] = await Promise.all([house.visit("ana"), house.visit("dina")]);
  await dina.open("Short-lived");
  await dina.sees("Hello");
  await ana.goto(`/chat/${chatId}?details`);
  await ana.page.getByRole("button", { name: "Delete the group" }).click();
  await ana.page.getByRole("button", { name: "Delete for all" }).click();
  await dina.page.getByRole("heading", { name: "This chat isn't there" }).waitFor();
  await ana.isIn();
  for (const visitor of [ana, dina]) assert.equal(await visitor.row("Short-lived").count(), 0);
});

test("a mention is completed, stands out for who is meant, and shows in their list", async () => {
  const chatId = await house.person("ana").group("Mentions", ["ben", "chen"]);
  await house.person("ana").say(chatId, "Start");
  const ana = await house.visit("ana");
  await ana.open("Mentions");
  await ana.composer.pressSequentially("Could @be");
  await ana.page.getByRole("option", { name: "Ben Okafor" }).waitFor();
  await ana.composer.press("Enter");
  await ana.composer.pressSequentially("look at it?");
  await ana.composer.press("Enter");
  await ana.message("Could").locator(".mention", { hasText: "@Ben Okafor" }).waitFor();

  const [ben, chen] = await Promise.all([house.visit("ben"), house.visit("chen")]);
  await ben.row("Mentions").getByRole("img", { name: "You are mentioned" }).waitFor();
  await chen.row("Mentions").getByText("unread").waitFor();
  assert.equal(await chen.row("Mentions").getByRole("img", { name: "You are mentioned" }).count(), 0);
  await ben.open("Mentions");
  await ben.message("Could").locator(".mention.me").waitFor();
  await ben.row("Mentions").getByRole("img", { name: "You are mentioned" }).waitFor({ state: "detached" });
});

test("in a group one sees who has read a message, and who only got it", async () => {
  const chatId = await house.person("ana").group("Readers", ["ben", "chen"]);
  await house.person("ana").say(chatId, "Start");
  const [ana, ben] = await Promise.all([house.visit("ana"), house.visit("ben")]);
  await ana.open("Readers");
  await ana.send("Read me");
  await ben.open("Readers");
  await ben.sees("Read me");
  await ana.ticks("Read me", "Sent, read by 1");
  await house.visit("chen");
  await ana.ticks("Read me", "Delivered, read by 1");
  await ana.act("Read me", "Who has read it");
  const dialog = ana.page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Read by 1 of 2" }).waitFor();
  const names = await dialog.locator(".person-name bdi").allInnerTexts();
  assert.deepEqual(names, ["Ben Okafor", "Chen Wei"]);
});

test("an admin deletes another's message, a member can't", async () => {
  const chatId = await house.person("ana").group("Rules", ["ben", "chen"]);
  await house.person("chen").say(chatId, "Spam spam");
  const [ana, ben] = await Promise.all([house.visit("ana"), house.visit("ben")]);
  await ben.open("Rules");
  await ben.message("Spam").locator(".bubble").click({ button: "right" });
  assert.equal(await ben.page.locator(".menu").getByRole("button", { name: "Delete" }).count(), 0);
  await ben.page.keyboard.press("Escape");
  await ana.open("Rules");
  await ana.act("Spam", "Delete");
  await ana.page.getByRole("button", { name: "Delete", exact: true }).click();
  await ben.page.getByText("Deleted by Ana Lind").waitFor();
});

test("a muted chat says so and leaves the title of the page alone", async () => {
  const chatId = await house.person("ana").group("Quiet", ["dina"]);
  await house.person("ana").say(chatId, "One");
  const dina = await house.visit("dina");
  await until(async () => /^\(\d+\)/.test(await dina.page.title()));
  await dina.open("Quiet");
  await dina.page.locator(".chat-head").getByRole("button", { name: "About this chat" }).last().click();
  await dina.page.getByLabel("Muted").check();
  await dina.row("Quiet").getByRole("img", { name: "muted" }).waitFor();
  await dina.goto("/");
  await house.person("ana").say(chatId, "Two");
  await dina.row("Quiet").getByText("1 unread").waitFor();
  assert.doesNotMatch(await dina.page.title(), /^\(/);
});

test("the list has the chat with the latest message first, with its text and who wrote it", async () => {
  const one = await house.person("ben").group("List one", ["chen"]);
  const two = await house.person("ben").group("List two", ["chen"]);
  await house.person("ben").say(one, "Old");
  await house.person("ben").say(two, "Newer");
  const chen = await house.visit("chen");
  await chen.row("List two").getByText("Ben Okafor: Newer").waitFor();
  const names = () => chen.page.locator(".chat-row-name").allInnerTexts();
  assert.deepEqual((await names()).slice(0, 2), ["List two", "List one"]);
  await house.person("ben").say(one, "**Newest** of `all`");
  await chen.row("List one").getByText("Ben Okafor: Newest of all").waitFor();
  assert.deepEqual((await names()).slice(0, 2), ["List one", "List two"]);
});
