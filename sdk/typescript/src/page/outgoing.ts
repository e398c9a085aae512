/** A message on its way. */

import type { OutboxEntry } from "../driver/messages.js";
import { ChinwagError, errorOf } from "../errors.js";
import type { ChatId, Message } from "../protocol/index.js";

/** What a message on its way can ask for. */
export interface OutgoingActions {
  retry(key: string): void;
  discard(key: string): void;
  /** Resolves when the change is durable; rejects when it is refused, given up, or the client is closed. */
  settled(outgoing: Outgoing): Promise<Message>;
}

/**
 * A message on its way: shown at once, and `await`ed until it is durable.
 *
 * Without `await` nothing is thrown: `state` and `error` tell.
 */
export class Outgoing implements PromiseLike<Message> {
  #entry: OutboxEntry;
  #message: Message | undefined;
  #settled: Promise<Message> | undefined;

  /** @internal */
  constructor(
    entry: OutboxEntry,
    private readonly actions: OutgoingActions,
  ) {
    this.#entry = entry;
  }

  /** Names it; stays the same when it is sent. */
  get key(): string {
    return this.#entry.key;
  }

  get chatId(): ChatId {
    return this.#entry.request.chatId;
  }

  /** Waits, is durable, or was refused: then `error` says why, and `retry()` tries again. */
  get state(): "pending" | "sent" | "failed" {
    return this.#message ? "sent" : this.#entry.state;
  }

  /** The message, once it is sent. */
  get message(): Message | undefined {
    return this.#message;
  }

  /** Why it was refused. */
  get error(): ChinwagError | undefined {
    return this.#entry.failure && errorOf(this.#entry.failure);
  }

  /** Sends a refused message again; resolves when it is durable. */
  retry(): this {
    if (this.state !== "failed")
      throw new ChinwagError("badArgument", "only a failed message can be sent again");
    this.#settled = undefined;
    this.actions.retry(this.key);
    return this;
  }

  /** Gives a message up that isn't sent; without effect while it is on its way. */
  discard(): void {
    this.actions.discard(this.key);
  }

  // biome-ignore lint/suspicious/noThenProperty: a message on its way is awaited, as its documentation says.
  then<T = Message, E = never>(
    sent?: ((message: Message) => T | PromiseLike<T>) | null,
    refused?: ((error: ChinwagError) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    this.#settled ??= this.actions.settled(this);
    return this.#settled.then(sent, refused);
  }

  /** @internal */
  get entry(): OutboxEntry {
    return this.#entry;
  }

  /** @internal */
  update(entry: OutboxEntry): void {
    this.#entry = entry;
  }

  /** @internal */
  sent(message: Message): void {
    this.#message = message;
  }
}
