/** Where one writes. */

import { bytes, type protocol } from "@chinwag/client";
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Conversation } from "../state/conversation";
import { act } from "../state/message-actions";
import { attempt, complain } from "../state/notices";
import { useSignedIn } from "../state/signed-in";
import { mentioned } from "../text/mentions";
import { preview } from "../text/plain";
import { chatName } from "./chat-name";
import { Icon, IconButton } from "./icon";
import { useMentions } from "./mention-list";
import { messageOf } from "./quote";

/** From here on the person is told how much room is left. */
const TELL_FROM = 0.8;

/** The composer of a chat. */
export function Composer({ conversation, chat }: { conversation: Conversation; chat: protocol.Chat }) {
  const signedIn = useSignedIn();
  const { drafts, client } = signedIn;
  const draft = drafts.of(chat.id);
  const edited = useSignal("");
  const area = useRef<HTMLTextAreaElement>(null);
  const editing = conversation.editing.value;
  const text = editing ? edited.value : draft.value.text;
  const put = (next: string) => {
    if (editing) edited.value = next;
    else {
      drafts.put(chat.id, { ...draft.peek(), text: next });
      if (next.trim() !== "") conversation.chat.typing();
    }
  };
  const mentions = useMentions(area, chat, put, (label, userId) => {
    drafts.put(chat.id, { ...draft.peek(), mentions: { ...draft.peek().mentions, [label]: userId } });
  });

  // Before anything can be typed into it.
  useLayoutEffect(() => {
    edited.value = editing?.message.content ?? "";
  }, [editing, edited]);
  useEffect(() => grow(area.current), [text]);
  // Once for each chat that is opened.
  useEffect(() => {
    // A keyboard on the screen would cover what one came to read.
    if (matchMedia("(pointer: fine)").matches && !conversation.highlighted.peek()) area.current?.focus();
  }, [conversation]);

  const size = bytes(text.trim());
  const most = client.limits.contentBytes;
  const cantSend = text.trim() === "" || size > most;
  const submit = () => {
    if (cantSend) return;
    if (editing) return change(conversation, text.trim());
    const { replyTo, mentions: labels = {} } = draft.peek();
    const users = mentioned(text, labels);
    try {
      conversation.send(text.trim(), {
        ...(replyTo && { replyTo }),
        ...(users.length > 0 && { mentions: users }),
      });
      drafts.put(chat.id, { text: "" });
    } catch (error) {
      complain(error);
    }
  };
  const press = (event: KeyboardEvent) => {
    if (event.isComposing || mentions.press(event)) return;
    if (event.key === "Enter" && !event.shiftKey && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") stop(conversation);
    else if (event.key === "ArrowUp" && text === "" && !editing && editLast(conversation))
      event.preventDefault();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <About conversation={conversation} replyTo={draft.value.replyTo} />
      {mentions.list}
      <div class="composer-line">
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={text}
          placeholder={`Write to ${chatName(signedIn, chat)}`}
          aria-label={editing ? "Change your message" : "Message"}
          enterkeyhint="send"
          {...mentions.attributes}
          onInput={(event) => {
            put(event.currentTarget.value);
            mentions.look();
          }}
          onKeyDown={press}
          onClick={mentions.look}
          onBlur={mentions.close}
        />
        <button
          type="submit"
          class="icon-button send"
          aria-label={editing ? "Save" : "Send"}
          title={editing ? "Save" : "Send"}
          disabled={cantSend}
        >
          <Icon name={editing ? "check" : "send"} />
        </button>
      </div>
      {size > most * TELL_FROM && (
        <p class={size > most ? "error" : "quiet"} role="status">
          {size > most
            ? `${bytesOf(size - most)} too long: please send it in parts.`
            : `${(most - size).toLocaleString()} of ${bytesOf(most)} left.`}
        </p>
      )}
    </form>
  );
}

/** What one is about to answer or to change. */
function About({ conversation, replyTo }: { conversation: Conversation; replyTo: string | undefined }) {
  const { people, userId } = conversation.signedIn;
  const editing = conversation.editing.value;
  const quoted = !editing && replyTo ? messageOf(replyTo, conversation) : undefined;
  if (!editing && !replyTo) return null;
  const message = quoted === "gone" ? undefined : quoted;
  const name = message && (message.senderId === userId ? "yourself" : people.name(message.senderId));
  return (
    <div class="about">
      <Icon name={editing ? "edit" : "reply"} />
      <span class="about-text">
        <strong>
          {editing ? (
            "Change your message"
          ) : (
            <>
              Answer to <bdi>{name ?? "a message"}</bdi>
            </>
          )}
        </strong>
        <span dir="auto">{preview((editing?.message ?? message)?.content ?? "")}</span>
      </span>
      <IconButton
        icon="close"
        label={editing ? "Don't change it" : "Don't answer it"}
        onClick={() => stop(conversation)}
      />
    </div>
  );
}

function stop(conversation: Conversation): void {
  if (conversation.editing.peek()) {
    conversation.editing.value = undefined;
    return;
  }
  const { drafts } = conversation.signedIn;
  const { replyTo: _, ...rest } = drafts.of(conversation.chatId).peek();
  drafts.put(conversation.chatId, rest);
}

function change(conversation: Conversation, content: string): void {
  const item = conversation.editing.peek();
  const id = item?.message.id;
  conversation.editing.value = undefined;
  if (!item || id === undefined || content === item.message.content) return;
  void attempt(() => conversation.chat.edit(id, content));
}

function editLast(conversation: Conversation): boolean {
  const last = conversation.items
    .peek()
    .findLast(({ mine, state, message }) => mine && state === "sent" && message.status !== "deleted");
  if (!last) return false;
  act("edit", conversation, last);
  return true;
}

function bytesOf(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? "byte" : "bytes"}`;
}

/** As high as what is written; the style says how high at most. */
function grow(area: HTMLTextAreaElement | null): void {
  if (!area || CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
