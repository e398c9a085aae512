/** What a client tells an app. */

import type { ConnectionState, TypingState } from "../driver/messages.js";
import type { ChinwagError } from "../errors.js";
import type {
  ChatEvent,
  ChatId,
  Chat as ChatShape,
  LogFrame,
  MembershipEvent,
  Message,
  Presence,
  ReactionEvent,
  ReceiptFrame,
} from "../protocol/index.js";
import type { ChatList } from "./chat-list.js";
import type { Emitter } from "./emitter.js";
import type { Outgoing } from "./outgoing.js";

/** Every event and what it carries. */
export interface ClientEvents {
  /** The connection came, went, or ended for good (`closed`, with why). */
  state: { state: ConnectionState; error?: ChinwagError };
  /** The list of chats changed: order, heads, counts, names. */
  chats: ChatList;
  /** One chat changed. */
  chat: { chatId: ChatId; chat: ChatShape };
  /** The user is no longer in a chat, or it is gone. */
  left: { chatId: ChatId };
  /** A message came: once, in order. */
  message: { chatId: ChatId; message: Message };
  edited: { chatId: ChatId; message: Message };
  deleted: { chatId: ChatId; message: Message };
  reaction: { chatId: ChatId; event: ReactionEvent };
  membership: { chatId: ChatId; event: MembershipEvent };
  /** A chat was renamed, changed or deleted. */
  changed: { chatId: ChatId; event: ChatEvent };
  /** Too much was missed in a chat to tell event by event; timelines read it again by themselves. */
  restart: { chatId: ChatId };
  /** A message of the user's waits, was sent, or was refused. */
  outgoing: { chatId: ChatId; outgoing: Outgoing };
  receipt: ReceiptFrame;
  /** Who is typing in a chat changed; ends by itself. */
  typing: TypingState;
  /** A watched user came or went. */
  presence: Presence;
  /** Something went wrong that no request waits for, such as no room to keep the outbox. */
  error: ChinwagError;
}

/** Tells what a frame of a chat's log says; nothing of a place that says nothing. */
export function emitFrame(emitter: Emitter<ClientEvents>, frame: LogFrame): void {
  const { chatId } = frame;
  switch (frame.type) {
    case "message":
      return emitter.emit("message", { chatId, message: frame.message });
    case "messageEdited":
      return emitter.emit("edited", { chatId, message: frame.message });
    case "messageDeleted":
      return emitter.emit("deleted", { chatId, message: frame.message });
    case "reaction":
      return emitter.emit("reaction", { chatId, event: frame.event as ReactionEvent });
    case "membership":
      return emitter.emit("membership", { chatId, event: frame.event as MembershipEvent });
    case "chat":
      return emitter.emit("changed", { chatId, event: frame.event });
  }
}
