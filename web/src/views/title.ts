/** The title of the page: which chat, and how much is unread. */

import { useSignalEffect } from "@preact/signals";
import { route } from "../state/route";
import { useSignedIn } from "../state/signed-in";
import { chatName, isMuted } from "./chat-name";

/** Keeps the title, and the badge of the installed client, up to date. */
export function useTitle(): void {
  const signedIn = useSignedIn();
  useSignalEffect(() => {
    const heard = signedIn.chats.value.filter((chat) => !isMuted(chat));
    const unread = heard.reduce((sum, chat) => sum + chat.unread, 0);
    const now = route.value;
    const chat = now.view === "chat" ? signedIn.chat(now.chatId) : undefined;
    const name = chat ? `${chatName(signedIn, chat)} · Chinwag` : "Chinwag";
    document.title = unread > 0 ? `(${unread > 999 ? "999+" : unread}) ${name}` : name;
    void setBadge(unread);
  });
}

async function setBadge(unread: number): Promise<void> {
  try {
    if (unread > 0) await navigator.setAppBadge?.(unread);
    else await navigator.clearAppBadge?.();
  } catch {
    // Only installed clients have one.
  }
}
