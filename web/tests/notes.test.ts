import assert from "node:assert/strict";
import { createECDH, randomBytes } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.js";
import { until } from "./until.js";
import type { Visitor } from "./visitor.js";

let house: House;
before(async () => {
  house = await House.with({ ana: "Ana Lind", ben: "Ben Okafor" });
});
afterEach((test) => house.leave(test));
after(() => house.close());

/** Somebody whose browser allows notifications, and stands in for the push service that tests can't reach. */
async function visitWithPushService(): Promise<Visitor> {
  const visitor = await house.visit("ana");
  // A page that loads while its service worker is installed is served by none.
  await visitor.canWorkOffline();
  await visitor.context.grantPermissions(["notifications", "clipboard-read", "clipboard-write"]);
  const browser = createECDH("prime256v1");
  const keys = {
    p256dh: browser.generateKeys().toString("base64url"),
    auth: randomBytes(16).toString("base64url"),
  };
  await visitor.context.addInitScript((keys) => {
    let options: PushSubscriptionOptionsInit | undefined;
    const endpoint = "https://push.example/a-browser";
    const subscription = {
      get options() {
        const key = options?.applicationServerKey as Uint8Array | undefined;
        return { applicationServerKey: key?.buffer ?? null };
      },
      toJSON: () => ({ endpoint, expirationTime: null, keys }),
      unsubscribe: async () => {
        options = undefined;
        return true;
      },
    };
    PushManager.prototype.getSubscription = async () =>
      options ? (subscription as unknown as PushSubscription) : null;
    PushManager.prototype.subscribe = async (wanted) => {
      options = wanted;
      return subscription as unknown as PushSubscription;
    };
  }, keys);
  await visitor.page.reload();
  await visitor.isIn();
  return visitor;
}

/** Dispatches a push to the service worker, as the browser does for its push service. */
async function push(visitor: Visitor, note: object): Promise<void> {
  const session = await visitor.context.newCDPSession(visitor.page);
  const registration = new Promise<string>((resolve) => {
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const ours = registrations.find(({ isDeleted }) => !isDeleted);
      if (ours) resolve(ours.registrationId);
    });
  });
  await session.send("ServiceWorker.enable");
  const origin = new URL(visitor.page.url()).origin;
  const registrationId = await registration;
  await session.send("ServiceWorker.deliverPushMessage", {
    origin,
    registrationId,
    data: JSON.stringify(note),
  });
  await session.detach();
}

interface Standing {
  title: string;
  body: string;
  tag: string;
}

/** What stands on the screen of the person's system. */
async function standing(visitor: Visitor): Promise<Standing[]> {
  return visitor.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const notes = await registration.getNotifications();
    return notes.map(({ title, body, tag }) => ({ title, body, tag }));
  });
}

function note(chatId: string, messageId: string, body: string) {
  return { type: "message", userId: "ana", chatId, messageId, title: "Ben Okafor", body, badge: 1 };
}

async function devices(): Promise<string[]> {
  const answer = await house.person("ana").http.request("GET /v1/devices", {});
  return answer.devices.map(({ kind }) => kind);
}

test("nobody is asked when the page opens, but after the first message; who says yes is registered", async () => {
  const chatId = await house.person("ana").group("Offered", ["ben"]);
  const ana = await visitWithPushService();
  await ana.open("Offered");
  const offer = ana.page.getByRole("region", { name: "Notifications" });
  assert.equal(await offer.count(), 0);
  assert.deepEqual(await devices(), []);
  await ana.send("Are you there?");
  await offer.getByRole("button", { name: "Turn on" }).click();
  await until(async () => (await devices()).length === 1);
  assert.deepEqual(await devices(), ["webpush"]);
  await offer.waitFor({ state: "detached" });
  assert.ok(chatId);
  await ana.goto("/settings");
  const setting = ana.page.getByLabel("Tell me about messages while this page is closed");
  await until(() => setting.isChecked());
  await setting.uncheck();
  await until(async () => (await devices()).length === 0);
});

test("who says not now is left alone, and can turn it on in the settings", async () => {
  await house.person("ana").group("Later", ["ben"]);
  const ana = await visitWithPushService();
  await ana.open("Later");
  await ana.send("One");
  await ana.page.getByRole("button", { name: "Not now" }).click();
  await ana.send("Two");
  await ana.sees("Two");
  assert.equal(await ana.page.getByRole("region", { name: "Notifications" }).count(), 0);
  await ana.goto("/settings");
  await ana.page.getByLabel("Tell me about messages while this page is closed").check();
  await until(async () => (await devices()).length === 1);
});

test("a note is shown, one for each chat, opens it, and goes when the chat is read", async () => {
  const [one, two] = await Promise.all([
    house.person("ben").group("Lunch", ["ana"]),
    house.person("ben").group("Dinner", ["ana"]),
  ]);
  const ana = await visitWithPushService();
  const said = await house.person("ben").say(one, "Shall we?");
  const other = await house.person("ben").say(two, "And tonight?");
  await ana.row("Lunch").getByText("1 unread").waitFor();
  await ana.row("Dinner").getByText("1 unread").waitFor();
  await push(ana, note(one, said.id, "Shall"));
  await push(ana, note(two, other.id, "And tonight?"));
  await push(ana, note(one, said.id, "Shall we?"));
  await until(async () => (await standing(ana)).length === 2);
  const shown = await until(async () => {
    const now = (await standing(ana)).find(({ tag }) => tag === `chat ${one}`);
    return now?.body === "Shall we?" && now;
  });
  assert.equal(shown.title, "Ben Okafor");
  await click(ana, `chat ${one}`);
  await ana.page.waitForURL(`**/chat/${one}`);
  await ana.sees("Shall we?");
  await until(async () => (await standing(ana)).map(({ tag }) => tag).join() === `chat ${two}`);
  await ana.open("Dinner");
  await until(async () => (await standing(ana)).length === 0);
});

test("a note that was read elsewhere is taken back, and what is no note of ours shows nothing", async () => {
  const chatId = await house.person("ben").group("Elsewhere", ["ana"]);
  const ana = await visitWithPushService();
  const said = await house.person("ben").say(chatId, "Read me");
  await ana.row("Elsewhere").getByText("1 unread").waitFor();
  await push(ana, note(chatId, said.id, "Read me"));
  await until(async () => (await standing(ana)).length === 1);
  await push(ana, { type: "clear", userId: "ana", chatId, badge: 0 });
  await until(async () => (await standing(ana)).length === 0);
  await push(ana, { hello: "world" });
  assert.deepEqual(await standing(ana), []);
});

/** Clicks a note: the tests' browser shows none that a mouse could reach. */
async function click(visitor: Visitor, tag: string): Promise<void> {
  const [worker] = visitor.context.serviceWorkers();
  assert.ok(worker, "the service worker runs");
  await worker.evaluate(async (tag) => {
    const scope = globalThis as unknown as ServiceWorkerScope;
    const [notification] = await scope.registration.getNotifications({ tag });
    scope.dispatchEvent(new scope.NotificationEvent("notificationclick", { notification }));
  }, tag);
}

interface ServiceWorkerScope extends EventTarget {
  registration: ServiceWorkerRegistration;
  NotificationEvent: new (type: string, init: { notification: Notification | undefined }) => Event;
}
