/** The user's messages on their way: those of this page, and of all others that share its outbox. */

import type { Change, OutboxEntry, Tell } from "../driver/messages.js";
import { ChinwagError } from "../errors.js";
import type { ChatId, FrameOf, Message } from "../protocol/index.js";
import { Outgoing } from "./outgoing.js";

/** What messages on their way need of their client. */
export interface OnTheirWaySource {
  change(key: string, request: Change): Promise<FrameOf<"ack">>;
  retry(key: string): void;
  discard(key: string): void;
  /** The last place of a chat that was shown. */
  shownThrough(chatId: ChatId): number;
  /** Something became of a message. */
  changed(outgoing: Outgoing): void;
  /** Calls `look` whenever something becomes of a message, or of the client. Returns what stops it. */
  follow(look: () => void): () => void;
  /** Why nothing more is sent. */
  closed(): ChinwagError | undefined;
}

/** Messages by their keys, in order. */
export class OnTheirWay {
  readonly #outgoing = new Map<string, Outgoing>();
  /** Keys of messages that the server wanted under another client id. */
  readonly #renamed = new Map<string, string>();

  constructor(private readonly source: OnTheirWaySource) {}

  /** Every message that isn't shown by the log yet. */
  get all(): Outgoing[] {
    return [...this.#outgoing.values()];
  }

  /** Sends a message. */
  send(entry: OutboxEntry): Outgoing {
    const outgoing = this.adopt(entry);
    this.#send(outgoing);
    return outgoing;
  }

  /** Takes how an entry of the outbox is now. */
  adopt(entry: OutboxEntry): Outgoing {
    const { key, request } = entry;
    if (request.clientId && request.clientId !== key) this.#renamed.set(request.clientId, key);
    const known = this.#outgoing.get(key);
    known?.update(entry);
    const outgoing = known ?? new Outgoing(entry, this.#actions());
    this.#outgoing.set(key, outgoing);
    this.source.changed(outgoing);
    return outgoing;
  }

  /** Takes that a message is sent, refused or given up. */
  settled({ key, answer, failure }: Extract<Tell, { type: "settled" }>): void {
    const outgoing = this.#outgoing.get(key);
    if (!outgoing) return;
    if (answer?.message) outgoing.sent(answer.message);
    else if (!failure) this.#outgoing.delete(key);
    this.shown(outgoing.chatId);
    this.source.changed(outgoing);
  }

  /** Forgets what the log shows: until then a sent message stays, so that it never vanishes between. */
  shown(chatId: ChatId): void {
    const through = this.source.shownThrough(chatId);
    for (const [key, { message }] of this.#outgoing) {
      if (message?.chatId === chatId && message.seq <= through) this.#outgoing.delete(key);
    }
  }

  /** Returns the key under which a message of the user's was shown from the start. */
  keyOf(clientId: string): string {
    return this.#renamed.get(clientId) ?? clientId;
  }

  #actions() {
    return {
      retry: (key: string) => this.#retry(key),
      discard: (key: string) => this.source.discard(key),
      settled: (outgoing: Outgoing) => this.#untilSettled(outgoing),
    };
  }

  /** Who doesn't wait for it learns by `state` and `error`. */
  #send(outgoing: Outgoing): void {
    const { key, request } = outgoing.entry;
    this.source.change(key, request).catch((error: ChinwagError) => {
      if (error.code !== "outboxFull") return;
      // It never came into the outbox.
      const failure = { code: error.code, message: error.message };
      this.adopt({ ...outgoing.entry, state: "failed", failure });
    });
  }

  #retry(key: string): void {
    const outgoing = this.#outgoing.get(key);
    if (outgoing?.entry.failure?.code !== "outboxFull") return this.source.retry(key);
    const { failure: _, ...entry } = outgoing.entry;
    this.#send(this.adopt({ ...entry, state: "pending" }));
  }

  #untilSettled(outgoing: Outgoing): Promise<Message> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const given = !outgoing.message && !this.#outgoing.has(outgoing.key);
        const error = outgoing.error ?? this.source.closed() ?? (given ? givenUp() : undefined);
        if (outgoing.message) resolve(outgoing.message);
        else if (error) reject(error);
        return Boolean(outgoing.message ?? error);
      };
      if (look()) return;
      const stop = this.source.follow(() => {
        if (look()) stop();
      });
    });
  }
}

function givenUp(): ChinwagError {
  return new ChinwagError("closed", "the message was given up");
}
