/** Notes about messages while the client is closed: whether this browser shows them, turned on and off. */

import { type Client, compareIds, type protocol } from "@chinwag/client";
import { effect, signal } from "@preact/signals";
import { account, deviceId } from "./account";
import { keep, read } from "./kept";
import { go } from "./route";
import type { SignedIn } from "./signed-in";

/**
 * `unable`: this browser or this server can't; `blocked`: the person said no in the browser's own settings; `off`,
 * `on`: as the person chose here.
 */
export type Notes = "unable" | "blocked" | "off" | "on";

/** How it is. */
export const notes = signal<Notes>("unable");

/** Whether the person wants notes in this browser, once they said so. */
const KEPT = "notes";

/** Keeps notes as the person chose, takes them from the screen when they are read, and opens the chat of one. */
export function followNotes(signedIn: SignedIn): () => void {
  const { client } = signedIn;
  void begin(client);
  const stops = [
    effect(() => {
      signedIn.chats.value;
      if (signedIn.isLoaded.value) void takeBack((note) => isRead(signedIn.chats.peek(), note));
    }),
    listen(),
    // Whoever signs out is told nothing here any more: the push service refuses, and the server forgets the device.
    effect(() => {
      if (!account.value) void forget();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Asks the browser for permission, and subscribes; only ever on a person's own click. */
export async function turnOn(client: Client): Promise<void> {
  const permission = await Notification.requestPermission();
  if (permission === "granted") {
    await subscribe(client, await serverKey(client));
    keep(KEPT, true);
    notes.value = "on";
  } else if (permission === "denied") {
    notes.value = "blocked";
  }
}

/** Ends the subscription. */
export async function turnOff(client: Client): Promise<void> {
  keep(KEPT, false);
  notes.value = "off";
  await unsubscribe();
  await client.http
    .request("DELETE /v1/devices/{id}", { path: { id: deviceId() }, query: {} })
    .catch(() => {});
}

/** Says whether the person chose already. */
export function hasChosen(): boolean {
  return read<boolean>(KEPT) !== undefined;
}

/** Takes that the person wants none now. */
export function notNow(): void {
  keep(KEPT, false);
}

async function begin(client: Client): Promise<void> {
  if (!isAble()) return;
  const key = await serverKey(client).catch(() => undefined);
  if (key === undefined) return;
  if (Notification.permission === "denied") notes.value = "blocked";
  else if (Notification.permission !== "granted" || read<boolean>(KEPT) !== true) notes.value = "off";
  else {
    // Renews what a push service or a restored server forgot; without a word where that fails.
    notes.value = "on";
    await subscribe(client, key).catch(() => {});
  }
}

function isAble(): boolean {
  return "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;
}

/** Asks for the key that this browser subscribes with; none where the server tells no browser. */
async function serverKey(client: Client): Promise<string | undefined> {
  const { vapidPublicKey } = await client.http.request("GET /v1/push", {});
  return vapidPublicKey;
}

async function subscribe(client: Client, vapidPublicKey = ""): Promise<void> {
  const key = bytesOf(vapidPublicKey);
  const { pushManager } = await navigator.serviceWorker.ready;
  let subscription = await pushManager.getSubscription();
  if (subscription && !isSame(subscription.options.applicationServerKey, key)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = subscription.toJSON();
  await client.http.request("POST /v1/devices", {
    body: {
      kind: "webpush",
      deviceId: deviceId(),
      subscription: { endpoint, keys },
      locale: navigator.language,
    },
  });
}

async function unsubscribe(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  await subscription?.unsubscribe();
}

async function forget(): Promise<void> {
  keep(KEPT, undefined);
  notes.value = "unable";
  await takeBack(() => true);
  await unsubscribe();
}

/** What a note is about. */
interface About {
  chatId: string;
  messageId?: string;
}

/** Whether what a note tells is read: a page may hear of a message after its browser was told. */
function isRead(chats: readonly protocol.Chat[], { chatId, messageId }: About): boolean {
  const chat = chats.find(({ id }) => id === chatId);
  if (!chat) return true;
  const known = chat.head.lastMessage?.id;
  const isKnown = messageId === undefined || (known !== undefined && compareIds(known, messageId) >= 0);
  return isKnown && chat.unread === 0;
}

/** Takes notes from the screen. */
async function takeBack(isDone: (note: About) => boolean): Promise<void> {
  if (!isAble() || Notification.permission !== "granted") return;
  const registration = await navigator.serviceWorker.getRegistration();
  const standing = (await registration?.getNotifications()) ?? [];
  for (const note of standing) {
    const about = (note.data ?? {}) as Partial<About>;
    if (about.chatId !== undefined && isDone(about as About)) note.close();
  }
}

/** Opens the chat whose note was clicked. */
function listen(): () => void {
  const open = ({ data }: MessageEvent<{ openChat?: unknown } | undefined>) => {
    const chatId = data?.openChat;
    if (typeof chatId === "string") go({ view: "chat", chatId });
  };
  if (!("serviceWorker" in navigator)) return () => {};
  navigator.serviceWorker.addEventListener("message", open);
  navigator.serviceWorker.startMessages();
  return () => navigator.serviceWorker.removeEventListener("message", open);
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function isSame(one: ArrayBuffer | null, other: Uint8Array): boolean {
  const bytes = new Uint8Array(one ?? new ArrayBuffer(0));
  return bytes.length === other.length && bytes.every((byte, index) => byte === other[index]);
}
