/** The user's chats, latest message first. */

import { compareIds } from "../ids.js";
import type { Chat, ChatId } from "../protocol/index.js";

/** Every chat of the user. */
export class ChatList {
  readonly #chats = new Map<ChatId, Chat>();
  #sorted: readonly Chat[] | undefined;

  /** The chats, latest message first; a new list after each change. */
  get list(): readonly Chat[] {
    this.#sorted ??= [...this.#chats.values()].sort((one, other) => compareIds(latest(other), latest(one)));
    return this.#sorted;
  }

  /** How many messages are unread in all chats that aren't muted. */
  get unread(): number {
    const now = new Date().toISOString();
    const heard = this.list.filter(({ mutedUntil }) => mutedUntil === undefined || mutedUntil < now);
    return heard.reduce((sum, { unread }) => sum + unread, 0);
  }

  /** Returns a chat: its name, head, counts and marks as they are now. */
  get(id: ChatId): Chat | undefined {
    return this.#chats.get(id);
  }

  /** Returns the direct chat with a user, where there is one. */
  directWith(userId: string): Chat | undefined {
    const isWith = (chat: Chat) =>
      chat.type === "direct" && chat.members?.some((member) => member.userId === userId);
    return [...this.#chats.values()].find(isWith);
  }

  /** Loops over the chats, latest message first. */
  [Symbol.iterator](): Iterator<Chat> {
    return this.list[Symbol.iterator]();
  }

  /** @internal */
  put(chat: Chat): void {
    this.#chats.set(chat.id, chat);
    this.#sorted = undefined;
  }

  /** @internal */
  delete(id: ChatId): boolean {
    this.#sorted = undefined;
    return this.#chats.delete(id);
  }
}

/** A chat without a message stands where it was made: its id is of the same clock as those of messages. */
function latest(chat: Chat): string {
  return chat.head.lastMessage?.id ?? chat.id;
}
