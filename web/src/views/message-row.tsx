/** A message in a history. */

import type { protocol, TimelineItem } from "@chinwag/client";
import { useState } from "preact/hooks";
import type { Conversation } from "../state/conversation";
import { act, actionsOf } from "../state/message-actions";
import { sentence } from "../state/problem";
import { fullTime, timeOf } from "../text/time";
import { Avatar } from "./avatar";
import { Content } from "./content";
import { Icon, IconButton } from "./icon";
import { memo } from "./memo";
import { Quote } from "./quote";
import { Reactions } from "./reactions";
import { Ticks } from "./ticks";

interface Properties {
  item: TimelineItem;
  /** Whether it begins, or ends, what its sender says in one go. */
  isFirst: boolean;
  isLast: boolean;
  isGroup: boolean;
  role: protocol.Role;
  /** Members besides the person. */
  others: number;
  conversation: Conversation;
}

/** A message. */
export const MessageRow = memo(function MessageRow(properties: Properties) {
  const { item, isFirst, isLast, isGroup, conversation } = properties;
  const { message, mine, state } = item;
  const [isActive, setActive] = useState(false);
  const { people } = conversation.signedIn;
  const name = mine ? "You" : people.name(message.senderId);
  const isHighlighted = message.id !== undefined && conversation.highlighted.value === message.id;
  const classes = [
    "message",
    mine ? "mine" : "theirs",
    state,
    isFirst && "first",
    isLast && "last",
    isHighlighted && "highlighted",
  ];
  return (
    <li
      class={classes.filter(Boolean).join(" ")}
      data-key={item.key}
      data-message={message.id ?? ""}
      tabIndex={-1}
      onPointerEnter={(event) => event.pointerType === "mouse" && setActive(true)}
      onPointerLeave={() => setActive(false)}
      onFocusIn={() => setActive(true)}
      onFocusOut={(event) =>
        setActive((event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null))
      }
      onContextMenu={(event) => openMenu(event, properties)}
    >
      {isGroup && !mine && (
        <span class="message-avatar">{isLast && <Avatar id={message.senderId} name={name} />}</span>
      )}
      <div class="message-column">
        <div class="bubble" onClick={(event) => tapped(event, properties)}>
          {isFirst && isGroup && !mine ? (
            <span class="sender" title={`@${message.senderId}`}>
              <bdi>{name}</bdi>
            </span>
          ) : (
            <span class="hidden">{name}: </span>
          )}
          {message.replyTo && <Quote id={message.replyTo} conversation={conversation} />}
          <Content item={item} conversation={conversation} />
          <span class="meta">
            {message.status === "edited" && <span>edited</span>}
            <time dateTime={message.timestamp} title={fullTime(message.timestamp)}>
              {timeOf(message.timestamp)}
            </time>
            {mine && <Ticks item={item} others={properties.others} conversation={conversation} />}
          </span>
        </div>
        {message.reactions.length > 0 && <Reactions item={item} conversation={conversation} />}
        {state === "failed" && <Failed item={item} conversation={conversation} />}
      </div>
      {isActive && state === "sent" && message.status !== "deleted" && <Tools {...properties} />}
    </li>
  );
});

/** What is done most, beside the message. */
function Tools({ item, conversation }: Properties) {
  return (
    <div class="tools">
      <IconButton icon="emoji" label="React" onClick={() => act("react", conversation, item)} />
      <IconButton icon="reply" label="Reply" onClick={() => act("reply", conversation, item)} />
      <IconButton
        icon="more"
        label="More actions"
        expanded={conversation.menu.value?.item.key === item.key}
        onClick={(event) => {
          const { left, bottom } = (event.currentTarget as HTMLElement).getBoundingClientRect();
          conversation.menu.value = { item, left, top: bottom + 4 };
        }}
      />
    </div>
  );
}

function Failed({ item, conversation }: { item: TimelineItem; conversation: Conversation }) {
  return (
    <div class="failed-line" role="alert">
      <Icon name="alert" />
      <span>Not sent. {item.outgoing?.error && sentence(item.outgoing.error)}</span>
      <button type="button" class="link" onClick={() => act("retry", conversation, item)}>
        Try again
      </button>
      <button type="button" class="link" onClick={() => act("discard", conversation, item)}>
        Discard
      </button>
    </div>
  );
}

/** On a phone a tap shows what can be done; a link is followed, a selection kept. */
function tapped(event: MouseEvent, properties: Properties): void {
  if (!matchMedia("(pointer: coarse)").matches) return;
  const isOther = (event.target as HTMLElement).closest("a, button, pre, summary");
  if (!isOther && !getSelection()?.toString()) openMenu(event, properties);
}

function openMenu(event: MouseEvent, { item, conversation, role, isGroup }: Properties): void {
  if ((event.target as HTMLElement).closest("a") || getSelection()?.toString()) return;
  if (actionsOf(item, role, isGroup).length === 0) return;
  event.preventDefault();
  conversation.menu.value = { item, left: event.clientX, top: event.clientY };
}
