/** What was written and not sent, chat by chat: kept over a reload. */

import type { protocol } from "@chinwag/client";
import { type Signal, signal } from "@preact/signals";
import { keep, read } from "./kept";
import { soon } from "./later";

/** A text that isn't sent. */
export interface Draft {
  text: string;
  /** The message that it answers. */
  replyTo?: protocol.EventId;
  /** Whom it mentions, by what stands in the text. */
  mentions?: Record<string, protocol.UserId>;
}

const NOTHING: Draft = { text: "" };
const KEEP_AFTER_MS = 300;

/** The drafts of one user. */
export class Drafts {
  readonly #drafts = new Map<protocol.ChatId, Signal<Draft>>();
  readonly #keepers = new Map<protocol.ChatId, () => void>();

  constructor(private readonly userId: protocol.UserId) {}

  /** Returns the draft of a chat. */
  of(chatId: protocol.ChatId): Signal<Draft> {
    let draft = this.#drafts.get(chatId);
    if (!draft) {
      draft = signal(read<Draft>(this.#name(chatId)) ?? NOTHING);
      this.#drafts.set(chatId, draft);
    }
    return draft;
  }

  /** Changes a chat's draft. */
  put(chatId: protocol.ChatId, draft: Draft): void {
    this.of(chatId).value = draft;
    let keeper = this.#keepers.get(chatId);
    if (!keeper) {
      keeper = soon(() => this.#keep(chatId), KEEP_AFTER_MS);
      this.#keepers.set(chatId, keeper);
    }
    keeper();
  }

  /** Keeps at once what is to be kept: the page goes. */
  flush(): void {
    for (const chatId of this.#keepers.keys()) this.#keep(chatId);
  }

  #keep(chatId: protocol.ChatId): void {
    const { text, ...rest } = this.of(chatId).peek();
    const isEmpty = text === "" && rest.replyTo === undefined;
    keep(this.#name(chatId), isEmpty ? undefined : { text, ...rest });
  }

  #name(chatId: protocol.ChatId): string {
    return `draft.${this.userId}.${chatId}`;
  }
}
