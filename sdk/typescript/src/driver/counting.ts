/** The user's chats and marks at work: counts follow the log and the marks, and the marks go out. */

import { Alarm } from "../environment.js";
import type { Http } from "../http.js";
import { compareIds } from "../ids.js";
import type { Chat, ChatId, LogFrame, Receipt, ReceiptFrame, ServerFrame } from "../protocol/index.js";
import { type Change, Chats } from "./chats.js";
import type { Context } from "./context.js";
import { Doubts } from "./doubts.js";
import { Marks } from "./marks.js";
import type { Mark } from "./messages.js";

/** The part of the frames that marks may take. */
const SHARE = 0.5;

/** Keeps chats and marks. */
export class Counting {
  readonly #chats: Chats;
  readonly #marks = new Marks();
  readonly #doubts: Doubts;
  /** Chats to read again once their mark is kept. */
  readonly #afterMark = new Set<ChatId>();
  readonly #move: Alarm;

  constructor(
    private readonly context: Context,
    http: Http,
    /** Whether what arrives is marked as delivered. */
    private readonly marksDelivered: boolean,
    private readonly listener: {
      learnt(chat: Chat): void;
      gone(): void;
      /** A chat is another than before, or gone. */
      changed(chatId: ChatId): void;
      marked(mark: Mark): void;
      /** The server has a chat's read mark. */
      kept(chatId: ChatId): void;
    },
  ) {
    this.#chats = new Chats(context.me);
    this.#doubts = new Doubts(context.environment, http, { read: listener.learnt, gone: listener.gone });
    this.#move = new Alarm(context.environment, () => this.move());
  }

  /** Every chat. */
  get chats(): Chat[] {
    return this.#chats.all;
  }

  /** Returns a chat. */
  chat(chatId: ChatId): Chat | undefined {
    return this.#chats.get(chatId);
  }

  /** Whether only the server can tell how a chat is. */
  isDoubtful(chatId: ChatId): boolean {
    return this.#doubts.has(chatId) || this.#afterMark.has(chatId);
  }

  /** Takes what an earlier client knew, and the marks that it couldn't tell. */
  restore(chats: Iterable<Chat>, marks: Iterable<Mark>): void {
    for (const mark of marks) this.#marks.want(mark);
    for (const chat of chats) this.#chats.snapshot(chat, this.#marks.pendingRead(chat.id));
  }

  /** Takes a chat as the server counted it. */
  snapshot(chat: Chat): void {
    this.#doubts.told(chat.id);
    this.#changed(this.#chats.snapshot(chat, this.#marks.pendingRead(chat.id)));
    this.#arrived(chat.id);
  }

  /** Takes a frame of a chat's log. */
  receive(frame: LogFrame): void {
    this.#changed(this.#chats.receive(frame));
    if (frame.type === "message") this.#arrived(frame.chatId);
  }

  /** Takes a mark that the user moved here. */
  mark(mark: Mark): void {
    const { chatId, messageId, unread = false } = mark;
    this.#marks.want(mark);
    if (mark.kind === "read") {
      const pending = this.#marks.pendingRead(chatId);
      if (pending) this.listener.marked(pending);
      this.#changed(this.#chats.read(chatId, messageId, unread));
    }
    this.move();
  }

  /** Takes a receipt: the user's own come from another device. */
  receipt(frame: ReceiptFrame): void {
    const { userId, chatId, lastReadMessageId, deliveredMessageId } = frame as Partial<Receipt>;
    if (userId !== this.context.me || chatId === undefined) return;
    if (lastReadMessageId) this.#changed(this.#chats.read(chatId, lastReadMessageId, true));
    if (deliveredMessageId) this.#changed(this.#chats.delivered(chatId, deliveredMessageId));
  }

  /** Takes that something of a chat changed that no frame tells. */
  doubt(chatId: ChatId): void {
    this.#doubts.add(chatId);
  }

  /** Forgets a chat that the user is no longer in. */
  forget(chatId: ChatId): void {
    this.#chats.forget(chatId);
    this.#marks.forget(chatId);
    this.#doubts.forget(chatId);
    this.#afterMark.delete(chatId);
    this.listener.changed(chatId);
    this.listener.kept(chatId);
  }

  /** Sends the marks that may go out now. */
  move(): void {
    if (!this.context.isReady()) return;
    const now = this.context.environment.now();
    const { pace } = this.context.requests;
    for (const mark of this.#marks.due(now, pace.room(now, SHARE))) this.#send(mark);
    const dueAt = this.#marks.dueAt();
    if (dueAt === undefined) return;
    const roomInMs = pace.room(now, SHARE) > 0 ? 0 : pace.roomInMs(now);
    this.#move.setEarlier(Math.max(dueAt - now, roomInMs));
  }

  /** Sends and reads nothing more. */
  close(): void {
    this.#move.clear();
    this.#doubts.close();
  }

  #changed(change: Change | undefined): void {
    if (!change) return;
    const { chat, uncertain } = change;
    this.context.tellAll({ type: "chat", chat });
    this.listener.changed(chat.id);
    if (!uncertain) return;
    if (this.#marks.pendingRead(chat.id)) this.#afterMark.add(chat.id);
    else this.#doubts.add(chat.id);
  }

  /** Marks the last message of a chat as delivered. */
  #arrived(chatId: ChatId): void {
    const chat = this.#chats.get(chatId);
    const last = chat?.head.lastMessage;
    if (!this.marksDelivered || !last || last.senderId === this.context.me) return;
    const { delivered } = chat.marks;
    if (delivered !== undefined && compareIds(last.id, delivered) <= 0) return;
    this.#marks.want({ chatId, kind: "delivered", messageId: last.id });
    this.move();
  }

  #send(mark: Mark): void {
    const { chatId, kind, messageId, unread } = mark;
    const again = () => {
      this.#marks.answered(mark, true);
      this.move();
    };
    const answer = (frame: ServerFrame) => {
      if (frame.type === "error" && frame.error.retryable) return again();
      this.#marks.answered(mark, false);
      if (kind === "read" && !this.#marks.pendingRead(chatId)) this.listener.kept(chatId);
      if (frame.type === "ok") this.#kept(mark);
      this.move();
    };
    this.context.requests.ask(
      kind === "read"
        ? { type: "read", chatId, lastReadMessageId: messageId, ...(unread && { unread }) }
        : { type: "delivered", chatId, deliveredMessageId: messageId },
      { answer, lost: again },
    );
  }

  #kept({ chatId, kind, messageId }: Mark): void {
    if (kind === "delivered") this.#changed(this.#chats.delivered(chatId, messageId));
    else if (!this.#marks.pendingRead(chatId) && this.#afterMark.delete(chatId)) this.#doubts.add(chatId);
  }
}
