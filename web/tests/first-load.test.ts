/** What one waits for before anything is shown, with years of chats. */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { corpus } from "./corpus.js";
import { House } from "./house.js";
import { until } from "./until.js";
import { Visitor } from "./visitor.js";

const MOST_BYTES = 80 * 1024;

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor" });
  await house.importFile(await corpus(house.served.directory), "ana");
});
afterEach((test) => house.leave(test));
after(() => house.close());

test("all that the client loads before it is ready has at most 80 KB, answers of the server included", async (context) => {
  const before = house.wire.bytes;
  const ben = await Visitor.open(house.wire.url, {
    kept: { account: house.person("ben").account },
    // What it keeps for later isn't waited for.
    withoutServiceWorker: true,
  });
  await ben.page.getByRole("heading", { name: "No chats yet" }).waitFor();
  const loaded = house.wire.bytes - before;
  await ben.close();
  context.diagnostic(`${loaded} bytes`);
  assert.ok(loaded <= MOST_BYTES, `${loaded} bytes`);
});

test("the list of years of chats is there at once, and scrolls to the first of them", async (context) => {
  const { chats } = await house.person("ana").http.request("GET /v1/chats", { query: { limit: 200 } });
  assert.ok(chats.length > 150);
  const ana = await house.visit("ana");
  await ana.page.reload();
  const shownAfterMs = await ana.page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = () =>
          document.querySelector(".chat-row") ? resolve(performance.now()) : setTimeout(look, 5);
        look();
      }),
  );
  // Told, not judged: a busy machine proves nothing.
  context.diagnostic(`the list was shown after ${Math.round(shownAfterMs)} ms`);
  const rows = ana.page.locator(".chat-row");
  assert.ok((await rows.count()) < chats.length, "it begins with what fits on a screen");
  await until(async () => {
    await ana.page.locator(".chat-list").evaluate((list) => list.scrollTo(0, list.scrollHeight));
    return (await rows.count()) === chats.length;
  });
  const names = await ana.page.locator(".chat-row-name").allInnerTexts();
  assert.deepEqual(
    names,
    chats.map(({ name }) => name),
  );
});

test("what was said years ago is found, and shown where it stands", async () => {
  await house.person("ana").finds("disk");
  const ana = await house.visit("ana");
  await ana.page.keyboard.press("Control+k");
  await ana.page.getByLabel("Search messages").last().fill("disk");
  const hit = ana.page.locator(".hit").first();
  await hit.waitFor();
  const text = (await hit.locator("mark").first().innerText()).toLowerCase();
  await hit.click();
  const found = ana.page.locator(".message.highlighted");
  await found.waitFor();
  assert.ok((await found.innerText()).toLowerCase().includes(text));
  assert.ok((await ana.page.locator(".message").count()) > 1, "in its context");
});
