/** What goes wrong, as somebody meets it: each failure has a sentence, and a way on. */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Page } from "playwright-core";
import { House, PASSWORD } from "./house.js";
import { until } from "./until.js";

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor", chen: "Chen Wei" });
});
afterEach(async (test) => {
  house.wire.mend();
  await house.leave(test);
});
after(() => house.close());

/** Lets the server refuse what a page asks for over HTTP, until the returned function is called. */
async function refuse(
  page: Page,
  path: string,
  status: number,
  code: string,
  detail = code,
): Promise<() => Promise<void>> {
  const body = JSON.stringify({
    type: "about:blank",
    title: code,
    status,
    detail,
    code,
    retryable: status >= 500,
  });
  await page.route(path, (route) => route.fulfill({ status, contentType: "application/problem+json", body }));
  return () => page.unroute(path);
}

test("signing in without a server, to a busy one, and to one that takes its people from elsewhere says so; then it works", async () => {
  const visitor = await house.stranger();
  const { page } = visitor;
  await page.getByLabel("Username").fill("ana");
  await page.getByLabel("Password").fill(PASSWORD);
  const press = () => page.getByRole("button", { name: "Sign in", exact: true }).click();
  house.wire.cut();
  await press();
  await page.getByText("The server can't be reached. Check your connection and try again.").waitFor();
  house.wire.mend();
  for (const [status, code, said] of [
    [429, "rateLimited", "That was too much at once. Wait a moment and try again."],
    [503, "overloaded", "The server is busy. Try again in a moment."],
    [500, "internal", "The server made a mistake. Try again; if it stays so, tell whoever runs it."],
    [403, "disabled", "This account is locked. Ask whoever runs this server."],
    [404, "notFound", "People don't sign in here: this server takes them from an app of its own."],
  ] as const) {
    const allow = await refuse(page, "**/v1/auth/login", status, code);
    await press();
    await page.getByText(said).waitFor();
    await allow();
  }
  await press();
  await visitor.isIn();
});

test("a history that can't be read says why, and is read when one tries again, or by itself with the connection", async () => {
  const chatId = await house.person("ben").direct("ana");
  await house.person("ben").say(chatId, "Readable");
  const ana = await house.visit("ana");
  await ana.canWorkOffline();
  await ana.row("Ben Okafor").waitFor();
  // The connection is there, and answers no more: what is asked fails after its time.
  house.wire.cut();
  await ana.page.locator(".banner").waitFor();
  await ana.row("Ben Okafor").click();
  await ana.page.getByRole("heading", { name: "The messages can't be shown" }).waitFor();
  await ana.page.getByRole("button", { name: "Try again" }).waitFor();
  house.wire.mend();
  await ana.page.getByRole("button", { name: "Try now" }).click();
  await ana.sees("Readable");
});

test("a search that fails says why, and is tried again", async () => {
  const chatId = await house.person("ben").direct("ana");
  await house.person("ben").say(chatId, "Needle in the hay");
  await house.person("ana").finds("needl");
  const ana = await house.visit("ana");
  await ana.goto("/search");
  const allow = await refuse(ana.page, "**/v1/search?*", 503, "unavailable");
  const field = ana.page.getByLabel("Search messages").last();
  await field.fill("needl");
  await ana.page.getByText("The server is busy. Try again in a moment.").waitFor();
  await allow();
  await ana.page.getByRole("button", { name: "Try again" }).click();
  await ana.page.locator(".hit", { hasText: "Needle" }).waitFor();
  assert.equal(await ana.page.getByText("The server is busy.").count(), 0);
});

test("people who can't be looked up, and a group that can't be made, say why and lose nothing of what was entered", async () => {
  const ana = await house.visit("ana");
  const { page } = ana;
  await ana.goto("/new");
  await page.getByRole("button", { name: "New group" }).click();
  await page.getByLabel("Name of the group").fill("Kept");
  await page.getByRole("button", { name: "Ben Okafor @ben" }).click();
  const allowLooking = await refuse(page, "**/v1/users?*", 503, "overloaded");
  await page.getByLabel("Add people by name").fill("chen");
  await page.getByText("The server is busy. Try again in a moment.").waitFor();
  await allowLooking();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Chen Wei @chen" }).click();
  house.wire.cut();
  await page.locator(".banner").waitFor();
  await page.getByRole("button", { name: "Make the group of 3" }).click();
  house.wire.mend();
  await ana.composer.waitFor();
  await page.locator(".chat-head").getByText("3 members").waitFor();
});

test("a wrong password so far changes nothing and says so", async () => {
  const ana = await house.visit("ana");
  await ana.goto("/settings");
  await ana.page.getByText("Change the password").click();
  await ana.page.getByLabel("Password so far").fill("not this one");
  await ana.page.getByLabel("New password").fill("battery staple");
  await ana.page.getByRole("button", { name: "Change it" }).click();
  await ana.page.getByText("That name and password don't go together.").waitFor();
});

test("a part of the page that can't be loaded says so, and is there with the next try", async () => {
  const ana = await house.visit("ana", { withoutServiceWorker: true });
  await ana.page.route("**/assets/settings-*.js", (route) => route.abort());
  await ana.page.getByRole("button", { name: /^Settings/ }).click();
  await ana.page.getByText("This part of the page can't be loaded.").waitFor();
  await ana.page.unroute("**/assets/settings-*.js");
  await ana.page.reload();
  await ana.page.getByRole("heading", { name: "Settings" }).waitFor();
});

test("what was changed, deleted or reacted to in vain is as it was, with a word about it", async () => {
  const chatId = await house.person("ana").group("In vain", ["ben"]);
  const { id } = await house.person("ben").say(chatId, "Soon gone");
  const ben = await house.visit("ben");
  await ben.open("In vain");
  await ben.message("Soon gone").locator(".bubble").click({ button: "right" });
  await ben.page.locator(".menu").waitFor();
  house.wire.cut();
  await ben.page.locator(".banner").waitFor();
  await ben.page.locator(".menu").getByRole("button", { name: "Change", exact: true }).click();
  await ben.page.getByLabel("Change your message").fill("Changed too late");
  await ben.composer.press("Enter");
  const path = { id };
  await house.person("ana").http.request("DELETE /v1/messages/{id}", { path, query: {} });
  house.wire.mend();
  await ben.page.getByText("This message was deleted meanwhile.").waitFor();
  await ben.page.getByText("Deleted by Ana Lind").waitFor();
});

test("signing out with unsent messages is asked about first, and they go out with the next sign-in", async () => {
  const chatId = await house.person("ben").direct("chen");
  await house.person("ben").say(chatId, "Hello");
  const chen = await house.visit("chen");
  await chen.canWorkOffline();
  await chen.open("Ben Okafor");
  await chen.sees("Hello");
  house.wire.cut();
  await chen.page.locator(".banner").waitFor();
  await chen.send("For later");
  await chen.ticks("For later", "Waiting to be sent");
  await chen.page.getByRole("button", { name: /^Settings/ }).click();
  await chen.page.getByRole("button", { name: "Sign out" }).click();
  const dialog = chen.page.getByRole("dialog");
  await dialog.getByText("1 of your messages").waitFor();
  await dialog.getByRole("button", { name: "Sign out" }).click();
  await chen.page.getByRole("heading", { name: "Sign in to Chinwag" }).waitFor();
  house.wire.mend();
  await chen.signIn("chen", PASSWORD);
  await until(async () => {
    const query = { chatId, limit: 1 };
    const { messages } = await house.person("ben").http.request("GET /v1/messages", { query });
    return messages[0]?.content === "For later";
  });
});
