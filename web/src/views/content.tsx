/** What a message says. */

import type { TimelineItem } from "@chinwag/client";
import { useMemo, useState } from "preact/hooks";
import type { Conversation } from "../state/conversation";
import type { SignedIn } from "../state/signed-in";
import { markdown } from "../text/markdown";
import { pieces } from "../text/mentions";
import { isFewEmoji } from "../text/plain";

/** Longer ones begin folded. */
const LONG_CHARACTERS = 2_500;
const LONG_LINES = 30;

/** The content of a message. */
export function Content({ item, conversation }: { item: TimelineItem; conversation: Conversation }) {
  const { content, status, mentions, deletedBy, senderId } = item.message;
  const { signedIn } = conversation;
  const labels = labelsOf(mentions, signedIn);
  const labelText = [...labels.keys()].join("\n");
  // The labels are the same where their text is.
  const elements = useMemo(
    () =>
      status === "deleted" ? null : markdown(content, (text) => withMentions(text, labels, signedIn.userId)),
    [content, status, labelText],
  );
  const isLong = content.length > LONG_CHARACTERS || content.split("\n").length > LONG_LINES;
  const [isFolded, setFolded] = useState(isLong);
  if (status === "deleted") {
    const byOther = deletedBy !== undefined && deletedBy !== senderId;
    return (
      <p class="deleted">{byOther ? `Deleted by ${signedIn.people.name(deletedBy)}` : "Message deleted"}</p>
    );
  }
  return (
    <>
      <div class={`content ${isFewEmoji(content) ? "few-emoji" : ""} ${isLong && isFolded ? "folded" : ""}`}>
        {elements}
      </div>
      {isLong && (
        <button type="button" class="link" aria-expanded={!isFolded} onClick={() => setFolded(!isFolded)}>
          {isFolded ? "Show all" : "Show less"}
        </button>
      )}
    </>
  );
}

/** Returns what may stand in a text for those whom it mentions. */
function labelsOf(mentions: readonly string[], { people }: SignedIn): Map<string, string> {
  return new Map(
    mentions.flatMap((id) => [
      [`@${id}`, id],
      [`@${people.name(id)}`, id],
    ]),
  );
}

function withMentions(text: string, labels: Map<string, string>, me: string) {
  return pieces(text, labels).map((piece) =>
    piece.userId === undefined ? (
      piece.text
    ) : (
      <span class={`mention ${piece.userId === me ? "me" : ""}`} title={`@${piece.userId}`}>
        {piece.text}
      </span>
    ),
  );
}
