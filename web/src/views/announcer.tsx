/** Tells a screen reader of messages that come while a chat is open; loading older ones says nothing. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Conversation } from "../state/conversation";
import { preview } from "../text/plain";

/** A text that only screen readers get. */
export function Announcer({ conversation }: { conversation: Conversation }) {
  const said = useSignal("");
  useEffect(() => {
    const { chat, signedIn } = conversation;
    return chat.on("message", ({ message }) => {
      if (message.senderId === signedIn.userId) return;
      said.value = `${signedIn.people.user(message.senderId).peek().name ?? message.senderId}: ${preview(message.content)}`;
    });
  }, [conversation, said]);
  return (
    <p class="hidden" aria-live="polite">
      {said.value}
    </p>
  );
}
