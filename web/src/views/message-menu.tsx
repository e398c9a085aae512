/** The menu of a message: a few reactions, and everything that can be done with it. */

import type { protocol } from "@chinwag/client";
import { useLayoutEffect } from "preact/hooks";
import type { Conversation, MessageMenu as Menu } from "../state/conversation";
import { type Action, act, actionsOf, toggleReaction } from "../state/message-actions";
import { outside, useModal } from "./dialog";
import { Icon, IconButton, type IconName } from "./icon";

/** What people react with most. */
export const USUAL_REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "😢"];

const LABELS: Record<Action, [IconName, string]> = {
  reply: ["reply", "Reply"],
  react: ["emoji", "React"],
  edit: ["edit", "Change"],
  copy: ["copy", "Copy text"],
  link: ["link", "Copy link"],
  readers: ["check", "Who has read it"],
  versions: ["wait", "Earlier versions"],
  unread: ["unread", "Mark as unread"],
  retry: ["retry", "Try again"],
  discard: ["delete", "Discard"],
  delete: ["delete", "Delete"],
};
/** Kept between the menu and the edge of the window. */
const EDGE = 8;

/** The menu that is open, if one is. */
export function MessageMenu({ conversation, chat }: { conversation: Conversation; chat: protocol.Chat }) {
  const menu = conversation.menu.value;
  return menu ? <Open key={menu.item.key} menu={menu} conversation={conversation} chat={chat} /> : null;
}

function Open({ menu, conversation, chat }: { menu: Menu; conversation: Conversation; chat: protocol.Chat }) {
  const close = () => {
    conversation.menu.value = undefined;
  };
  const dialog = useModal(close);
  useLayoutEffect(() => place(dialog.current, menu), [dialog, menu]);
  const { item } = menu;
  const actions = actionsOf(item, chat.role, chat.type === "group");
  const canReact = actions.includes("react");
  return (
    <dialog ref={dialog} class="menu" aria-label="Message" onClick={outside(close)} onKeyDown={walk}>
      {canReact && (
        <div class="menu-reactions">
          {USUAL_REACTIONS.map((key) => (
            <button
              key={key}
              type="button"
              class="reaction-choice"
              aria-label={`React with ${key}`}
              onClick={() => {
                close();
                toggleReaction(conversation, item, key);
              }}
            >
              {key}
            </button>
          ))}
          <IconButton
            icon="add"
            label="Other reactions"
            onClick={() => {
              close();
              act("react", conversation, item);
            }}
          />
        </div>
      )}
      {actions
        .filter((action) => action !== "react")
        .map((action) => (
          <button
            key={action}
            type="button"
            class={`menu-item ${action === "delete" || action === "discard" ? "danger" : ""}`}
            onClick={() => {
              close();
              act(action, conversation, item);
            }}
          >
            <Icon name={LABELS[action][0]} />
            {LABELS[action][1]}
          </button>
        ))}
    </dialog>
  );
}

/** Beside where it was asked for, within the window; on a phone the style puts it at the foot. */
function place(dialog: HTMLDialogElement | null, { left, top }: Menu): void {
  if (!dialog || matchMedia("(max-width: 720px)").matches) return;
  const { offsetWidth, offsetHeight } = dialog;
  dialog.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - offsetWidth - EDGE))}px`;
  dialog.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - offsetHeight - EDGE))}px`;
}

/** Up and down between what can be done. */
function walk(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll("button")];
  const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[(now + step + buttons.length) % buttons.length]?.focus();
}
