/** A chat in the list: who, the last message, what is unread. */

import type { protocol } from "@chinwag/client";
import { addressOf, go } from "../state/route";
import { type SignedIn, useSignedIn } from "../state/signed-in";
import { preview } from "../text/plain";
import { fullTime, shortTime } from "../text/time";
import { Avatar, PresenceDot } from "./avatar";
import { chatName, isMuted, otherOf } from "./chat-name";
import { Icon } from "./icon";
import { memo } from "./memo";

/** A row. */
export const ChatRow = memo(function ChatRow({ chat, isOpen }: { chat: protocol.Chat; isOpen: boolean }) {
  const signedIn = useSignedIn();
  const name = chatName(signedIn, chat);
  const other = otherOf(signedIn, chat);
  const { lastMessage } = chat.head;
  const muted = isMuted(chat);
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go({ view: "chat", chatId: chat.id });
  };
  return (
    <li>
      <a
        href={addressOf({ view: "chat", chatId: chat.id })}
        class={`chat-row ${isOpen ? "open" : ""} ${chat.unread > 0 ? "unread" : ""}`}
        onClick={follow}
        {...(isOpen && { "aria-current": "page" as const })}
      >
        <span class="avatar-place">
          <Avatar id={other ?? chat.id} name={name} isGroup={chat.type === "group"} />
          {other !== undefined && <PresenceDot userId={other} />}
        </span>
        <span class="chat-row-main">
          <span class="chat-row-line">
            <bdi class="chat-row-name">{name}</bdi>
            {muted && (
              <span class="quiet" title="Muted" role="img" aria-label="muted">
                <Icon name="muted" />
              </span>
            )}
            {lastMessage && (
              <time dateTime={lastMessage.timestamp} title={fullTime(lastMessage.timestamp)}>
                {shortTime(lastMessage.timestamp)}
              </time>
            )}
          </span>
          <span class="chat-row-line">
            <Preview chat={chat} signedIn={signedIn} />
            {chat.mentions > 0 && (
              <span class="badge mention" title="You are mentioned" role="img" aria-label="You are mentioned">
                @
              </span>
            )}
            {chat.unread > 0 && <Unread chat={chat} muted={muted} />}
          </span>
        </span>
      </a>
    </li>
  );
});

function Unread({ chat, muted }: { chat: protocol.Chat; muted: boolean }) {
  const count = chat.unread > 999 ? "999+" : `${chat.unread}${chat.unreadCapped ? "+" : ""}`;
  return (
    <span class={`badge ${muted ? "muted" : ""}`}>
      {count}
      <span class="hidden"> unread</span>
    </span>
  );
}

function Preview({ chat, signedIn }: { chat: protocol.Chat; signedIn: SignedIn }) {
  const typing = signedIn.typing(chat.id).value;
  if (typing.count > 0)
    return <span class="chat-row-preview typing">{typingIn(chat, typing.userIds, signedIn)}</span>;
  const draft = signedIn.drafts.of(chat.id).value.text.trim();
  if (draft !== "") {
    return (
      <span class="chat-row-preview">
        <span class="draft">Draft: </span>
        <bdi>{preview(draft)}</bdi>
      </span>
    );
  }
  const message = chat.head.lastMessage;
  if (!message) return <span class="chat-row-preview quiet">No messages yet</span>;
  const isMine = message.senderId === signedIn.userId;
  const isDeleted = message.status === "deleted";
  // A name and a text may each run the other way.
  return (
    <span class={`chat-row-preview ${isDeleted ? "quiet" : ""}`}>
      {isMine && "You: "}
      {!isMine && chat.type === "group" && (
        <>
          <bdi>{signedIn.people.name(message.senderId)}</bdi>:{" "}
        </>
      )}
      <bdi>{isDeleted ? "Message deleted" : preview(message.content)}</bdi>
    </span>
  );
}

function typingIn(chat: protocol.Chat, userIds: readonly protocol.UserId[], signedIn: SignedIn): string {
  const first = userIds[0];
  if (chat.type === "direct" || first === undefined) return "typing…";
  return userIds.length === 1 ? `${signedIn.people.name(first)} is typing…` : "Several people are typing…";
}
