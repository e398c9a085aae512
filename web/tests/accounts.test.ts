import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House, PASSWORD } from "./house.js";
import { until } from "./until.js";

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor" });
});
afterEach((test) => house.leave(test));
after(() => house.close());

test("somebody who is new makes an account and finds an empty list that says what to do", async () => {
  const visitor = await house.stranger();
  const { page } = visitor;
  await page.getByRole("button", { name: "Make an account" }).click();
  await page.getByLabel("Username").fill("carla");
  await page.getByLabel("Name that others see").fill("Carla Rossi");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Make account" }).click();
  await page.getByRole("heading", { name: "No chats yet" }).waitFor();
  await page.getByRole("button", { name: "Start a chat" }).click();
  await page.getByRole("button", { name: "Ben Okafor" }).click();
  await page.getByRole("heading", { name: "Nothing here yet" }).waitFor();
});

test("what is wrong with a new account stands at its field", async () => {
  const { page } = await house.stranger();
  await page.getByRole("button", { name: "Make an account" }).click();
  await page.getByLabel("Username").fill("dora");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Make account" }).click();
  const field = page.getByLabel("Password");
  await page.locator("input[aria-invalid]").waitFor();
  assert.match(await field.evaluate(describedBy), /8/);
});

/** Field faults, row 25. */
test("a username in another case or width is the same account, and can't be taken again", async () => {
  const other = await house.stranger();
  await other.page.getByRole("button", { name: "Make an account" }).click();
  for (const spelling of ["ANA", "ａｎａ"]) {
    await other.page.getByLabel("Username").fill(spelling);
    await other.page.getByLabel("Password").fill(PASSWORD);
    await other.page.getByRole("button", { name: "Make account" }).click();
    await other.page.getByText("This username is taken.").waitFor();
    await other.page.getByLabel("Username").fill("");
  }
  const same = await house.stranger();
  await same.signIn("Ana", PASSWORD);
});

test("a wrong password is said in a sentence, and the right one goes on", async () => {
  const visitor = await house.stranger();
  const { page } = visitor;
  await page.getByLabel("Username").fill("ana");
  await page.getByLabel("Password").fill("wrong horse");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("That name and password don't go together.").waitFor();
  await visitor.signIn("ana", PASSWORD);
});

test("one stays signed in over a reload, and signs out in every tab at once", async () => {
  // Signing out ends the token, which no other test can use any more.
  await house.add("gil", "Gil Amsel");
  const visitor = await house.visit("gil");
  await visitor.page.reload();
  await visitor.page.getByRole("heading", { name: "Chats", exact: true }).waitFor();
  const second = await visitor.tab("/settings");
  await second.page.getByRole("button", { name: "Sign out" }).click();
  for (const { page } of [visitor, second])
    await page.getByRole("heading", { name: "Sign in to Chinwag" }).waitFor();
});

test("signing out leaves no chats behind on the device", async () => {
  await house.add("ida", "Ida Moe");
  const chatId = await house.person("ben").direct("ida");
  await house.person("ben").say(chatId, "Between us");
  const ida = await house.visit("ida");
  await ida.row("Ben Okafor").waitFor();
  await until(async () => JSON.stringify(await ida.keeps("chats")).includes("Between us"));
  await ida.goto("/settings");
  await ida.page.getByRole("button", { name: "Sign out" }).click();
  await ida.page.getByRole("heading", { name: "Sign in to Chinwag" }).waitFor();
  await until(async () => (await ida.keeps("chats")).length === 0);
});

/** Field faults, row 13: sessions end when the password changes. */
test("a new password ends other browsers' sessions with a word about it, and keeps this one", async () => {
  await house.add("eva", "Eva Berg");
  const here = await house.visit("eva");
  const there = await house.visit("eva");
  await here.goto("/settings");
  await here.page.getByText("Change the password").click();
  await here.page.getByLabel("Password so far").fill(PASSWORD);
  await here.page.getByLabel("New password").fill("battery staple");
  await here.page.getByRole("button", { name: "Change it" }).click();
  await here.page.getByText("Your password is changed").waitFor();
  await there.page.getByRole("heading", { name: "Sign in to Chinwag" }).waitFor();
  await there.page.getByText("Your sign-in has ended. Sign in again.").waitFor();
  await here.page.reload();
  await here.page.getByRole("heading", { name: "Settings" }).waitFor();
  await there.signIn("eva", "battery staple");
});

test("a new name is seen by others", async () => {
  const visitor = await house.visit("ben");
  await visitor.goto("/settings");
  await visitor.page.getByLabel("Name that others see").fill("Benjamin O.");
  await visitor.page.getByRole("button", { name: "Save the name" }).click();
  await visitor.page.getByText("Others see your new name").waitFor();
  const ana = await house.visit("ana");
  await ana.goto("/new");
  await ana.page.getByRole("button", { name: "Benjamin O." }).waitFor();
});

test("one's name that comes late takes nothing away of what one typed meanwhile", async () => {
  await house.add("hal", "Hal Ito");
  const { page, url } = await house.stranger({ kept: { account: house.person("hal").account } });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/v1/users/hal", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${url}/settings`);
  await page.getByLabel("Name that others see").fill("Hal I.");
  release();
  await page.getByText("Hal Ito").waitFor();
  await page.getByRole("button", { name: "Save the name" }).click();
  await page.getByText("Others see your new name").waitFor();
  await page.locator(".profile").getByText("Hal I.", { exact: true }).waitFor();
});

/** Returns the text that describes a field to a screen reader. */
function describedBy(field: Element): string {
  return document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent ?? "";
}
