/** What can be done with a message. */

import type { protocol, TimelineItem } from "@chinwag/client";
import type { Conversation } from "./conversation";
import { attempt, notify } from "./notices";
import { addressOf } from "./route";

/** Something that can be done. */
export type Action =
  | "reply"
  | "react"
  | "edit"
  | "copy"
  | "link"
  | "readers"
  | "versions"
  | "unread"
  | "retry"
  | "discard"
  | "delete";

/** Keys that do something with the message that has the focus. */
const KEYS: Record<string, Action | "menu"> = {
  Enter: "menu",
  ContextMenu: "menu",
  r: "reply",
  "+": "react",
  e: "edit",
  c: "copy",
  u: "unread",
  Delete: "delete",
};

/** Returns what the person may do with a message. */
export function actionsOf(item: TimelineItem, role: protocol.Role, isGroup: boolean): Action[] {
  if (item.state === "failed") return ["retry", "copy", "discard"];
  if (item.state === "pending") return ["copy"];
  const { message, mine } = item;
  if (message.status === "deleted") return mine ? [] : ["unread"];
  const mayDelete = mine || (isGroup && role !== "member");
  return [
    "reply",
    "react",
    ...(mine ? (["edit"] as const) : []),
    "copy",
    "link",
    ...(mine ? (["readers"] as const) : (["unread"] as const)),
    ...(message.status === "edited" ? (["versions"] as const) : []),
    ...(mayDelete ? (["delete"] as const) : []),
  ];
}

/** Does something with a message; whether it is something that can be done with it. */
export function act(action: Action, conversation: Conversation, item: TimelineItem): void {
  const { chat, signedIn } = conversation;
  const { message } = item;
  switch (action) {
    case "reply":
      if (message.id === undefined) return;
      conversation.editing.value = undefined;
      signedIn.drafts.put(chat.id, { ...signedIn.drafts.of(chat.id).peek(), replyTo: message.id });
      return focusComposer();
    case "edit":
      conversation.editing.value = item;
      return focusComposer();
    case "copy":
      return copy(message.content, "Copied");
    case "link":
      if (message.id === undefined) return;
      return copy(
        location.origin + addressOf({ view: "chat", chatId: chat.id, messageId: message.id }),
        "Link copied: members of this chat can open it",
      );
    case "unread":
      if (message.id !== undefined) conversation.keepUnread(message.id);
      return;
    case "retry":
      item.outgoing?.retry();
      return;
    case "discard":
      return item.outgoing?.discard();
    case "react":
    case "readers":
    case "versions":
    case "delete":
      conversation.dialog.value = { kind: action, item };
  }
}

/** Does what a key means for a message; whether it means anything. */
export function actOn(
  key: string,
  conversation: Conversation,
  item: TimelineItem,
  row: HTMLElement,
): boolean {
  const action = KEYS[key];
  if (!action) return false;
  const info = conversation.chat.info;
  const allowed = actionsOf(item, info?.role ?? "member", info?.type === "group");
  if (allowed.length === 0) return false;
  if (action === "menu") {
    const { left, top } = row.getBoundingClientRect();
    conversation.menu.value = { item, left: left + 60, top: Math.max(0, top) };
    return true;
  }
  if (!allowed.includes(action)) return false;
  act(action, conversation, item);
  return true;
}

/** Puts a reaction on a message, or takes it off. */
export function toggleReaction(conversation: Conversation, item: TimelineItem, key: string): void {
  const { id, reactions } = item.message;
  if (id === undefined) return;
  const isMine = reactions.some((reaction) => reaction.key === key && reaction.mine);
  const { chat } = conversation;
  void attempt(() => (isMine ? chat.unreact(id, key) : chat.react(id, key)));
}

function copy(text: string, done: string): void {
  void attempt(async () => {
    await navigator.clipboard.writeText(text);
    notify(done);
  });
}

function focusComposer(): void {
  const focus = () => document.querySelector<HTMLElement>(".composer textarea")?.focus();
  // At once, since one types on; and again, since a menu that closes gives the focus back to where it was.
  focus();
  requestAnimationFrame(focus);
}
