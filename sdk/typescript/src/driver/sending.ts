/** The outbox at work: what waits goes out, answers are told, a clock that runs ahead is corrected. */

import { Alarm } from "../environment.js";
import { ChinwagError, failure } from "../errors.js";
import { uuidV7 } from "../ids.js";
import type { FrameOf, LogFrame, ServerFrame } from "../protocol/index.js";
import { logFrameOf } from "./acknowledged.js";
import type { Context } from "./context.js";
import type { Change, OutboxEntry, Tell } from "./messages.js";
import { Outbox } from "./outbox.js";
import type { OutboxStore } from "./outbox-store.js";

/** A clock that is off by less, by what `ready` says, is right. */
const CLOCK_MS = 60_000;
/** Changes answered of late, for a page that missed that. */
const SETTLED = 100;

/** Who hears of what was sent. */
export interface SendingListener {
  /** An acknowledgement is a place of the log. */
  acknowledged(frame: LogFrame): void;
  /** The clock was found to be off by another time. */
  clockChanged(): void;
  trouble(error: ChinwagError): void;
}

/** Sends what is in the outbox. */
export class Sending {
  readonly #outbox: Outbox;
  readonly #flush: Alarm;
  readonly #settled = new Map<string, Tell>();
  #aheadMs = 0;
  #isLoaded = false;
  #isTroubled = false;

  constructor(
    private readonly context: Context,
    private readonly store: OutboxStore,
    bound: number,
    /** Whether what is new waits for the next connection. */
    private readonly isLeaving: () => boolean,
    private readonly listener: SendingListener,
  ) {
    this.#outbox = new Outbox(store, bound);
    this.#flush = new Alarm(context.environment, () => this.flush());
    void this.#load();
  }

  /** Every change that waits or was refused, in order. */
  get entries(): OutboxEntry[] {
    return this.#outbox.entries;
  }

  /** How far the device's clock is ahead of the server's, milliseconds. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Takes a change; `page` hears what it may have missed. */
  change(key: string, request: Change, page: (tell: Tell) => void): void {
    const told = this.#settled.get(key);
    if (told) return page(told);
    try {
      this.#waits(this.#outbox.push(key, request, this.context.environment.now()));
    } catch (error) {
      page({ type: "settled", key, failure: failure(error) });
    }
  }

  /** Sends a refused message again. */
  retry(key: string): void {
    this.#waits(this.#outbox.retry(key, this.#newId()));
  }

  /** Gives a message up. */
  discard(key: string): void {
    if (this.#outbox.discard(key)) this.#settle({ type: "settled", key });
    this.flush();
  }

  /** Takes the server's time as a session begins. */
  learnTime(serverTime: string): void {
    const aheadMs = this.#ahead(serverTime);
    this.#aheadMs = Math.abs(aheadMs) > CLOCK_MS ? aheadMs : 0;
  }

  /** Sends what may be sent now. */
  flush(): void {
    if (!this.context.isReady() || this.isLeaving() || !this.#isLoaded) return;
    for (const { key, request } of this.#outbox.sendable(this.context.environment.now())) {
      const lost = () => {
        this.#outbox.lost(key);
        this.#flush.setEarlier(0);
      };
      this.context.requests.ask(request, { answer: (frame) => this.#answered(key, frame), lost });
    }
  }

  /** Sends nothing more. */
  close(): void {
    this.#flush.clear();
  }

  async #load(): Promise<void> {
    this.store.onTrouble = (error) => this.#trouble(error);
    try {
      this.#outbox.load(await this.store.load());
    } catch (error) {
      this.#trouble(error);
    }
    this.#isLoaded = true;
    for (const entry of this.#outbox.entries) this.context.tellAll({ type: "outgoing", entry });
    this.flush();
  }

  #waits(entry: OutboxEntry | undefined): void {
    if (entry) this.context.tellAll({ type: "outgoing", entry });
    this.flush();
  }

  #answered(key: string, frame: ServerFrame): void {
    if (frame.type !== "ack" && frame.type !== "error") return this.#outbox.lost(key);
    const next = this.#outbox.answered(key, frame, this.context.environment.now());
    if (next?.do === "again") this.#flush.setEarlier(next.afterMs);
    if (next?.do === "renew") {
      this.#aheadMs = this.#ahead(next.serverTime);
      this.listener.clockChanged();
      return this.#waits(this.#outbox.renew(key, this.#newId()));
    }
    if (next?.do === "done") this.#done(next.entry, frame);
    this.flush();
  }

  #done(entry: OutboxEntry, frame: FrameOf<"ack"> | FrameOf<"error">): void {
    const { key, request } = entry;
    if (frame.type === "error") {
      this.context.tellAll({ type: "outgoing", entry });
      const refused = failure(ChinwagError.of(frame.error));
      // A refused message stays in the outbox; the person may send it again.
      return this.#settle({ type: "settled", key, failure: refused }, request.type !== "send");
    }
    const logged = logFrameOf(request.chatId, frame);
    if (logged) this.listener.acknowledged(logged);
    this.#settle({ type: "settled", key, answer: frame });
  }

  #settle(told: Extract<Tell, { type: "settled" }>, forGood = true): void {
    if (forGood) {
      this.#settled.set(told.key, told);
      const [oldest] = this.#settled.keys();
      if (this.#settled.size > SETTLED && oldest !== undefined) this.#settled.delete(oldest);
    }
    this.context.tellAll(told);
  }

  #ahead(serverTime: string): number {
    return this.context.environment.now() - Date.parse(serverTime);
  }

  #newId(): string {
    const { environment } = this.context;
    return uuidV7(environment, environment.now() - this.#aheadMs);
  }

  /** Says once that nothing can be kept here. */
  #trouble(error: unknown): void {
    if (this.#isTroubled) return;
    this.#isTroubled = true;
    const detail = error instanceof Error ? error.message : String(error);
    const message = `what waits to be sent can't be kept on this device: ${detail}`;
    this.listener.trouble(new ChinwagError("storage", message));
  }
}
