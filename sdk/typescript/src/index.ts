/**
 * Chinwag's client: chat that reconnects, resends, syncs and repairs itself, in browsers and Node.
 *
 * Begin with {@link Client}.
 *
 * @packageDocumentation
 */

export { changePassword, login, logout, register, signedIn } from "./accounts.js";
export { bytes } from "./arguments.js";
export type { Known, KnownChange, KnownChat, KnownStore } from "./driver/known-store.js";
export type { Change, ConnectionState, Mark, OutboxEntry, TypingState } from "./driver/messages.js";
export { indexedDbStore, memoryStore, type OutboxStore } from "./driver/outbox-store.js";
export type { Environment, Timer, WebSocketConstructor, WebSocketLike } from "./environment.js";
export { ChinwagError, type ErrorName, type Failure } from "./errors.js";
export type { MakeWorker } from "./host/in-worker.js";
export { Http, type Parameters, type Part, type TokenSource } from "./http.js";
export { compareIds } from "./ids.js";
export type { Chat, ChatEventName, SendOptions } from "./page/chat.js";
export type { ChatList } from "./page/chat-list.js";
export { Client } from "./page/client.js";
export type { ClientEvents } from "./page/events.js";
export type { ClientOptions } from "./page/options.js";
export type { Outgoing } from "./page/outgoing.js";
export type { PresenceBook } from "./page/presence.js";
export type { Reach, Receipts } from "./page/receipts.js";
export type {
  HistoryOptions,
  ShownMessage,
  Timeline,
  TimelineItem,
  TimelineOptions,
} from "./page/timeline.js";
export type { TokenCallback } from "./page/tokens.js";
export type * as protocol from "./protocol/index.js";
export type {
  Limits,
  Member,
  Message,
  MessagesPage,
  Presence,
  Problem,
  Reaction,
  Role,
  SearchAnswer,
  SearchHit,
  TokenAnswer,
  User,
} from "./protocol/index.js";
export { CloseCode } from "./protocol/index.js";
