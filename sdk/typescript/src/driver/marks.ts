/** The user's own marks: at most one a second and chat goes out, the last one wins. */

import { compareIds } from "../ids.js";
import type { ChatId } from "../protocol/index.js";
import type { Mark } from "./messages.js";

const EVERY_MS = 1_000;

interface Slot {
  freeAt: number;
  waiting?: Mark;
  /** What was sent and isn't answered. */
  sent?: Mark;
}

/** Marks that wait or are on their way; they outlive a connection. */
export class Marks {
  readonly #slots = new Map<string, Slot>();

  /** Takes a mark that the user moved. */
  want(mark: Mark): void {
    const slot = this.#slot(mark);
    const later = slot.waiting ?? slot.sent;
    // A mark never moves back, unless one says so.
    if (!mark.unread && later && compareIds(mark.messageId, later.messageId) <= 0) return;
    slot.waiting = mark;
    if (mark.unread) slot.freeAt = 0;
    if (mark.kind === "read" && !mark.unread) this.#cover(mark);
  }

  /** Takes what may go out now, at most `most`. */
  due(now: number, most: number): Mark[] {
    const due: Mark[] = [];
    for (const [key, slot] of this.#slots) {
      if (!slot.waiting && !slot.sent && slot.freeAt <= now) this.#slots.delete(key);
      if (!slot.waiting || slot.sent || slot.freeAt > now || due.length >= most) continue;
      due.push(slot.waiting);
      slot.sent = slot.waiting;
      delete slot.waiting;
      slot.freeAt = now + EVERY_MS;
    }
    return due;
  }

  /** Returns when the next mark may go out. */
  dueAt(): number | undefined {
    const waiting = [...this.#slots.values()].filter((slot) => slot.waiting && !slot.sent);
    return waiting.length > 0 ? Math.min(...waiting.map((slot) => slot.freeAt)) : undefined;
  }

  /** Takes that a mark was answered, or (`again`) must be sent again. */
  answered(mark: Mark, again: boolean): void {
    const slot = this.#slot(mark);
    delete slot.sent;
    if (again) slot.waiting ??= mark;
  }

  /** Returns the read mark that isn't kept by the server yet. */
  pendingRead(chatId: ChatId): Mark | undefined {
    const slot = this.#slots.get(`read ${chatId}`);
    return slot?.waiting ?? slot?.sent;
  }

  /** Forgets a chat. */
  forget(chatId: ChatId): void {
    for (const kind of ["read", "delivered"]) this.#slots.delete(`${kind} ${chatId}`);
  }

  /** What was read has arrived: it needn't be said. */
  #cover({ chatId, messageId }: Mark): void {
    const delivered = this.#slots.get(`delivered ${chatId}`);
    if (delivered?.waiting && compareIds(delivered.waiting.messageId, messageId) <= 0)
      delete delivered.waiting;
  }

  #slot({ kind, chatId }: Mark): Slot {
    const key = `${kind} ${chatId}`;
    const slot = this.#slots.get(key) ?? { freeAt: 0 };
    this.#slots.set(key, slot);
    return slot;
  }
}
