/** What to call a chat, and how it stands. */

import type { protocol } from "@chinwag/client";
import type { SignedIn } from "../state/signed-in";

/** Returns the other member of a direct chat. */
export function otherOf(signedIn: SignedIn, chat: protocol.Chat): protocol.UserId | undefined {
  if (chat.type !== "direct") return undefined;
  return chat.members?.find(({ userId }) => userId !== signedIn.userId)?.userId;
}

/** Returns a chat's name: a group's own, else that of the other one. */
export function chatName(signedIn: SignedIn, chat: protocol.Chat): string {
  if (chat.type === "group") return chat.name || "Group without a name";
  const other = otherOf(signedIn, chat);
  return other === undefined ? "Somebody who left" : signedIn.people.name(other);
}

/** Whether the person wants to hear nothing of a chat just now. */
export function isMuted(chat: protocol.Chat): boolean {
  return chat.mutedUntil !== undefined && Date.parse(chat.mutedUntil) > Date.now();
}
