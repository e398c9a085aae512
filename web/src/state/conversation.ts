/** A chat on the screen: its messages, who has read them, what is new. */

import type { protocol } from "@chinwag/client";
import {
  type Chat,
  compareIds,
  type Outgoing,
  type Reach,
  type Receipts,
  type Timeline,
  type TimelineItem,
} from "@chinwag/client";
import { type Signal, signal } from "@preact/signals";
import { complain } from "./notices";
import { Quotes } from "./quotes";
import type { SignedIn } from "./signed-in";

/** Messages loaded at a time, and held at most: so many rows a browser shows without effort. */
const PAGE = 50;
const MOST = 200;
/** So many unread messages fit into the first page with what stands before them. */
const FIRST_PAGE_UNREAD = PAGE - 10;

/** Where the view is to go: a message, the first new one, the end. */
export interface Target {
  to: "end" | "new" | { messageId: protocol.EventId };
}

/** What is asked about a message. */
export interface MessageDialog {
  kind: "react" | "readers" | "versions" | "delete";
  item: TimelineItem;
}

/** A menu of what can be done with a message, and where it was asked for. */
export interface MessageMenu {
  item: TimelineItem;
  left: number;
  top: number;
}

/** A chat that is on the screen. */
export class Conversation {
  readonly chat: Chat;
  readonly timeline: Timeline;
  readonly items: Signal<readonly TimelineItem[]>;
  /** Whether the first messages have come. */
  readonly isReady = signal(false);
  /** Why they haven't. */
  readonly failure = signal<unknown>(undefined);
  /** Messages of others after this one are new; an empty text: all of them. */
  readonly newAfter = signal<protocol.EventId | undefined>(undefined);
  readonly target = signal<Target | undefined>(undefined);
  /** The message that was jumped to. */
  readonly highlighted = signal<protocol.EventId | undefined>(undefined);
  readonly receipts = signal<{ of(id: protocol.EventId): Reach } | undefined>(undefined);
  /** The message that is being changed. */
  readonly editing = signal<TimelineItem | undefined>(undefined);
  readonly menu = signal<MessageMenu | undefined>(undefined);
  readonly dialog = signal<MessageDialog | undefined>(undefined);
  readonly quotes: Quotes;
  /** The person wants these to stay unread: reading doesn't move the mark while this chat is open. */
  #keepsUnread = false;
  #followed: Receipts | undefined;
  #isClosed = false;
  readonly #stops: (() => void)[] = [];

  constructor(
    readonly signedIn: SignedIn,
    readonly chatId: protocol.ChatId,
    messageId?: protocol.EventId,
  ) {
    const { client } = signedIn;
    this.chat = client.chat(chatId);
    const { unread = 0, marks } = this.chat.info ?? {};
    if (unread > 0) this.newAfter.value = marks?.read ?? "";
    const around = messageId ?? (unread > FIRST_PAGE_UNREAD ? marks?.read : undefined);
    this.target.value = { to: messageId ? { messageId } : unread > 0 ? "new" : "end" };
    this.highlighted.value = messageId;
    this.timeline = this.chat.timeline({ pageSize: PAGE, maxItems: MOST, ...(around && { around }) });
    this.items = signal(this.timeline.items);
    this.quotes = new Quotes(this.chat);
    this.#stops.push(
      this.timeline.on("change", (items) => {
        this.items.value = items;
      }),
      this.chat.on("message", ({ message }) => this.#came(message)),
      this.chat.on("edited", ({ message }) => this.quotes.put(message)),
      this.chat.on("deleted", ({ message }) => this.quotes.put(message)),
      signedIn.connection.subscribe((state) => {
        // Marks aren't part of the log: what moved while the connection was away is read again.
        if (state !== "online") return;
        void this.#follow();
        if (this.failure.peek() !== undefined) this.retry();
      }),
    );
    void this.#begin(messageId);
  }

  /** Stops following the chat. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.#followed?.close();
    this.timeline.close();
  }

  /** Loads the first messages again after a failure. */
  retry(): void {
    this.failure.value = undefined;
    this.signedIn.client.wake();
    this.#settle(this.timeline.jumpToEnd());
  }

  /** Goes to a message in its context. */
  async show(messageId: protocol.EventId): Promise<void> {
    try {
      await this.timeline.jumpTo(messageId);
    } catch (error) {
      return complain(error);
    }
    this.highlighted.value = messageId;
    this.target.value = { to: { messageId } };
  }

  /** Goes to the latest messages. */
  async showEnd(): Promise<void> {
    try {
      await this.timeline.jumpToEnd();
    } catch (error) {
      return complain(error);
    }
    this.target.value = { to: "end" };
  }

  /** Takes that the person has seen all up to a message. */
  seen(messageId: protocol.EventId): void {
    const read = this.chat.info?.marks.read;
    if (this.#keepsUnread || (read !== undefined && compareIds(messageId, read) <= 0)) return;
    this.chat.read(messageId);
  }

  /** Marks a message and all after it as unread. */
  keepUnread(messageId: protocol.EventId): void {
    const index = this.items.peek().findIndex(({ message }) => message.id === messageId);
    const before = this.items.peek()[index - 1]?.message.id;
    if (before === undefined) return;
    this.#keepsUnread = true;
    this.newAfter.value = before;
    this.chat.read(before, { unread: true });
  }

  /** Sends a message, and shows it. */
  send(content: string, options: { replyTo?: protocol.EventId; mentions?: protocol.UserId[] }): Outgoing {
    const outgoing = this.chat.send(content, options);
    this.newAfter.value = undefined;
    this.#keepsUnread = false;
    void this.showEnd();
    return outgoing;
  }

  async #begin(messageId?: protocol.EventId): Promise<void> {
    try {
      await this.timeline.loaded;
    } catch (error) {
      // A message that isn't there (any more) leads to the chat all the same.
      if (messageId === undefined) return this.#fail(error);
      complain(error);
      this.target.value = { to: "end" };
      return this.#settle(this.timeline.jumpToEnd());
    }
    this.#findNew();
    this.isReady.value = true;
  }

  /** What is after the read mark needn't be new: one may have been added later, or it was imported. The count says. */
  #findNew(): void {
    if (this.newAfter.peek() === undefined || this.timeline.hasNewer) return;
    let unread = this.chat.info?.unread ?? 0;
    const items = this.timeline.items.filter(({ message: { id } }) => id !== undefined);
    for (let index = items.length - 1; index > 0 && unread > 0; index -= 1) {
      const item = items[index];
      if (item?.mine || item?.message.status === "deleted") continue;
      unread -= 1;
      const before = items[index - 1]?.message.id ?? "";
      const mark = this.newAfter.peek() ?? "";
      if (unread === 0 && (mark === "" || compareIds(before, mark) > 0)) this.newAfter.value = before;
    }
  }

  async #settle(loading: Promise<void>): Promise<void> {
    try {
      await loading;
      this.isReady.value = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.failure.value = error;
  }

  #came(message: protocol.Message): void {
    const isMine = message.senderId === this.signedIn.userId;
    if (isMine || isAttentive() || this.newAfter.peek() !== undefined) return;
    const items = this.items.peek().filter(({ message: { id } }) => id !== undefined && id !== message.id);
    this.newAfter.value = items.at(-1)?.message.id ?? "";
  }

  async #follow(): Promise<void> {
    let receipts: Receipts;
    try {
      receipts = await this.chat.receipts();
    } catch {
      // Ticks only; the next connection tries again.
      return;
    }
    if (this.#isClosed) return receipts.close();
    this.#followed?.close();
    this.#followed = receipts;
    const show = () => {
      this.receipts.value = { of: (id) => receipts.of(id) };
    };
    receipts.on("change", show);
    show();
  }
}

/** Whether the person is looking at this page. */
export function isAttentive(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}
