/** The main views as pictures: for the README, and for whoever changes how the client looks. */

import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import type { Visitor } from "./visitor.js";

/** Where pictures go; `CHINWAG_PICTURES=docs/images` of `make pictures` puts them into the README. */
const ROOT = join(import.meta.dirname, "../../../../..");
const FOLDER = resolve(ROOT, process.env.CHINWAG_PICTURES ?? "web/out/pictures");

let house: House;
let launch: string;
before(async () => {
  await mkdir(FOLDER, { recursive: true });
  house = await House.with({
    ana: "Ana Lindqvist",
    ben: "Ben Okafor",
    chen: "陈伟",
    dina: "دينا حسن",
    eli: "Eli Navarro",
    fay: "Fay Moreau",
  });
  const [ana, ben, chen, dina, eli, fay] = ["ana", "ben", "chen", "dina", "eli", "fay"].map((id) =>
    house.person(id),
  );
  if (!ana || !ben || !chen || !dina || !eli || !fay) throw new Error("somebody is missing");
  const design = await fay.group("Design", ["ana", "eli"]);
  await fay.say(design, "New icons are in the shared folder");
  const support = await ben.group("Support rota", ["ana", "chen"]);
  await ben.say(support, "I swapped Thursday with Eli, @Ana Lindqvist fine for you?", { mentions: ["ana"] });
  const direct = await chen.direct("ana");
  await chen.say(direct, "午饭？");
  launch = await ana.group("Launch team", ["ben", "chen", "dina", "eli"]);
  const first = await ben.say(launch, "Morning! The rollout is at **10 %** and looks quiet.");
  const path = { id: first.id, key: "🎉" };
  for (const person of [ana, dina, eli]) {
    await person.http.request("PUT /v1/messages/{id}/reactions/{key}", { path, query: {} });
  }
  await chen.say(launch, "好的，我下午再看一次指标。");
  await dina.say(launch, "سأراجع الترجمة العربية اليوم، شكرا!");
  const asked = await ana.say(launch, "Perfect. @Ben Okafor can you take over at two?", {
    mentions: ["ben"],
  });
  await ben.say(launch, "Yes, from two on.", { replyTo: asked.id });
  const board = "Here's the dashboard: https://status.example.org/launch";
  await eli.say(launch, `${board}\n- error rate flat\n- p99 at \`41 ms\`\n\n> and nobody was paged`);
  await ana.say(launch, "Lovely, thanks all ❤️");
  for (const person of [ben, dina]) {
    const { head } = await person.chat(launch);
    if (head.lastMessage) await person.read(launch, head.lastMessage.id);
  }
});
afterEach((test) => house.leave(test));
after(() => house.close());

async function take(visitor: Visitor, name: string): Promise<void> {
  const session = await visitor.context.newCDPSession(visitor.page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 82 });
  await writeFile(join(FOLDER, `${name}.webp`), Buffer.from(data, "base64"));
}

test("a desktop, light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const ana = await house.visit("ana", { width: 1120, height: 700, colorScheme, reducedMotion: "reduce" });
    await house.visit("ben");
    await ana.open("Launch team");
    await ana.sees("Lovely");
    await ana
      .message("Lovely")
      .getByRole("img", { name: /read by 2/ })
      .waitFor();
    await ana.page.locator(".composer textarea").blur();
    await take(ana, `desktop-${colorScheme}`);
  }
});

test("a phone: the list, a chat, what can be done with a message", async () => {
  const ben = await house.visit("ben", { width: 390, height: 780, isPhone: true, reducedMotion: "reduce" });
  await ben.row("Launch team").waitFor();
  await take(ben, "phone-list");
  await ben.open("Launch team");
  await ben.sees("Lovely");
  await take(ben, "phone-chat");
  await ben.message("Lovely").locator(".bubble").tap();
  await ben.page.locator(".menu").waitFor();
  await take(ben, "phone-menu");
});

test("about a group, a search, and signing in", async () => {
  const ana = await house.visit("ana", { width: 1120, height: 700 });
  await ana.goto(`/chat/${launch}?details`);
  await ana.page.locator(".details .person").first().waitFor();
  await ana.sees("Lovely");
  await take(ana, "details");
  await ana.goto("/search");
  await ana.page.getByLabel("Search messages").last().fill("rollout");
  await ana.page.locator(".hit").first().waitFor();
  await take(ana, "search");
  const stranger = await house.stranger({ width: 1120, height: 700 });
  await stranger.page.getByLabel("Username").waitFor();
  await take(stranger, "sign-in");
});
