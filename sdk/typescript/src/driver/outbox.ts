/** What waits to be acknowledged, in order; resent under the same client id until it is answered for good. */

import { ChinwagError, failure } from "../errors.js";
import type { FrameOf } from "../protocol/index.js";
import type { Change, OutboxEntry } from "./messages.js";
import type { OutboxStore } from "./outbox-store.js";

/** A pause where the server names none, milliseconds. */
const AGAIN_AFTER_MS = 1_000;

/** What to do after an answer. */
export type Next =
  /** It is done, or refused for good. */
  | { do: "done"; entry: OutboxEntry }
  /** The clock runs ahead: correct it by the server's time, then `renew` the entry. */
  | { do: "renew"; entry: OutboxEntry; serverTime: string }
  /** Send it again after so many milliseconds. */
  | { do: "again"; entry: OutboxEntry; afterMs: number };

/** Changes in the order in which they were made. */
export class Outbox {
  readonly #entries = new Map<string, OutboxEntry>();
  /** Entries that were sent on this connection and aren't answered. */
  readonly #sent = new Set<string>();
  /** Entries that wait for their time, and until when. */
  readonly #resting = new Map<string, number>();
  #order = 0;

  constructor(
    private readonly store: OutboxStore,
    private readonly bound: number,
  ) {}

  /** Every entry, in order. */
  get entries(): OutboxEntry[] {
    return [...this.#entries.values()];
  }

  /** Takes what was kept over a restart; it goes before what was made since. */
  load(kept: OutboxEntry[]): void {
    const since = [...this.#entries];
    const before = kept
      .filter(({ key }) => !this.#entries.has(key))
      .sort((one, other) => one.order - other.order);
    this.#entries.clear();
    for (const entry of before) this.#entries.set(entry.key, entry);
    this.#order = Math.max(this.#order, before.at(-1)?.order ?? 0);
    for (const [, entry] of since) this.#keep(entry);
  }

  /** Takes a change; nothing where it is there already. Throws `outboxFull` where too many wait. */
  push(key: string, request: Change, now: number): OutboxEntry | undefined {
    if (this.#entries.has(key)) return undefined;
    if (this.#entries.size >= this.bound) {
      throw new ChinwagError("outboxFull", `${this.bound} changes wait to be sent already`);
    }
    return this.#keep({ key, order: 0, madeAt: now, request, state: "pending" });
  }

  /** Lets a refused change be sent again, after what waits. */
  retry(key: string, clientId: string): OutboxEntry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.state !== "failed") return undefined;
    const { failure: refused, ...rest } = entry;
    // Under the old id the server would answer as before.
    const request = refused?.code === "idempotencyConflict" ? { ...entry.request, clientId } : entry.request;
    this.#entries.delete(key);
    return this.#keep({ ...rest, request, state: "pending" });
  }

  /** Gives a change up, unless it is on its way. */
  discard(key: string): boolean {
    if (this.#sent.has(key) || !this.#entries.delete(key)) return false;
    this.store.remove(key);
    return true;
  }

  /** Takes what may be sent now: of each chat only the first, so that order holds over failures. */
  sendable(now: number): OutboxEntry[] {
    const busy = new Set<string>();
    const sendable: OutboxEntry[] = [];
    for (const entry of this.#entries.values()) {
      const { key, state, request } = entry;
      if (state === "failed" || busy.has(request.chatId)) continue;
      busy.add(request.chatId);
      if (this.#sent.has(key) || (this.#resting.get(key) ?? 0) > now) continue;
      this.#resting.delete(key);
      this.#sent.add(key);
      sendable.push(entry);
    }
    return sendable;
  }

  /** Takes an answer to an entry that was sent. */
  answered(key: string, answer: FrameOf<"ack"> | FrameOf<"error">, now: number): Next | undefined {
    const entry = this.#entries.get(key);
    this.#sent.delete(key);
    if (!entry) return undefined;
    if (answer.type === "ack") return { do: "done", entry: this.#remove(entry) };
    const { error } = answer;
    if (error.retryable) return this.#rest(entry, error.retryAfterMs ?? AGAIN_AFTER_MS, now);
    if (error.code === "clientIdFromFuture" && error.serverTime) {
      return { do: "renew", entry, serverTime: error.serverTime };
    }
    return { do: "done", entry: this.#refuse(entry, ChinwagError.of(error)) };
  }

  /** Takes that an entry gets no answer: it is sent again. */
  lost(key: string): void {
    this.#sent.delete(key);
  }

  /** Gives a change another id, since the server says that it holds nothing of the old one. */
  renew(key: string, clientId: string): OutboxEntry | undefined {
    const entry = this.#entries.get(key);
    return entry && this.#replace({ ...entry, request: { ...entry.request, clientId } });
  }

  #rest(entry: OutboxEntry, afterMs: number, now: number): Next {
    this.#resting.set(entry.key, now + afterMs);
    return { do: "again", entry, afterMs };
  }

  /** A refused message stays, to be sent again or given up by the person; any other change is only told. */
  #refuse(entry: OutboxEntry, error: ChinwagError): OutboxEntry {
    const refused: OutboxEntry = { ...entry, state: "failed", failure: failure(error) };
    return entry.request.type === "send" ? this.#replace(refused) : this.#remove(refused);
  }

  #keep(entry: OutboxEntry): OutboxEntry {
    this.#order += 1;
    return this.#replace({ ...entry, order: this.#order });
  }

  #replace(entry: OutboxEntry): OutboxEntry {
    this.#entries.set(entry.key, entry);
    this.store.put(entry);
    return entry;
  }

  #remove(entry: OutboxEntry): OutboxEntry {
    this.#entries.delete(entry.key);
    this.store.remove(entry.key);
    return entry;
  }
}
