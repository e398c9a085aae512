/** The keyboard in a history: from message to message, and what can be done with one. */

import type { Conversation } from "../state/conversation";
import { actOn } from "../state/message-actions";
import type { Scroller } from "./scroller";

/** Takes a key that was pressed on a history itself: up and down lead to the message that was read last. */
export function enterMessages(event: KeyboardEvent, scroller: Scroller): void {
  if (event.target !== event.currentTarget || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const last = scroller.visible().findLast((row) => row.dataset.message !== undefined);
  if (!last) return;
  event.preventDefault();
  last.focus();
}

/** Takes a key that was pressed in a list of messages. */
export function walkMessages(event: KeyboardEvent, conversation: Conversation): void {
  const row = (event.target as HTMLElement).closest<HTMLElement>("li[data-message]");
  // Keys of buttons and menus within a row are theirs.
  if (!row || event.target !== row || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    return step(row, event.key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling");
  }
  const item = conversation.items.peek().find(({ key }) => key === row.dataset.key);
  if (!item) return;
  if (actOn(event.key, conversation, item, row)) event.preventDefault();
}

function step(row: HTMLElement, way: "previousElementSibling" | "nextElementSibling"): void {
  let next = row[way] as HTMLElement | null;
  while (next && next.dataset.message === undefined) next = next[way] as HTMLElement | null;
  next?.focus();
  if (!next && way === "nextElementSibling")
    document.querySelector<HTMLElement>(".composer textarea")?.focus();
}
