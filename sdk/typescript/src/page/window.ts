/** The part of a chat's messages that a timeline holds: without a gap, in order, kept up with the log. */

import { changed, newer } from "../apply.js";
import { compareIds } from "../ids.js";
import type { LogFrame, Message, MessageId, UserId } from "../protocol/index.js";

/** Messages next to each other. */
export class Window {
  /** Oldest first. */
  messages: readonly Message[] = [];
  /** Whether there are older ones that it doesn't hold. */
  hasOlder = true;
  /** Whether there are newer ones that it doesn't hold. */
  hasNewer = true;
  /** What came while a page was asked for: the page may not hold it yet. */
  #meanwhile: LogFrame[] | undefined;

  constructor(private readonly me: () => UserId | undefined) {}

  /** Whether it holds the message. */
  holds(id: MessageId): boolean {
    return this.messages.some((message) => message.id === id);
  }

  /** Keeps what comes from now on, until a page is put in. */
  expect(): void {
    this.#meanwhile ??= [];
  }

  /** Takes a frame of the chat's log; whether something changed that is held. */
  receive(frame: LogFrame): boolean {
    this.#meanwhile?.push(frame);
    const before = this.messages;
    this.#apply(frame);
    return this.messages !== before;
  }

  /** Starts anew with these messages. */
  replace(messages: Message[], hasOlder: boolean, hasNewer: boolean): void {
    this.messages = [];
    this.hasOlder = hasOlder;
    this.hasNewer = hasNewer;
    this.#put(messages);
  }

  /** Adds a page at one end, and lets go of the other end above `most` messages. */
  extend(end: "older" | "newer", messages: Message[], hasMore: boolean, most: number): void {
    if (end === "older") this.hasOlder = hasMore;
    else this.hasNewer = hasMore;
    this.#put(messages);
    this.trim(end === "older" ? "newer" : "older", most);
  }

  /** Takes messages as they are now, of the span that it holds already. */
  refresh(messages: Message[]): void {
    const first = this.messages[0];
    const last = this.messages.at(-1);
    const within = messages.filter(
      ({ id }) =>
        first && last && compareIds(id, first.id) >= 0 && (!this.hasNewer || compareIds(id, last.id) <= 0),
    );
    this.#put(within);
  }

  /** Lets go of one end above `most` messages. */
  trim(end: "older" | "newer", most: number): void {
    if (this.messages.length <= most) return;
    if (end === "older") {
      this.messages = this.messages.slice(-most);
      this.hasOlder = true;
    } else {
      this.messages = this.messages.slice(0, most);
      this.hasNewer = true;
    }
  }

  /** Forgets what came meanwhile: no page comes. */
  unexpect(): void {
    this.#meanwhile = undefined;
  }

  #put(messages: Message[]): void {
    const byId = new Map(this.messages.map((message) => [message.id, message]));
    for (const message of messages) {
      const known = byId.get(message.id);
      byId.set(message.id, known ? newer(known, message) : message);
    }
    this.messages = [...byId.values()].sort((one, other) => compareIds(one.id, other.id));
    const meanwhile = this.#meanwhile ?? [];
    this.#meanwhile = undefined;
    for (const frame of meanwhile) this.#apply(frame);
  }

  #apply(frame: LogFrame): void {
    if (frame.type === "message") return this.#append(frame.message);
    const index = this.messages.findIndex((message) => changed(message, frame, this.me()) !== message);
    const message = this.messages[index];
    if (message)
      this.messages = this.messages.map((one) => (one === message ? changed(one, frame, this.me()) : one));
  }

  /** A new message belongs to the window only where it reaches to the chat's end. */
  #append(message: Message): void {
    const last = this.messages.at(-1);
    const isNew = !this.hasNewer && (!last || compareIds(message.id, last.id) > 0);
    if (isNew) this.messages = [...this.messages, message];
  }
}
