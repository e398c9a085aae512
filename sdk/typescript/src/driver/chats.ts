/** The user's chats as they are now: their heads, counts and marks, kept up with the log. */

import { changed } from "../apply.js";
import { compareIds } from "../ids.js";
import type {
  Chat,
  ChatEvent,
  ChatId,
  LogFrame,
  MembershipEvent,
  Message,
  MessageId,
  UserId,
} from "../protocol/index.js";
import type { Mark } from "./messages.js";

/** Frames kept of a chat, to count again what is newer than a snapshot. */
const RECENT = 20;

interface Known {
  chat: Chat;
  /** The latest frames counted, rising. */
  recent: LogFrame[];
}

/** What became of a chat. */
export interface Change {
  /** The chat as it is now. */
  chat: Chat;
  /** Whether only the server can tell its counts or members: read the chat. */
  uncertain: boolean;
}

/** The chats of one user. */
export class Chats {
  readonly #chats = new Map<ChatId, Known>();

  constructor(private readonly me: UserId) {}

  /** Every chat. */
  get all(): Chat[] {
    return [...this.#chats.values()].map(({ chat }) => chat);
  }

  /** Returns a chat. */
  get(chatId: ChatId): Chat | undefined {
    return this.#chats.get(chatId)?.chat;
  }

  /** Takes a chat as the server counted it at the chat's head; what came since is counted again. */
  snapshot(chat: Chat, pendingRead: Mark | undefined): Change {
    const known = this.#chats.get(chat.id);
    const recent =
      known?.chat.epoch === chat.epoch ? known.recent.filter(({ seq }) => seq > chat.head.seq) : [];
    const withMembers = chat.members ?? (known?.chat.memberCount === chat.memberCount && known.chat.members);
    let now: Change = { chat: withMembers ? { ...chat, members: withMembers } : chat, uncertain: false };
    const first = recent[0];
    const forgotten = first && first.seq > chat.head.seq + 1 && recent.length >= RECENT;
    for (const frame of recent) now = merge(now, applied(now.chat, frame, this.me));
    if (pendingRead) now = merge(now, marked(now.chat, pendingRead.messageId, pendingRead.unread ?? false));
    this.#chats.set(chat.id, { chat: now.chat, recent });
    return { chat: now.chat, uncertain: now.uncertain || Boolean(forgotten) };
  }

  /** Takes a frame of a chat's log; nothing where the chat isn't known or has it counted. */
  receive(frame: LogFrame): Change | undefined {
    const known = this.#chats.get(frame.chatId);
    if (!known || frame.epoch !== known.chat.epoch || frame.seq <= known.chat.head.seq) return undefined;
    const change = applied(known.chat, frame, this.me);
    this.#chats.set(frame.chatId, { chat: change.chat, recent: [...known.recent, frame].slice(-RECENT) });
    return change;
  }

  /** Takes that the user's read mark moved. */
  read(chatId: ChatId, messageId: MessageId, unread: boolean): Change | undefined {
    return this.#change(chatId, (chat) => marked(chat, messageId, unread));
  }

  /** Takes that the user's delivered mark moved. */
  delivered(chatId: ChatId, messageId: MessageId): Change | undefined {
    return this.#change(chatId, (chat) => ({
      chat: { ...chat, marks: { ...chat.marks, delivered: later(chat.marks.delivered, messageId) } },
      uncertain: false,
    }));
  }

  /** Forgets a chat that the user is no longer in. */
  forget(chatId: ChatId): void {
    this.#chats.delete(chatId);
  }

  #change(chatId: ChatId, make: (chat: Chat) => Change): Change | undefined {
    const known = this.#chats.get(chatId);
    if (!known) return undefined;
    const change = make(known.chat);
    this.#chats.set(chatId, { ...known, chat: change.chat });
    return change;
  }
}

/** Whether the frame says that the user is in the chat no more. */
export function ends(frame: LogFrame, me: UserId): boolean {
  if (frame.type === "chat") return (frame.event as ChatEvent).deleted === true;
  if (frame.type !== "membership") return false;
  const { change, userIds } = frame.event as MembershipEvent;
  return (change === "removed" || change === "left") && userIds.includes(me);
}

function merge(before: Change, after: Change): Change {
  return { chat: after.chat, uncertain: before.uncertain || after.uncertain };
}

function applied(before: Chat, frame: LogFrame, me: UserId): Change {
  const { lastMessage } = before.head;
  const last = lastMessage && changed(lastMessage, frame, me);
  const chat: Chat = { ...before, head: { seq: frame.seq, ...(last && { lastMessage: last }) } };
  switch (frame.type) {
    case "message":
      return { chat: withMessage(chat, frame.message, me), uncertain: false };
    case "messageDeleted":
      return { chat, uncertain: isUnread(chat, frame.message, me) };
    case "membership":
      return withMembership(chat, frame.event as MembershipEvent, me);
    case "chat": {
      const { name, historyVisible } = frame.event as ChatEvent;
      return {
        chat: { ...chat, ...(name && { name }), ...(historyVisible && { historyVisible }) },
        uncertain: false,
      };
    }
    default:
      return { chat, uncertain: false };
  }
}

function withMessage(chat: Chat, message: Message, me: UserId): Chat {
  const head = { ...chat.head, lastMessage: message };
  if (message.status === "deleted" || !isUnread(chat, message, me)) return { ...chat, head };
  const mentions = chat.mentions + (message.mentions.includes(me) ? 1 : 0);
  return { ...chat, head, unread: chat.unread + 1, mentions };
}

function isUnread(chat: Chat, message: Message, me: UserId): boolean {
  const { read } = chat.marks;
  return message.senderId !== me && (read === undefined || compareIds(message.id, read) > 0);
}

function withMembership(chat: Chat, event: MembershipEvent, me: UserId): Change {
  const { change, userIds, role, heir } = event;
  const step = change === "added" ? userIds.length : change === "role" ? 0 : -userIds.length;
  const isMine = change === "left" ? heir === me : userIds.includes(me);
  const now: Chat = { ...chat, memberCount: chat.memberCount + step, ...(isMine && role && { role }) };
  return { chat: now, uncertain: chat.members !== undefined };
}

function marked(chat: Chat, messageId: MessageId, unread: boolean): Change {
  const { read, delivered } = chat.marks;
  const moves = unread ? read !== messageId : read === undefined || compareIds(messageId, read) > 0;
  if (!moves) return { chat, uncertain: false };
  const marks = { read: messageId, delivered: later(delivered, messageId) };
  const last = chat.head.lastMessage?.id;
  if (last !== undefined && compareIds(messageId, last) < 0)
    return { chat: { ...chat, marks }, uncertain: true };
  const { unreadCapped: _, ...rest } = chat;
  return { chat: { ...rest, marks, unread: 0, mentions: 0 }, uncertain: false };
}

function later(one: MessageId | undefined, other: MessageId): MessageId {
  return one !== undefined && compareIds(one, other) > 0 ? one : other;
}
