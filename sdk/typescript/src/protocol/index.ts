/** The protocol: the server's own types, and what it says in words only. */

import type { Event, EventId, LogFrame, Operations, ServerFrame } from "./generated.js";

export type * from "./generated.js";

/** The WebSocket's subprotocol. */
export const SUBPROTOCOL = "chinwag.v1.json";

/** Why the server closes a session; from 4500 to 4999 a client doesn't come back. */
export const CloseCode = {
  tokenExpired: 4001,
  heartbeatMissed: 4002,
  slowConsumer: 4008,
  draining: 4009,
  tooManyFrames: 4029,
  protocolError: 4500,
  badToken: 4501,
  revoked: 4503,
  wrongVersion: 4505,
} as const;

/** Tells whether a client that was closed with this code should come back. */
export function reconnects(code: number): boolean {
  return code < 4500 || code >= 5000;
}

/** A message's id, which is that of the event that brought it. */
export type MessageId = EventId;

/** The frame of a type that the server sends. */
export type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** A reaction that was put on a message or taken off. */
export type ReactionEvent = Extract<Event, { messageId: string }>;

/** Members who came, went or changed roles. */
export type MembershipEvent = Extract<Event, { change: string }>;

/** A chat that was renamed, changed or deleted. */
export type ChatEvent = Event & { name?: string; historyVisible?: "all" | "joined"; deleted?: boolean };

/** A log frame of a type. */
export type LogFrameOf<T extends LogFrame["type"]> = Extract<LogFrame, { type: T }>;

/** The name of an operation of the HTTP API, such as `"GET /v1/chats"`. */
export type OperationName = keyof Operations;
