import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import type * as sdk from "../../src/index.js";
import { Person } from "../people.js";
import { Served } from "../served.js";
import { type Lacking, Site } from "./site.js";

declare global {
  var chinwag: typeof sdk;
  var client: sdk.Client;
  var seen: string[];
}

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
// Where a browser is named it must be there.
const skip =
  !process.env.CHROMIUM && !existsSync(executablePath) && "no Chromium: set CHROMIUM to where it is";

let site: Site;
let served: Served;
let browser: Browser;

before(async () => {
  if (skip) return;
  site = await Site.start();
  served = await Served.start({ CHINWAG_PUBLIC_ORIGINS: site.url });
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  await served?.stop();
  await site?.stop();
});

/** Opens a tab whose client is in sync; with the server away, one that waits for it. */
async function open(context: BrowserContext, person: Person, online = true): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(site.url);
  await begin(page, person, online);
  return page;
}

async function begin(page: Page, person: Person, online = true): Promise<void> {
  await page.waitForFunction(() => "chinwag" in globalThis);
  const options = { url: person.url, token: person.answer.token };
  await page.evaluate((given) => {
    globalThis.client = new chinwag.Client(given);
    globalThis.seen = [];
    client.on("message", ({ message }) => seen.push(message.content));
  }, options);
  if (online) await page.evaluate(async () => void (await client.ready()));
}

/** Waits until a message was shown in a tab. */
function shown(page: Page, content: string): Promise<unknown> {
  return page.waitForFunction((wanted) => seen.includes(wanted), content, { timeout: 60_000 });
}

/** Sends in a tab; without waiting for more than that it is on its way. */
async function send(page: Page, chat: string, content: string): Promise<void> {
  await page.evaluate(([id, text]) => void client.chat(id ?? "").send(text ?? ""), [chat, content]);
}

for (const lacking of ["nothing", "SharedWorker", "any worker"] satisfies Lacking[]) {
  const name = `ana-${lacking.replaceAll(" ", "-").toLowerCase()}`;
  test(`tabs share one connection, hand it over and lose nothing, in a browser that lacks ${lacking}`, {
    skip,
  }, async (t) => {
    site.lacking = lacking;
    const [ana, ben] = await Promise.all(
      [name, `ben-of-${name}`].map((id) => Person.register(served.url, id)),
    );
    assert.ok(ana && ben);
    const context = await browser.newContext();
    t.after(() => context.close());
    const [one, two] = [await open(context, ana), await open(context, ana)];
    const { id } = await one.evaluate(async (userId) => ({ id: (await client.direct(userId)).id }), ben.id);
    const sessions = () =>
      one.evaluate(async () => (await client.http.request("GET /v1/sessions", {})).sessions.length);
    assert.equal(await sessions(), 1);

    await two.evaluate(async (chat) => void (await client.chat(chat).send("from the second tab")), id);
    await one.evaluate(async (chat) => void (await client.chat(chat).send("from the first tab")), id);
    await Promise.all([one, two].map((page) => shown(page, "from the first tab")));

    // Two messages wait while the server is away; the tab that led is closed, the other one reloaded.
    await served.kill();
    await send(one, id, "as the server was away");
    await send(two, id, "and again");
    await two.waitForFunction(() => client.outbox.length === 2);
    await one.close();
    await two.reload();
    await begin(two, ana, false);
    await two.waitForFunction(() => client.outbox.length === 2);
    await served.restart();
    await shown(two, "and again");
    const three = await open(context, ana);
    const everything = async (page: Page) =>
      page.evaluate(async (chat) => {
        const timeline = client.chat(chat).timeline();
        await timeline.loaded;
        return timeline.items.map(({ state, message }) => `${state} ${message.content}`);
      }, id);
    const all = [
      "sent from the second tab",
      "sent from the first tab",
      "sent as the server was away",
      "sent and again",
    ];
    assert.deepEqual(await everything(three), all);
    assert.deepEqual(await everything(two), all);
    const twice = (await two.evaluate(() => seen)).filter(
      (content, index, rest) => rest.indexOf(content) !== index,
    );
    assert.deepEqual(twice, []);
  });
}
