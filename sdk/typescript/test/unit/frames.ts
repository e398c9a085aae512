/** Frames and shapes for tests. */

import type { Chat, LogFrame, Message, ServerFrame } from "../../src/protocol/index.js";

export const CHAT = "700000000000000001";

/** Makes a message; its id rises with its place. */
export function message(seq: number, over: Partial<Message> = {}): Message {
  return {
    id: String(800000000000000000n + BigInt(seq)),
    chatId: CHAT,
    seq,
    senderId: "ben",
    content: `m${seq}`,
    timestamp: "2026-06-01T12:00:00.000Z",
    status: "sent",
    mentions: [],
    metadata: {},
    reactions: [],
    changeSeq: seq,
    ...over,
  };
}

/** Makes the frame of a message. */
export function said(seq: number, over: Partial<Message> = {}): Extract<LogFrame, { type: "message" }> {
  return { type: "message", chatId: over.chatId ?? CHAT, epoch: 1, seq, message: message(seq, over) };
}

/** Makes a chat as the server tells it. */
export function chat(seq: number, over: Partial<Chat> = {}): Chat {
  return {
    id: CHAT,
    type: "group",
    name: "tea",
    role: "member",
    epoch: 1,
    head: { seq, ...(seq > 0 && { lastMessage: message(seq) }) },
    unread: 0,
    mentions: 0,
    marks: {},
    memberCount: 2,
    push: "all",
    ...over,
  };
}

/** Makes the answer to a sync. */
export function synced(id: number | undefined, chats: unknown[] = [], over = {}): ServerFrame {
  return {
    type: "sync",
    ...(id !== undefined && { id }),
    token: "t1",
    chats,
    left: [],
    complete: true,
    ...over,
  } as ServerFrame;
}
