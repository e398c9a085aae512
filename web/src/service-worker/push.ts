/** Notes about messages that come while no page looks: shown, opened, and taken back when they are read elsewhere. */

declare const self: ServiceWorkerGlobalScope;

/** What the server pushes: `docs/push.md`. */
interface Note {
  type: "message" | "clear";
  chatId: string;
  userId: string;
  /** Unread messages, of all chats that aren't muted. */
  badge: number;
  messageId?: string;
  title?: string;
  body?: string;
}

interface Shown {
  chatId: string;
  messageId?: string;
}

self.addEventListener("push", (event) => {
  const note = read(event.data);
  if (note) event.waitUntil(note.type === "clear" ? clear(note) : show(note));
});

self.addEventListener("notificationclick", (event) => {
  const { chatId } = event.notification.data as Shown;
  event.notification.close();
  event.waitUntil(open(chatId));
});

function read(data: PushMessageData | null): Note | undefined {
  try {
    const note = data?.json() as Note | undefined;
    return typeof note?.chatId === "string" ? note : undefined;
  } catch {
    // Not from this server.
    return undefined;
  }
}

function tagOf(chatId: string): string {
  return `chat ${chatId}`;
}

async function show(note: Note): Promise<void> {
  const tag = tagOf(note.chatId);
  const [standing] = await self.registration.getNotifications({ tag });
  const isRepeated = (standing?.data as Shown | undefined)?.messageId === note.messageId;
  const data: Shown = { chatId: note.chatId, ...(note.messageId && { messageId: note.messageId }) };
  await self.registration.showNotification(note.title ?? "Chinwag", {
    body: note.body ?? "",
    icon: "/icon.svg",
    tag,
    data,
    // A note that came twice says nothing new.
    ...(standing && { renotify: !isRepeated }),
  } as NotificationOptions);
  await setBadge(note.badge);
}

async function clear(note: Note): Promise<void> {
  for (const standing of await self.registration.getNotifications({ tag: tagOf(note.chatId) }))
    standing.close();
  await setBadge(note.badge);
}

/** Shows a chat in a window that is open, else in a new one. */
async function open(chatId: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const window = windows.find(({ focused }) => focused) ?? windows[0];
  if (!window) {
    await self.clients.openWindow(`/chat/${chatId}`);
    return;
  }
  window.postMessage({ openChat: chatId });
  await window.focus().catch(() => {});
}

async function setBadge(unread: number): Promise<void> {
  const { navigator } = self as unknown as { navigator: Navigator };
  try {
    if (unread > 0) await navigator.setAppBadge?.(unread);
    else await navigator.clearAppBadge?.();
  } catch {
    // Only installed clients have one.
  }
}

export {};
