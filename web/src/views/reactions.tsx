/** The reactions to a message. */

import type { TimelineItem } from "@chinwag/client";
import type { Conversation } from "../state/conversation";
import { toggleReaction } from "../state/message-actions";

/** Each reaction with its count; a press adds or takes back one's own. */
export function Reactions({ item, conversation }: { item: TimelineItem; conversation: Conversation }) {
  return (
    <div class="reactions">
      {item.message.reactions.map(({ key, count, mine }) => (
        <button
          key={key}
          type="button"
          class="reaction"
          aria-pressed={mine ?? false}
          aria-label={`${key}, ${count}`}
          onClick={() => toggleReaction(conversation, item, key)}
        >
          <span>{key}</span>
          <span class="reaction-count">{count}</span>
        </button>
      ))}
    </div>
  );
}
