/** The messages of a chat, to scroll through both ways without an end. */

import type { protocol } from "@chinwag/client";
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { Component, type ComponentChildren, type RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type Conversation, isAttentive } from "../state/conversation";
import { sentence } from "../state/problem";
import { type Row, rowsOf } from "../state/rows";
import { dayName, fullTime } from "../text/time";
import { Announcer } from "./announcer";
import { Icon } from "./icon";
import { MessageRow } from "./message-row";
import { Scroller } from "./scroller";
import { enterMessages, walkMessages } from "./walk";

/** More is loaded when so many screens are left. */
const AHEAD = 1.5;

/** The history of a conversation. */
export function History({ conversation, chat }: { conversation: Conversation; chat: protocol.Chat }) {
  const { isReady, failure } = conversation;
  if (failure.value !== undefined) return <Failure conversation={conversation} />;
  if (!isReady.value) return <Loading />;
  return <Messages conversation={conversation} chat={chat} />;
}

function Messages({ conversation, chat }: { conversation: Conversation; chat: protocol.Chat }) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const scroller = useRef<Scroller>(null);
  const isAway = useSignal(false);
  const rows = useComputed(() => rowsOf(conversation.items.value, conversation.newAfter.value));
  const settle = () => {
    const now = scroller.current;
    if (!now) return;
    isAway.value = !now.isAtEnd;
    loadMore(conversation, now.box);
    markSeen(conversation, now);
  };

  useLayoutEffect(() => {
    if (!box.current || !list.current) return;
    const made = new Scroller(box.current, list.current, () => !conversation.timeline.hasNewer);
    scroller.current = made;
    const observer = new ResizeObserver(() => made.restore());
    observer.observe(box.current);
    observer.observe(list.current);
    return () => observer.disconnect();
  }, [conversation]);

  useSignalEffect(() => {
    const { target } = conversation;
    // Once the rows that it needs are there.
    if (!target.value || rows.value.length === 0) return;
    requestAnimationFrame(() => {
      approach(conversation, scroller.current);
      settle();
    });
  });

  // `settle` only looks at what is there when it runs.
  useEffect(() => {
    const look = () => scroller.current && markSeen(conversation, scroller.current);
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    settle();
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [conversation]);

  const scrolled = () => {
    scroller.current?.remember();
    settle();
  };
  return (
    <div class="history-place">
      <div
        class="history"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label="Conversation"
        onScroll={scrolled}
        onKeyDown={(event) => scroller.current && enterMessages(event, scroller.current)}
      >
        {rows.value.length === 0 && <NoMessages />}
        <Steady scroller={scroller} onUpdate={settle}>
          <ol
            ref={list}
            class="messages"
            aria-label="Messages"
            onKeyDown={(event) => walkMessages(event, conversation)}
          >
            {rows.value.map((row) => (
              <RowView key={row.key} row={row} conversation={conversation} chat={chat} />
            ))}
          </ol>
        </Steady>
      </div>
      <ToEnd conversation={conversation} chat={chat} isAway={isAway.value} />
      <Announcer conversation={conversation} />
    </div>
  );
}

/** Keeps the place over each change of the rows. */
class Steady extends Component<{
  scroller: RefObject<Scroller | null>;
  onUpdate: () => void;
  children: ComponentChildren;
}> {
  override getSnapshotBeforeUpdate(): null {
    this.props.scroller.current?.remember();
    return null;
  }

  override componentDidUpdate(): void {
    this.props.scroller.current?.restore();
    this.props.onUpdate();
  }

  override render() {
    return this.props.children;
  }
}

function RowView({ row, conversation, chat }: { row: Row; conversation: Conversation; chat: protocol.Chat }) {
  switch (row.kind) {
    case "day":
      return (
        <li class="day-line" data-key={row.key}>
          <time dateTime={row.timestamp} title={fullTime(row.timestamp)}>
            {dayName(row.timestamp)}
          </time>
        </li>
      );
    case "new":
      return (
        <li class="new-line" data-key={row.key}>
          <span>New</span>
        </li>
      );
    case "message":
      return (
        <MessageRow
          item={row.item}
          isFirst={row.isFirst}
          isLast={row.isLast}
          isGroup={chat.type === "group"}
          role={chat.role}
          others={chat.memberCount - 1}
          conversation={conversation}
        />
      );
  }
}

function ToEnd(properties: { conversation: Conversation; chat: protocol.Chat; isAway: boolean }) {
  const { conversation, chat, isAway } = properties;
  if (!isAway) return null;
  const unread = chat.unread > 0 ? `, ${chat.unread} unread` : "";
  return (
    <button
      type="button"
      class="to-end"
      aria-label={`To the latest messages${unread}`}
      title="To the latest messages"
      onClick={() => void conversation.showEnd()}
    >
      <Icon name="down" />
      {chat.unread > 0 && <span class="badge">{chat.unread > 999 ? "999+" : chat.unread}</span>}
    </button>
  );
}

/** Goes where the conversation wants to be, if that is there. */
function approach(conversation: Conversation, scroller: Scroller | null): void {
  const target = conversation.target.peek();
  if (!target || !scroller) return;
  const { to } = target;
  conversation.target.value = undefined;
  if (to === "end") return scroller.toEnd();
  if (to === "new") {
    const line = scroller.find("new");
    return line ? scroller.toRow(line, 0.25) : scroller.toEnd();
  }
  const item = conversation.items.peek().find(({ message }) => message.id === to.messageId);
  const row = item && scroller.find(item.key);
  if (!row) return;
  scroller.toRow(row, 0.4);
  row.focus({ preventScroll: true });
}

function loadMore({ timeline }: Conversation, box: HTMLElement): void {
  const ahead = box.clientHeight * AHEAD;
  // What goes wrong is tried again at the next step; the banner says that there is no connection.
  if (timeline.hasOlder && box.scrollTop < ahead) timeline.loadOlder().catch(() => {});
  const below = box.scrollHeight - box.scrollTop - box.clientHeight;
  if (timeline.hasNewer && below < ahead) timeline.loadNewer().catch(() => {});
}

/** What is on the screen of who looks at it is read. */
function markSeen(conversation: Conversation, scroller: Scroller): void {
  if (!isAttentive() || conversation.target.peek()) return;
  const bottom = scroller.box.getBoundingClientRect().bottom;
  const rows = scroller.visible().filter((row) => row.dataset.message);
  const whole = rows.filter((row) => row.getBoundingClientRect().bottom <= bottom + 2);
  const last = (whole.at(-1) ?? rows[0])?.dataset.message;
  if (last) conversation.seen(last);
}

function NoMessages() {
  return (
    <div class="empty">
      <Icon name="chat" />
      <h2>Nothing here yet</h2>
      <p>Say hello.</p>
    </div>
  );
}

function Loading() {
  return (
    <div class="history-place" role="status" aria-label="Loading messages">
      <div class="skeletons messages-skeleton">
        {[60, 40, 70, 30, 55, 45].map((width, index) => (
          <span key={width} class={index % 3 === 2 ? "mine" : ""} />
        ))}
      </div>
    </div>
  );
}

function Failure({ conversation }: { conversation: Conversation }) {
  return (
    <div class="history-place">
      <div class="empty">
        <Icon name="alert" />
        <h2>The messages can't be shown</h2>
        <p>{sentence(conversation.failure.value)}</p>
        <button type="button" class="primary" onClick={() => conversation.retry()}>
          Try again
        </button>
      </div>
    </div>
  );
}
