/** What a page and the driver of its connection say to each other; all of it can be cloned. */

import type { Failure } from "../errors.js";
import type {
  Chat,
  ChatId,
  ClientFrame,
  FrameOf,
  Limits,
  LogFrame,
  MessageId,
  Place,
  Presence,
  ReceiptFrame,
  UserId,
} from "../protocol/index.js";

/** A change of a chat: waits in the outbox until it is answered for good. */
export type Change = Extract<ClientFrame, { type: "send" | "edit" | "delete" | "react" | "unreact" }>;

/** A question whose answer is given back to the page that asked. */
export type Query = Extract<ClientFrame, { type: "events" | "history" }>;

/** The answer to a query. */
export type QueryAnswer = FrameOf<"events"> | FrameOf<"messages">;

/** How the connection is. */
export type ConnectionState =
  /** Not yet there, or on its way back. */
  | "connecting"
  /** Everything missed has come. */
  | "online"
  /** Gone; it comes back by itself. */
  | "offline"
  /** Gone for good. */
  | "closed";

/** A change in the outbox. */
export interface OutboxEntry {
  /** The client id that it was made with; stays, also where the server wanted another one. */
  key: string;
  /** Rises from entry to entry. */
  order: number;
  /** When it was made, milliseconds since 1970. */
  madeAt: number;
  request: Change;
  state: "pending" | "failed";
  failure?: Failure;
}

/** A mark to move. */
export interface Mark {
  chatId: ChatId;
  kind: "read" | "delivered";
  messageId: MessageId;
  /** Lets the read mark move back. */
  unread?: boolean;
}

/** Who is typing in a chat. */
export interface TypingState {
  chatId: ChatId;
  /** Who, as far as that is told: up to three in a large group. */
  userIds: UserId[];
  /** How many. */
  count: number;
}

/** What the driver knows, told to a page that attaches. */
export interface Snapshot {
  state: ConnectionState;
  failure?: Failure;
  limits?: Limits;
  /** How far the device's clock is ahead of the server's, milliseconds. */
  aheadMs: number;
  chats: Chat[];
  places: Record<ChatId, Place>;
  outbox: OutboxEntry[];
  typing: TypingState[];
  presence: Presence[];
}

/** What a page says. */
export type Ask =
  | { type: "attach"; places: Record<ChatId, Place>; watch: UserId[]; screen: ChatId[] }
  | { type: "detach" }
  | { type: "token"; n: number; token?: string; failure?: Failure }
  | { type: "change"; key: string; request: Change }
  | { type: "retry"; key: string }
  | { type: "discard"; key: string }
  | { type: "query"; n: number; request: Query }
  | { type: "mark"; mark: Mark }
  | { type: "typing"; chatId: ChatId }
  | { type: "watch"; add: UserId[]; remove: UserId[] }
  | { type: "screen"; add: ChatId[]; remove: ChatId[] }
  /** A chat as an answer over HTTP tells it. */
  | { type: "learn"; chat: Chat }
  /** Something of a chat changed that no frame tells. */
  | { type: "refresh"; chatId: ChatId }
  /** This device is to forget the chats. */
  | { type: "forget" }
  /** The page came to the front, or the network is back. */
  | { type: "wake" };

/** What the driver says. */
export type Tell =
  /** A driver is there: attach. */
  | { type: "hello"; driver: string }
  | { type: "attached"; snapshot: Snapshot }
  | { type: "state"; state: ConnectionState; failure?: Failure; limits?: Limits; aheadMs: number }
  | { type: "askToken"; n: number; fresh: boolean }
  | { type: "log"; frame: LogFrame }
  | { type: "chat"; chat: Chat }
  | { type: "left"; chatId: ChatId }
  | { type: "restart"; chatId: ChatId; place: Place }
  | { type: "receipt"; receipt: ReceiptFrame }
  | { type: "typing"; typing: TypingState }
  | { type: "presence"; presence: Presence }
  | { type: "outgoing"; entry: OutboxEntry }
  /** A change is answered for good, or was given up. */
  | { type: "settled"; key: string; answer?: FrameOf<"ack">; failure?: Failure }
  | { type: "answer"; n: number; answer?: QueryAnswer; failure?: Failure }
  /** Something went wrong that no request waits for. */
  | { type: "trouble"; failure: Failure };

/** One end of a line between a page and a driver. */
export interface Port<Out, In> {
  post(message: Out): void;
  /** Calls `take` for each message that comes from now on. */
  listen(take: (message: In) => void): void;
  close(): void;
}

/** The page's end. */
export type PagePort = Port<Ask, Tell>;
/** The driver's end. */
export type DriverPort = Port<Tell, Ask>;
