import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House, PASSWORD } from "./house.js";
import { until } from "./until.js";
import type { Visitor } from "./visitor.js";

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor" });
});
afterEach(async (test) => {
  house.wire.mend();
  await house.leave(test);
});
after(() => house.close());

test("without a network one is told, writes on, reloads even, and everything goes out once and in order", async () => {
  const chatId = await house.person("ana").direct("ben");
  const ana = await house.visit("ana");
  await ana.open("Ben Okafor");
  await ana.send("Before the cut");
  await ana.ticks("Before the cut", "Sent");
  await ana.canWorkOffline();

  house.wire.cut();
  await ana.page.locator(".banner").waitFor();
  for (const text of ["While away 1", "While away 2"]) {
    await ana.send(text);
    await ana.ticks(text, "Waiting to be sent");
  }
  await ana.page.getByText("2 waiting.").waitFor();
  await ana.page.reload();
  await ana.page.locator(".banner").waitFor();
  // The list is kept on the device, and what waits stands in its chat.
  await ana.row("Ben Okafor").waitFor();

  house.wire.mend();
  await ana.sees("While away 2");
  await ana.ticks("While away 2", "Sent");
  await ana.page.locator(".banner").waitFor({ state: "detached" });
  await ana.shows(["Before the cut", "While away 1", "While away 2"]);
  const query = { chatId, limit: 10 };
  const { messages } = await house.person("ben").http.request("GET /v1/messages", { query });
  assert.deepEqual(messages.map(({ content }) => content).reverse(), [
    "Before the cut",
    "While away 1",
    "While away 2",
  ]);
});

test("what one reads without a network is read for others once one is back, even after a reload", async () => {
  const chatId = await house.person("ben").group("Read offline", ["ana"]);
  await house.person("ben").say(chatId, "Start");
  const [ana, ben] = await Promise.all([house.visit("ana"), house.visit("ben")]);
  await ben.open("Read offline");
  await ana.canWorkOffline();
  await ana.open("Read offline");
  await ben.ticks("Start", "Read");
  await ana.look("away");
  await house.person("ben").say(chatId, "Seen on the train");
  await ana.sees("Seen on the train");
  house.wire.cut();
  await ana.page.locator(".banner").waitFor();
  await ana.look("here");
  await ana.row("Read offline").getByText("1 unread").waitFor({ state: "detached" });
  await ana.page.reload();
  await ana.row("Read offline").waitFor();
  assert.equal(await ana.row("Read offline").getByText("1 unread").count(), 0);
  // As if it were never opened again: the mark goes out from the list alone.
  await ana.goto("/");
  await ana.row("Read offline").waitFor();
  assert.equal((await house.person("ana").chat(chatId)).unread, 1);
  house.wire.mend();
  await until(async () => (await house.person("ana").chat(chatId)).unread === 0);
  await ben.ticks("Seen on the train", "Read");
});

/** Field faults, row 1. */
test("what came while the connection was away is there once and in order, and what comes next after it", async () => {
  const chatId = await house.person("ben").group("Row one", ["ana"]);
  await house.person("ben").say(chatId, "m1");
  const ana = await house.visit("ana");
  await ana.open("Row one");
  await ana.sees("m1");
  house.wire.cut();
  await ana.page.locator(".banner").waitFor();
  for (let number = 2; number <= 20; number += 1) await house.person("ben").say(chatId, `m${number}`);
  house.wire.mend();
  await house.person("ben").say(chatId, "m21");
  await ana.shows(Array.from({ length: 21 }, (_, index) => `m${index + 1}`));
});

test("a server that is killed and started again is found again, with what was sent meanwhile", async () => {
  const chatId = await house.person("ana").group("Restart", ["ben"]);
  await house.person("ana").say(chatId, "Start");
  const [ana, ben] = await Promise.all([house.visit("ana"), house.visit("ben")]);
  await ana.open("Restart");
  await ben.open("Restart");
  await ben.sees("Start");
  await house.served.kill();
  await ana.page.locator(".banner").waitFor();
  await ana.send("To whom it may concern");
  await ana.ticks("To whom it may concern", "Waiting to be sent");
  await house.served.restart();
  await ben.sees("To whom it may concern");
  await ana.ticks("To whom it may concern", "Read");
  await ben.shows(["Start", "To whom it may concern"]);
});

test("what was written before one was removed is kept with its reason, to be sent again or given up", async () => {
  const chatId = await house.person("ana").group("Refused", ["ben"]);
  await house.person("ana").say(chatId, "Start");
  const ben = await house.visit("ben");
  await ben.open("Refused");
  await ben.sees("Start");
  house.wire.cut();
  await ben.page.locator(".banner").waitFor();
  for (const text of ["Am I still in?", "Never mind"]) await ben.send(text);
  await house.remove("ana", chatId, "ben");
  house.wire.mend();
  await ben.page.getByRole("heading", { name: "This chat isn't there" }).waitFor();
  // The second goes out only once the first was refused: as a member again Ben could send it.
  await until(async () => {
    const outbox = await ben.keeps("outbox");
    return outbox.length === 2 && outbox.every(({ state }) => state === "failed");
  });

  await house.addMember("ana", chatId, "ben");
  for (const text of ["Am I still in?", "Never mind"]) await ben.ticks(text, "Not sent");
  const failed = ben.message("Never mind").locator(".failed-line");
  await failed.getByText("Not sent. That isn't there any more, or you are no longer a member.").waitFor();
  await failed.getByRole("button", { name: "Discard" }).click();
  await ben.message("Never mind").waitFor({ state: "detached" });
  await ben.message("Am I still in?").getByRole("button", { name: "Try again" }).click();
  await ben.ticks("Am I still in?", "Sent");
});

/** Field faults, row 5. */
test("own messages are unread nowhere, others' are everywhere alike", async () => {
  const chatId = await house.person("ana").group("Row five", ["ben"]);
  const [one, two] = await Promise.all([house.visit("ana"), house.visit("ana")]);
  await one.open("Row five");
  for (const text of ["own 1", "own 2", "own 3"]) await one.send(text);
  await one.ticks("own 3", "Sent");
  await one.page.getByRole("button", { name: "New chat" }).click();
  await one.goto("/");
  await two.row("Row five").getByText("You: own 3").waitFor();
  assert.equal(await two.row("Row five").locator(".badge").count(), 0);
  for (const text of ["from ben 1", "from ben 2"]) await house.person("ben").say(chatId, text);
  for (const device of [one, two]) await device.row("Row five").getByText("2 unread").waitFor();
  house.wire.cut();
  await two.page.locator(".banner").waitFor();
  house.wire.mend();
  await two.page.locator(".banner").waitFor({ state: "detached" });
  await two.row("Row five").getByText("2 unread").waitFor();
});

test("two tabs share one connection, show each message once, and go on when one of them closes", async () => {
  const chatId = await house.person("ben").group("Tabs", ["ana"]);
  await house.person("ben").say(chatId, "Start");
  const first = await house.visit("ana");
  await first.open("Tabs");
  await first.sees("Start");
  const second = await first.tab(`/chat/${chatId}`);
  await second.sees("Start");
  const { sessions } = await house.person("ana").http.request("GET /v1/sessions", {});
  assert.equal(sessions.length, 1);
  await first.send("From the first");
  await second.ticks("From the first", "Sent");
  await house.person("ben").say(chatId, "To both");
  for (const tab of [first, second]) await tab.shows(["Start", "From the first", "To both"]);
  await first.page.close();
  await second.send("From the second");
  await second.ticks("From the second", "Sent");
  await house.person("ben").say(chatId, "To one");
  await second.shows(["Start", "From the first", "To both", "From the second", "To one"]);
});

/** Field faults, row 8. */
test("typing ends when its sender's page is gone, when the message comes, and when they are removed", async () => {
  const chatId = await house.person("ana").group("Typing", ["ben"]);
  await house.person("ana").say(chatId, "Start");
  const ana = await house.visit("ana");
  await ana.open("Typing");
  const typing = ana.page.locator(".chat-head .typing");
  for (const end of ["send", "close", "remove"] as const) {
    const ben = await house.visit("ben");
    await ben.open("Typing");
    await ben.composer.pressSequentially("Hm");
    await typing.getByText("Ben Okafor is typing…").waitFor();
    if (end === "send") await ben.composer.press("Enter");
    if (end === "close") await ben.context.close();
    if (end === "remove") await house.remove("ana", chatId, "ben");
    await typing.waitFor({ state: "detached" });
  }
});

/** Field faults, row 13. */
test("a session goes on while its token is renewed, and ends at the sign-in where the server wants none of it", async () => {
  const short = await House.with({ ana: "Ana Lind", ben: "Ben Okafor" }, { CHINWAG_AUTH_TOKEN_TTL: "6s" });
  try {
    await short.person("ana").direct("ben");
    const ana = await short.visit("ana");
    await ana.open("Ben Okafor");
    for (let renewed = 0; renewed < 2; renewed += 1) {
      const token = await keptToken(ana);
      await until(async () => (await keptToken(ana)) !== token);
    }
    await ana.send("Still here");
    await ana.ticks("Still here", "Sent");
  } finally {
    await short.close();
  }
  const ben = await house.visit("ben");
  await ben.page.evaluate(() => {
    const account = JSON.parse(localStorage.getItem("chinwag.account") ?? "{}");
    const [head, body] = account.token.split(".");
    localStorage.setItem("chinwag.account", JSON.stringify({ ...account, token: `${head}.${body}.AAAA` }));
  });
  await ben.page.reload();
  await ben.page.getByRole("heading", { name: "Sign in to Chinwag" }).waitFor();
  await ben.signIn("ben", PASSWORD);
});

function keptToken(visitor: Visitor): Promise<string> {
  return visitor.page.evaluate(() => JSON.parse(localStorage.getItem("chinwag.account") ?? "{}").token);
}
