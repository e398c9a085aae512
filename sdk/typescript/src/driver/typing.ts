/** Typing: one's own told at most every 3 s and chat, that of others forgotten after 7 s. */

import type { ChatId, FrameOf, LogFrame, UserId } from "../protocol/index.js";
import type { TypingState } from "./messages.js";

const EVERY_MS = 3_000;
const EXPIRES_MS = 7_000;

interface Typers {
  /** Until when each is shown. */
  until: Map<UserId, number>;
  /** How many more there are that aren't named, and until when. */
  unnamed: number;
  unnamedUntil: number;
}

/** Who types where. */
export class Typing {
  readonly #told = new Map<ChatId, number>();
  readonly #chats = new Map<ChatId, Typers>();

  /** Returns whether the user's own typing is to be told now. */
  tell(chatId: ChatId, now: number): boolean {
    if (now < (this.#told.get(chatId) ?? 0)) return false;
    this.#told.set(chatId, now + EVERY_MS);
    return true;
  }

  /** Takes that the user sent what they typed: what comes next is told at once. */
  sent(chatId: ChatId): void {
    this.#told.delete(chatId);
  }

  /** Takes that others are typing. */
  heard(frame: FrameOf<"typing">, now: number): TypingState {
    const typers = this.#chats.get(frame.chatId) ?? { until: new Map(), unnamed: 0, unnamedUntil: 0 };
    this.#chats.set(frame.chatId, typers);
    const named = [...(frame.userId !== undefined ? [frame.userId] : []), ...(frame.userIds ?? [])];
    // A sum of a large group is all there is at that moment.
    if (frame.count !== undefined) typers.until.clear();
    for (const userId of named) typers.until.set(userId, now + EXPIRES_MS);
    typers.unnamed = Math.max(0, (frame.count ?? 0) - named.length);
    typers.unnamedUntil = now + EXPIRES_MS;
    return this.#state(frame.chatId);
  }

  /** Takes an event: who has sent it or is gone types no more. */
  saw(frame: LogFrame): TypingState | undefined {
    const typers = this.#chats.get(frame.chatId);
    if (!typers) return undefined;
    const done = whoIsDone(frame).filter((userId) => typers.until.delete(userId));
    return done.length > 0 ? this.#state(frame.chatId) : undefined;
  }

  /** Forgets who hasn't typed for a while, or everybody (`now` infinite); returns what changed. */
  expire(now: number): TypingState[] {
    const changed: TypingState[] = [];
    for (const [chatId, typers] of this.#chats) {
      const before = typers.until.size + typers.unnamed;
      for (const [userId, until] of typers.until) if (until <= now) typers.until.delete(userId);
      if (typers.unnamedUntil <= now) typers.unnamed = 0;
      if (typers.until.size + typers.unnamed !== before) changed.push(this.#state(chatId));
    }
    return changed;
  }

  /** Returns when somebody is forgotten next. */
  expiresAt(): number | undefined {
    const times = [...this.#chats.values()].flatMap((typers) => [
      ...typers.until.values(),
      ...(typers.unnamed > 0 ? [typers.unnamedUntil] : []),
    ]);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** Who is typing, chat by chat. */
  get states(): TypingState[] {
    return [...this.#chats.keys()].map((chatId) => this.#state(chatId));
  }

  #state(chatId: ChatId): TypingState {
    const typers = this.#chats.get(chatId);
    const userIds = [...(typers?.until.keys() ?? [])];
    const count = userIds.length + (typers?.unnamed ?? 0);
    if (count === 0) this.#chats.delete(chatId);
    return { chatId, userIds, count };
  }
}

function whoIsDone(frame: LogFrame): UserId[] {
  if (frame.type === "message") return [frame.message.senderId];
  const { event } = frame as { event?: { change?: string; userIds?: UserId[] } };
  return event?.change === "removed" || event?.change === "left" ? (event.userIds ?? []) : [];
}
