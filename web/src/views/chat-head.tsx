/** A chat's head: who, whether they are there, what can be done. */

import type { protocol } from "@chinwag/client";
import { back, go } from "../state/route";
import { type SignedIn, useSignedIn } from "../state/signed-in";
import { ago } from "../text/time";
import { Avatar, PresenceDot } from "./avatar";
import { chatName, otherOf } from "./chat-name";
import { IconButton } from "./icon";

/** The head. */
export function ChatHead({ chat }: { chat: protocol.Chat }) {
  const signedIn = useSignedIn();
  const name = chatName(signedIn, chat);
  const other = otherOf(signedIn, chat);
  return (
    <header class="pane-head chat-head">
      <IconButton class="only-narrow" icon="back" label="Back to the chats" onClick={() => back()} />
      <button
        type="button"
        class="chat-head-name"
        onClick={() => go({ view: "chat", chatId: chat.id, details: true })}
        title="About this chat"
      >
        <span class="avatar-place">
          <Avatar id={other ?? chat.id} name={name} isGroup={chat.type === "group"} />
          {other !== undefined && <PresenceDot userId={other} />}
        </span>
        <span class="chat-head-text">
          <bdi class="chat-head-title">{name}</bdi>
          <Subtitle chat={chat} signedIn={signedIn} other={other} />
        </span>
      </button>
      <span class="spring" />
      <IconButton
        icon="search"
        label="Search in this chat"
        onClick={() => go({ view: "search", chatId: chat.id })}
      />
      <IconButton
        icon="info"
        label="About this chat"
        onClick={() => go({ view: "chat", chatId: chat.id, details: true })}
      />
    </header>
  );
}

function Subtitle(properties: { chat: protocol.Chat; signedIn: SignedIn; other: string | undefined }) {
  const { chat, signedIn, other } = properties;
  const typing = signedIn.typing(chat.id).value;
  if (typing.count > 0)
    return <span class="quiet typing">{typers(typing.userIds, typing.count, chat, signedIn)}</span>;
  if (other === undefined) {
    const count = chat.memberCount;
    return <span class="quiet">{count === 1 ? "Only you" : `${count.toLocaleString()} members`}</span>;
  }
  const presence = signedIn.presence(other);
  if (presence?.status === "online") return <span class="quiet">online</span>;
  if (presence?.lastSeen) return <span class="quiet">last seen {ago(presence.lastSeen)}</span>;
  return <span class="quiet">@{other}</span>;
}

/** Says who is typing. */
function typers(userIds: readonly string[], count: number, chat: protocol.Chat, signedIn: SignedIn): string {
  if (chat.type === "direct") return "typing…";
  const names = userIds.map((id) => signedIn.people.name(id));
  if (names.length === 1 && count === 1) return `${names[0]} is typing…`;
  if (names.length === 2 && count === 2) return `${names[0]} and ${names[1]} are typing…`;
  return `${count} people are typing…`;
}
