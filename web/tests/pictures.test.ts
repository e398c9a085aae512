/** The main views as pictures: for the README, and for whoever changes how the client looks. */

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import { until } from "./until.js";
import type { VisitOptions, Visitor } from "./visitor.js";

/** Where pictures go; `CHINWAG_PICTURES=docs/images` of `make pictures` puts them into the README. */
const ROOT = join(import.meta.dirname, "../../../../..");
const FOLDER = resolve(ROOT, process.env.CHINWAG_PICTURES ?? "web/out/pictures");
const MOST_BYTES = 60_000;

const DESKTOP: VisitOptions = { width: 1120, height: 700, reducedMotion: "reduce" };
const PHONE: VisitOptions = { width: 390, height: 780, isPhone: true, reducedMotion: "reduce" };

let house: House;
before(async () => {
  await mkdir(FOLDER, { recursive: true });
  house = await House.with({});
  await house.fill();
});
afterEach((test) => house.leave(test));
after(() => house.close());

async function take(visitor: Visitor, name: string): Promise<void> {
  await visitor.page.evaluate(() => document.fonts.ready.then(() => {}));
  const session = await visitor.context.newCDPSession(visitor.page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  const picture = Buffer.from(data, "base64");
  assert.ok(picture.length < MOST_BYTES, `${name}: ${picture.length} bytes`);
  await writeFile(join(FOLDER, `${name}.webp`), picture);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`a group on a desktop, ${colorScheme}`, async () => {
    const ana = await house.visit("ana", { ...DESKTOP, colorScheme });
    await house.visit("ben");
    await ana.row("Ben Okafor").getByRole("img", { name: "online" }).waitFor();
    await ana.open("Release 2.4");
    await ana.page.locator(".new-line, .message").last().waitFor();
    await ana.page.locator(".composer textarea").blur();
    await take(ana, `desktop-${colorScheme}`);
  });
}

test("a phone: the list, a chat, what can be done with a message", async () => {
  await house.visit("ana");
  const ben = await house.visit("ben", PHONE);
  await ben.row("Ana Lindqvist").getByRole("img", { name: "online" }).waitFor();
  await take(ben, "phone-list");
  await ben.open("Ana Lindqvist");
  await ben.page.locator(".message").last().waitFor();
  await take(ben, "phone-chat");
  await ben.page.locator(".message .bubble").last().tap();
  await ben.page.locator(".menu").waitFor();
  await take(ben, "phone-menu");
});

test("without a network, in the dark", async () => {
  const ben = await house.visit("ben", { ...PHONE, colorScheme: "dark" });
  await ben.open("Ana Lindqvist");
  await ben.page.locator(".message").last().waitFor();
  house.wire.cut();
  await ben.page.locator(".banner").waitFor();
  await ben.composer.fill("On the train, there in ten minutes");
  await ben.page.getByRole("button", { name: "Send" }).tap();
  await ben.ticks("On the train", "Waiting to be sent");
  await ben.page.getByText("1 waiting.").waitFor();
  await take(ben, "phone-offline-dark");
  house.wire.mend();
  await ben.ticks("On the train", "Sent");
});

test("about a group, a search, a new group, and signing in", async () => {
  const ana = await house.visit("ana", DESKTOP);
  await ana.open("Kitchen");
  await ana.page.getByRole("button", { name: "About this chat" }).last().click();
  await ana.page.locator(".details .person").first().waitFor();
  await until(async () => (await ana.page.locator(".message").count()) > 2);
  await take(ana, "about");
  await ana.goto("/");
  await ana.open("Release 2.4");
  await ana.page.locator(".new-line, .message").last().waitFor();
  await house.person("ana").finds("kettle");
  await ana.page.getByRole("button", { name: "Search messages" }).click();
  await ana.page.getByLabel("Search messages").last().fill("kettle");
  await ana.page.locator(".hit").first().waitFor();
  await take(ana, "search");
  await ana.goto("/settings");
  await ana.page.locator(".profile").getByText("Ana Lindqvist").waitFor();
  await take(ana, "settings");
  const stranger = await house.stranger(DESKTOP);
  await stranger.page.getByLabel("Username").waitFor();
  await take(stranger, "sign-in");
});
