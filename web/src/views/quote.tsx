/** The message that another one answers. */

import type { protocol } from "@chinwag/client";
import type { Conversation } from "../state/conversation";
import type { Quoted } from "../state/quotes";
import { preview } from "../text/plain";

/** A quote that leads to its message. */
export function Quote({ id, conversation }: { id: protocol.EventId; conversation: Conversation }) {
  const { people, userId } = conversation.signedIn;
  const quoted = messageOf(id, conversation);
  if (quoted === undefined) return <span class="quote quiet">…</span>;
  if (quoted === "gone") return <span class="quote quiet">A message that you can't see</span>;
  const name = quoted.senderId === userId ? "You" : people.name(quoted.senderId);
  return (
    <button type="button" class="quote" title="Show this message" onClick={() => void conversation.show(id)}>
      <span class="quote-name">
        <bdi>{name}</bdi>
      </span>
      <span class="quote-text" dir="auto">
        {quoted.status === "deleted" ? "Message deleted" : preview(quoted.content)}
      </span>
    </button>
  );
}

/** Returns an answered message: the one on the screen, else as it is read. */
export function messageOf(id: protocol.EventId, conversation: Conversation): Quoted {
  const here = conversation.items.value.find(({ message }) => message.id === id);
  return here ? (here.message as protocol.Message) : conversation.quotes.of(id).value;
}
