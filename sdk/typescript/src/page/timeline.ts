/** The messages of a chat as a person scrolls through them, both ways, kept up with what comes. */

import type { Change } from "../driver/messages.js";
import { ChinwagError } from "../errors.js";
import type { ChatId, LogFrame, Message, MessageId, MessagesPage, UserId } from "../protocol/index.js";
import { Emitter, stream } from "./emitter.js";
import type { Outgoing } from "./outgoing.js";
import { Window } from "./window.js";

/** Messages read again at a time. */
const REFRESH = 200;

/** What a timeline shows of a message; what the server gives is missing until it is sent. */
export type ShownMessage = Omit<Message, "id" | "seq" | "changeSeq"> &
  Partial<Pick<Message, "id" | "seq" | "changeSeq">>;

/** A message in a timeline. Never changed: what is new about it is a new item under the same key. */
export interface TimelineItem {
  /** Names the item; stays the same when the message is sent. */
  readonly key: string;
  readonly state: "pending" | "sent" | "failed";
  /** Whether the user wrote it. */
  readonly mine: boolean;
  readonly message: ShownMessage;
  /** While it isn't sent: lets it be sent again or given up. */
  readonly outgoing?: Outgoing;
}

/** How a timeline begins and how much it holds. */
export interface TimelineOptions {
  /** Begins around this message instead of at the chat's end. */
  around?: MessageId;
  /** Messages loaded at a time: 50. */
  pageSize?: number;
  /** Messages held: above, the end that is out of sight is let go. 500. */
  maxItems?: number;
}

/** Where to read from. */
export interface HistoryOptions {
  before?: string;
  after?: string;
  around?: string;
  limit?: number;
}

/** What a timeline needs of its client. */
export interface TimelineSource {
  me(): UserId | undefined;
  history(options: HistoryOptions): Promise<MessagesPage>;
  /** The chat's messages on their way, in order. */
  outgoing(): Outgoing[];
  /** The key under which a message was shown while it was on its way. */
  keyOf(message: Message): string;
  /** The timeline is closed. */
  closed(timeline: Timeline): void;
}

/** The messages of a chat from some place to another, without a gap. */
export class Timeline {
  readonly #emitter = new Emitter<{ change: readonly TimelineItem[] }>();
  readonly #window: Window;
  readonly #pageSize: number;
  readonly #maxItems: number;
  #items: readonly TimelineItem[] = [];
  #known = new Map<string, TimelineItem>();
  readonly #loads = new Map<string, Promise<void>>();
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** Resolves when the first messages are there. */
  readonly loaded: Promise<void>;

  /** @internal */
  constructor(
    readonly chatId: ChatId,
    private readonly source: TimelineSource,
    options: TimelineOptions,
  ) {
    this.#window = new Window(() => source.me());
    this.#pageSize = options.pageSize ?? 50;
    this.#maxItems = Math.max(options.maxItems ?? 500, this.#pageSize * 2);
    this.loaded = options.around === undefined ? this.jumpToEnd() : this.jumpTo(options.around);
    // Who doesn't await it looks at `items`, and finds the error where they load more.
    this.loaded.catch(() => {});
  }

  /** The messages, oldest first; those on their way last, where the chat's end is held. */
  get items(): readonly TimelineItem[] {
    return this.#items;
  }

  /** Whether there are older messages to load. */
  get hasOlder(): boolean {
    return this.#window.hasOlder;
  }

  /** Whether there are newer messages to load; where not, what comes is shown at once. */
  get hasNewer(): boolean {
    return this.#window.hasNewer;
  }

  /** Whether messages are being loaded. */
  get isLoading(): boolean {
    return this.#loads.size > 0;
  }

  /** Calls `listener` after each change. Returns what stops it. */
  on(type: "change", listener: (items: readonly TimelineItem[]) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Loops over the items as they are after each change. */
  [Symbol.asyncIterator](): AsyncIterableIterator<readonly TimelineItem[]> {
    return stream((feed) => this.on("change", feed.push));
  }

  /** Loads the messages before the first one. */
  loadOlder(): Promise<void> {
    return this.#load("older", async () => {
      const first = this.#window.messages[0];
      if (!first || !this.hasOlder) return;
      const page = await this.source.history({ before: first.id, limit: this.#pageSize });
      this.#window.extend("older", page.messages, page.hasMore, this.#maxItems);
    });
  }

  /** Loads the messages after the last one. */
  loadNewer(): Promise<void> {
    return this.#load("newer", async () => {
      const last = this.#window.messages.at(-1);
      if (!last || !this.hasNewer) return;
      const page = await this.source.history({ after: last.id, limit: this.#pageSize });
      this.#window.extend("newer", page.messages, page.hasMore, this.#maxItems);
    });
  }

  /** Shows the messages around one. */
  jumpTo(id: MessageId): Promise<void> {
    return this.#load(`to ${id}`, async () => {
      if (this.#window.holds(id)) return;
      const page = await this.source.history({ around: id, limit: this.#pageSize });
      this.#window.replace(page.messages, page.hasMore, page.hasMore);
    });
  }

  /** Shows the latest messages. */
  jumpToEnd(): Promise<void> {
    return this.#load("end", async () => {
      if (!this.hasNewer) return;
      const page = await this.source.history({ limit: this.#pageSize });
      this.#window.replace(page.messages, page.hasMore, false);
    });
  }

  /** Stops; what is held stays as it is. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.source.closed(this);
  }

  /** @internal Takes a frame of the chat's log. */
  receive(frame: LogFrame): void {
    const changed = this.#window.receive(frame);
    // Twice as much: a person who scrolled up a little keeps the place.
    this.#window.trim("older", this.#maxItems * 2);
    if (changed) this.show();
  }

  /** @internal Some of the log was missed: reads again what is held, and what follows it. */
  restart(): void {
    this.#load("refresh", () => this.#refresh()).catch(() => {});
  }

  /** @internal Makes the items anew. */
  show(): void {
    if (this.#isClosed) return;
    const sent = this.#window.messages.map((message) => this.#sent(message));
    const onTheirWay = this.hasNewer ? [] : this.#onTheirWay(new Set(sent.map(({ key }) => key)));
    const items = [...sent, ...onTheirWay];
    this.#known = new Map(items.map((item) => [item.key, item]));
    const same =
      items.length === this.#items.length && items.every((item, index) => item === this.#items[index]);
    if (same) return;
    this.#items = items;
    this.#emitter.emit("change", items);
  }

  #onTheirWay(shown: Set<string>): TimelineItem[] {
    const waiting = this.source.outgoing().filter(({ key }) => !shown.has(key));
    return waiting.map((outgoing) =>
      outgoing.message ? this.#sent(outgoing.message) : this.#draft(outgoing),
    );
  }

  #sent(message: Message): TimelineItem {
    const key = this.source.keyOf(message);
    const known = this.#known.get(key);
    if (known?.state === "sent" && known.message === message) return known;
    return { key, state: "sent", mine: message.senderId === this.source.me(), message };
  }

  #draft(outgoing: Outgoing): TimelineItem {
    const { key, chatId, entry } = outgoing;
    const known = this.#known.get(key);
    const state = entry.state;
    if (known && known.outgoing === outgoing && known.state === state) return known;
    const request = entry.request as Extract<Change, { type: "send" }>;
    const { content, mentions = [], metadata = {}, replyTo, clientId } = request;
    const message: ShownMessage = {
      chatId,
      senderId: this.source.me() ?? "",
      content,
      mentions,
      metadata,
      reactions: [],
      status: "sent",
      timestamp: new Date(entry.madeAt).toISOString(),
      ...(replyTo && { replyTo }),
      ...(clientId && { clientId }),
    };
    return { key, state, mine: true, message, outgoing };
  }

  async #refresh(): Promise<void> {
    const first = this.#window.messages[0];
    const last = this.#window.messages.at(-1);
    if (!first || !last) return this.#fromEnd();
    try {
      let page = await this.source.history({ around: first.id, limit: 1 });
      const messages = page.messages;
      // Through what was held, and a page beyond: what is newer still is loaded as one scrolls.
      for (let beyond = false; !beyond; ) {
        const after = messages.at(-1)?.id ?? first.id;
        beyond = messages.some(({ id }) => id === last.id);
        page = await this.source.history({ after, limit: REFRESH });
        messages.push(...page.messages);
        if (!page.hasMore) break;
      }
      const reachedEnd = !page.hasMore;
      if (!this.hasNewer || reachedEnd)
        this.#window.extend("newer", messages, !reachedEnd, this.#maxItems * 2);
      else this.#window.refresh(messages);
    } catch (error) {
      // Another epoch: what is held is no more.
      if (error instanceof ChinwagError && error.code === "badCursor") return this.#fromEnd();
      throw error;
    }
  }

  async #fromEnd(): Promise<void> {
    const page = await this.source.history({ limit: this.#pageSize });
    this.#window.replace(page.messages, page.hasMore, false);
  }

  /** One load after the other; the same one only once at a time. */
  #load(name: string, run: () => Promise<void>): Promise<void> {
    const under = this.#loads.get(name);
    if (under) return under;
    const load = this.#last
      .catch(() => {})
      .then(() => {
        this.#window.expect();
        return run();
      })
      .finally(() => {
        this.#window.unexpect();
        this.#loads.delete(name);
        this.show();
      });
    this.#loads.set(name, load);
    this.#last = load;
    load.catch(() => {});
    return load;
  }
}
