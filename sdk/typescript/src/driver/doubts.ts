/** Chats whose counts or members only the server knows: read again, once for many doubts. */

import { Alarm, type Environment } from "../environment.js";
import { ChinwagError } from "../errors.js";
import type { Http } from "../http.js";
import type { Chat, ChatId } from "../protocol/index.js";

/** How long doubts are gathered. */
const GATHER_MS = 300;

/** Who hears how chats are. */
export interface DoubtsListener {
  read(chat: Chat): void;
  /** The chat is no longer the user's. */
  gone(): void;
}

/** Chats to read again. */
export class Doubts {
  readonly #chats = new Set<ChatId>();
  /** Those that the server hasn't told of since. */
  readonly #open = new Set<ChatId>();
  readonly #resolve: Alarm;

  constructor(
    environment: Environment,
    private readonly http: Http,
    private readonly listener: DoubtsListener,
  ) {
    this.#resolve = new Alarm(environment, () => void this.#read());
  }

  /** Doubts a chat. */
  add(chatId: ChatId): void {
    this.#chats.add(chatId);
    this.#open.add(chatId);
    this.#resolve.setEarlier(GATHER_MS);
  }

  /** Whether a chat is doubtful. */
  has(chatId: ChatId): boolean {
    return this.#open.has(chatId);
  }

  /** Takes that the server told of a chat; what came to doubt it since holds. */
  told(chatId: ChatId): void {
    if (!this.#chats.has(chatId)) this.#open.delete(chatId);
  }

  /** Forgets a chat. */
  forget(chatId: ChatId): void {
    this.#chats.delete(chatId);
    this.#open.delete(chatId);
  }

  /** Reads nothing more. */
  close(): void {
    this.#resolve.clear();
  }

  async #read(): Promise<void> {
    const doubtful = [...this.#chats];
    this.#chats.clear();
    for (const id of doubtful) {
      try {
        this.listener.read(await this.http.request("GET /v1/chats/{id}", { path: { id } }));
      } catch (error) {
        // Anything else: the next sync counts anew.
        if (error instanceof ChinwagError && error.code === "notFound") this.listener.gone();
      }
    }
  }
}
