/** Keeps what is known of the chats for the next start, and gives it back at this one. */

import { Alarm, type Environment } from "../environment.js";
import type { Chat, ChatId, Place } from "../protocol/index.js";
import type { Known, KnownStore } from "./known-store.js";
import type { Mark } from "./messages.js";

/** How long changes gather before they are written. */
const GATHER_MS = 500;
/** How long a start waits for what is kept; a store that takes longer is as good as none. */
const PATIENCE_MS = 1_000;
/** With more chats nothing is kept: they are read anew at each start. */
const MOST_CHATS = 2_000;

/** What is known now. */
export interface Knowing {
  token(): string | undefined;
  chat(chatId: ChatId): Chat | undefined;
  place(chatId: ChatId): Place | undefined;
  /** How many chats there are. */
  count(): number;
}

/** Keeps it. */
export class Keeping {
  readonly #changed = new Set<ChatId>();
  readonly #save: Alarm;
  #token: string | undefined;
  #isOff = false;

  constructor(
    private readonly environment: Environment,
    private readonly store: KnownStore | undefined,
    private readonly knowing: Knowing,
  ) {
    this.#save = new Alarm(environment, () => this.#write());
  }

  /** Returns what was kept; nothing where that can't be had soon. */
  async load(): Promise<Known | undefined> {
    const { store, environment } = this;
    if (!store) return undefined;
    const known = await new Promise<Known | undefined>((resolve) => {
      environment.setTimer(() => resolve(undefined), PATIENCE_MS);
      store.load().then(resolve, () => resolve(undefined));
    });
    this.#token = known?.token;
    return known;
  }

  /** Takes that a chat changed, moved on or is gone; or, without one, that there was a sync. */
  changed(chatId?: ChatId): void {
    if (!this.store || this.#isOff) return;
    if (chatId !== undefined) this.#changed.add(chatId);
    this.#save.setEarlier(GATHER_MS);
  }

  /** Keeps a read mark until the server has it. */
  mark(mark: Mark): void {
    this.store?.save({ mark });
  }

  /** Takes that the server has a chat's mark. */
  unmark(chatId: ChatId): void {
    this.store?.save({ unmark: chatId });
  }

  /** Forgets the chats, and keeps nothing more until a page comes. */
  forget(): void {
    this.#isOff = true;
    this.#token = undefined;
    this.#changed.clear();
    this.#save.clear();
    this.store?.forget();
  }

  /** Takes that a page came: `all` chats are kept from now on where they were forgotten. */
  resume(all: () => Iterable<ChatId>): void {
    if (!this.#isOff) return;
    this.#isOff = false;
    for (const chatId of all()) this.changed(chatId);
  }

  /** Writes what there is to write. */
  close(): void {
    this.#save.clear();
    if (!this.#isOff) this.#write();
  }

  #write(): void {
    const token = this.knowing.token();
    // Before a sync it is unknown what the chats are as of.
    if (!this.store || token === undefined) return;
    if (this.knowing.count() > MOST_CHATS) return this.forget();
    const put = [];
    const remove = [];
    for (const id of this.#changed) {
      const [chat, place] = [this.knowing.chat(id), this.knowing.place(id)];
      if (chat && place) put.push({ id, chat, place });
      else remove.push(id);
    }
    if (this.#changed.size === 0 && token === this.#token) return;
    this.#changed.clear();
    this.#token = token;
    this.store.save({ token, put, remove });
  }
}
