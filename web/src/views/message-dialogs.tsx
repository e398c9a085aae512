/** What is asked about a message, in a dialog. */

import type { protocol, TimelineItem } from "@chinwag/client";
import { useEffect, useState } from "preact/hooks";
import type { Conversation } from "../state/conversation";
import { toggleReaction } from "../state/message-actions";
import { attempt } from "../state/notices";
import { fullTime } from "../text/time";
import { Avatar } from "./avatar";
import { Confirm, Dialog } from "./dialog";
import { EmojiDialog } from "./emoji-dialog";
import { Failed } from "./failed";

/** The dialog that is open, if one is. */
export function MessageDialogs({ conversation, chat }: { conversation: Conversation; chat: protocol.Chat }) {
  const dialog = conversation.dialog.value;
  const close = () => {
    conversation.dialog.value = undefined;
  };
  if (!dialog) return null;
  const { kind, item } = dialog;
  const id = item.message.id;
  if (id === undefined) return null;
  switch (kind) {
    case "react":
      return (
        <EmojiDialog
          title="React"
          onClose={close}
          onChoose={(emoji) => {
            close();
            toggleReaction(conversation, item, emoji);
          }}
        />
      );
    case "delete":
      return (
        <Confirm
          title="Delete this message?"
          text="Its text goes away for everybody in this chat, and can't be brought back."
          action="Delete"
          onConfirm={() => void attempt(() => conversation.chat.delete(id))}
          onClose={close}
        />
      );
    case "readers":
      return <Readers id={id} chat={chat} conversation={conversation} onClose={close} />;
    case "versions":
      return <Versions item={item} conversation={conversation} onClose={close} />;
  }
}

function Readers(properties: {
  id: protocol.EventId;
  chat: protocol.Chat;
  conversation: Conversation;
  onClose: () => void;
}) {
  const { id, chat, conversation, onClose } = properties;
  const reach = conversation.receipts.value?.of(id);
  const others = chat.memberCount - 1;
  const delivered = reach?.deliveredTo.filter((userId) => !reach.readBy.includes(userId)) ?? [];
  const isNamed = reach && reach.readBy.length === reach.read;
  return (
    <Dialog title="Who has read it" onClose={onClose}>
      {!reach && <p class="quiet">This isn't known just now. It comes with the connection.</p>}
      {reach && !isNamed && (
        <p>
          Read by {reach.read.toLocaleString()} of {others.toLocaleString()}, delivered to{" "}
          {reach.delivered.toLocaleString()}. In groups of more than 100 members nobody is named.
        </p>
      )}
      {reach && isNamed && (
        <>
          <People
            title={`Read by ${reach.read} of ${others}`}
            userIds={reach.readBy}
            conversation={conversation}
          />
          <People
            title={`Delivered to ${delivered.length} more`}
            userIds={delivered}
            conversation={conversation}
          />
        </>
      )}
    </Dialog>
  );
}

function People({
  title,
  userIds,
  conversation,
}: {
  title: string;
  userIds: string[];
  conversation: Conversation;
}) {
  const { people } = conversation.signedIn;
  return (
    <section>
      <h3>{title}</h3>
      <ul class="people">
        {userIds.map((userId) => (
          <li key={userId} class="person">
            <Avatar id={userId} name={people.name(userId)} />
            <span class="person-name">
              <bdi>{people.name(userId)}</bdi>
              <small class="quiet">@{userId}</small>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Versions(properties: { item: TimelineItem; conversation: Conversation; onClose: () => void }) {
  const { item, conversation, onClose } = properties;
  const [versions, setVersions] = useState<protocol.Version[]>();
  const [error, setError] = useState<unknown>();
  const read = () => {
    setError(undefined);
    conversation.chat.versions(item.message.id ?? "").then(setVersions, setError);
  };
  useEffect(read, [conversation, item]);
  return (
    <Dialog title="Versions of this message" onClose={onClose}>
      {error !== undefined && <Failed error={error} onRetry={read} />}
      <ol class="versions">
        {versions?.map(({ content, timestamp }) => (
          <li key={timestamp}>
            <time dateTime={timestamp} class="quiet">
              {fullTime(timestamp)}
            </time>
            <p dir="auto">{content}</p>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
