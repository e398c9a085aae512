/** Messages that others answer: read when they are first shown. */

import type { Chat, protocol } from "@chinwag/client";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** A message that was answered; `gone`: it can't be read (any more). */
export type Quoted = protocol.Message | "gone" | undefined;

/** Messages kept; above, the first ones are forgotten. */
const MOST = 500;

/** The answered messages of a chat. */
export class Quotes {
  readonly #known = new Map<protocol.EventId, Signal<Quoted>>();

  constructor(private readonly chat: Chat) {}

  /** Returns a message; nothing until it has come. */
  of(id: protocol.EventId): ReadonlySignal<Quoted> {
    let known = this.#known.get(id);
    if (!known) {
      known = signal<Quoted>(undefined);
      this.#known.set(id, known);
      void this.#fetch(id, known);
      const oldest = this.#known.keys().next().value;
      if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
    }
    return known;
  }

  /** Takes a message as it is now. */
  put(message: protocol.Message): void {
    const known = this.#known.get(message.id);
    if (known) known.value = message;
  }

  async #fetch(id: protocol.EventId, into: Signal<Quoted>): Promise<void> {
    try {
      into.value = await this.chat.message(id);
    } catch {
      into.value = "gone";
    }
  }
}
