/** How far the members of a chat have read. */

import { compareIds } from "../ids.js";
import type {
  ChatId,
  MessageId,
  Receipt,
  ReceiptCount,
  ReceiptFrame,
  ReceiptsPage,
  UserId,
} from "../protocol/index.js";
import { Emitter } from "./emitter.js";

/** How far a message has come. */
export interface Reach {
  /** Other members whom it reached, and those of them who have read it. */
  delivered: number;
  read: number;
  /** Who, in groups up to 100 members. */
  deliveredTo: UserId[];
  readBy: UserId[];
}

/** The marks of a chat's members; above 100 members counts at the user's own last message. */
export class Receipts {
  readonly #emitter = new Emitter<{ change: Receipts }>();
  readonly #marks = new Map<UserId, Receipt>();
  /** Whose marks came live: newer than what is being read. */
  readonly #heard = new Set<UserId>();
  #counts: ReceiptCount | undefined;

  /** @internal */
  constructor(
    readonly chatId: ChatId,
    private readonly me: () => UserId | undefined,
    private readonly onClose: () => void,
  ) {}

  /** Calls `listener` after each change. Returns what stops it. */
  on(type: "change", listener: (receipts: Receipts) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Returns how far a message of the user's has come. */
  of(id: MessageId): Reach {
    const others = [...this.#marks.values()].filter(({ userId }) => userId !== this.me());
    const reached = (mark: MessageId | undefined) => mark !== undefined && compareIds(mark, id) >= 0;
    const readBy = others.filter((one) => reached(one.lastReadMessageId)).map(({ userId }) => userId);
    const deliveredTo = others
      .filter((one) => reached(one.deliveredMessageId) || reached(one.lastReadMessageId))
      .map(({ userId }) => userId);
    // Who has reached a later message has reached this one.
    const counts = this.#counts && compareIds(this.#counts.messageId, id) >= 0 ? this.#counts : undefined;
    return {
      delivered: Math.max(deliveredTo.length, counts?.delivered ?? 0),
      read: Math.max(readBy.length, counts?.read ?? 0),
      deliveredTo,
      readBy,
    };
  }

  /** Stops following. */
  close(): void {
    this.onClose();
  }

  /** @internal */
  load({ receipts, counts }: ReceiptsPage): void {
    for (const receipt of receipts)
      if (!this.#heard.has(receipt.userId)) this.#marks.set(receipt.userId, receipt);
    this.#counts ??= counts;
    this.#emitter.emit("change", this);
  }

  /** @internal */
  receive(frame: ReceiptFrame): void {
    if ("userId" in frame) {
      this.#heard.add(frame.userId);
      this.#marks.set(frame.userId, frame);
    } else this.#counts = frame;
    this.#emitter.emit("change", this);
  }
}
