/** Which chats the pages have on their screens. */

import type { ChatId } from "../protocol/index.js";

/** The pages' screens. */
export class Screens {
  readonly #pages = new Map<string, Set<ChatId>>();

  /** Every chat on any screen. */
  get chats(): Set<ChatId> {
    return new Set([...this.#pages.values()].flatMap((chats) => [...chats]));
  }

  /** Takes what came to a page's screen, and what left it. */
  change(page: string, add: ChatId[], remove: ChatId[]): void {
    const chats = this.#pages.get(page) ?? new Set();
    for (const chatId of remove) chats.delete(chatId);
    for (const chatId of add) chats.add(chatId);
    this.#pages.set(page, chats);
  }

  /** Forgets a page. */
  forget(page: string): void {
    this.#pages.delete(page);
  }
}
