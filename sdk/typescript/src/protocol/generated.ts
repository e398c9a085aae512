// Made by "npm run generate" of the server's /openapi.json and /asyncapi.json; a test fails when they differ.

/** `POST /chats/{id}/members`. */
export interface AddMembers {
  /** The caller's own id of the request. */
  clientId?: ClientId;
  /** Up to 1,000 users, added as one event. */
  userIds: UserId[];
}

/** `POST /auth/password`. */
export interface ChangePassword {
  /** The one from now on. */
  newPassword: string;
  /** The password so far. */
  password: string;
}

/** A chat as one member sees it. */
export interface Chat {
  /** The epoch of its places. */
  epoch: Epoch;
  /** Its end. */
  head: ChatHead;
  /** From where new members read. */
  historyVisible?: HistoryVisible;
  /** The chat's id. */
  id: ChatId;
  /** The caller's marks. */
  marks: Marks;
  /** How many members there are. */
  memberCount: number;
  /** The members, of a direct chat and where one chat is asked for, at most 100. */
  members?: Member[];
  /** How many of the unread messages mention the caller. */
  mentions: number;
  /** Until when the caller wants no push. */
  mutedUntil?: Timestamp;
  /** A group's name. */
  name?: string;
  /** Which messages are pushed to the caller. */
  push: PushPreference;
  /** The caller's role. */
  role: Role;
  /** Its kind. */
  type: ChatType;
  /** Messages of others, not deleted, visible, after the caller's read mark. */
  unread: number;
  /** Present and true where `unread` is a bound, not exact. */
  unreadCapped?: boolean;
}

/** A chat's end: its last place and last message. */
export interface ChatHead {
  /** The last message that the caller may see. */
  lastMessage?: Message;
  /** The last place. */
  seq: Seq;
}

export type ChatId = string;

/** Two kinds of chat. */
export type ChatType = "direct" | "group";

/** A page of the caller's chats, latest message first. */
export interface ChatsPage {
  /** The chats. */
  chats: Chat[];
  /** Leads to the next page, where there is one. */
  nextCursor?: string;
}

/** What a client sends. Unknown fields are ignored; an unknown `type` gets an error and the connection stays. */
export type ClientFrame = {
  /** The request's number; a frame without one gets no answer. */
  id?: number;
} & ({
  /** The device, if the client names it. */
  deviceId?: DeviceId;
  /** The JWT. */
  token: string;
  type: "auth";
} | SendFrame & {
  type: "send";
} | {
  /** The chat. */
  chatId: ChatId;
  /** The sender's own id of this edit. */
  clientId?: ClientId;
  /** The new content. */
  content: string;
  /** The message. */
  messageId: EventId;
  type: "edit";
} | {
  /** The chat. */
  chatId: ChatId;
  /** The sender's own id of this deletion. */
  clientId?: ClientId;
  /** The message. */
  messageId: EventId;
  type: "delete";
} | ReactFrame & {
  type: "react";
} | ReactFrame & {
  type: "unreact";
} | {
  /** The chat. */
  chatId: ChatId;
  /** The last message read. */
  lastReadMessageId: EventId;
  type: "read";
  /** Lets the mark move back. */
  unread?: boolean;
} | {
  /** The chat. */
  chatId: ChatId;
  /** The last message that arrived. */
  deliveredMessageId: EventId;
  type: "delivered";
} | {
  /** The chat. */
  chatId: ChatId;
  type: "typing";
} | {
  /** The places of the chats on the screen. */
  chats?: Record<string, Place>;
  type: "heartbeat";
} | SyncRequest & {
  type: "sync";
} | {
  /** The place before the first one wanted. */
  after: Seq;
  /** The chat. */
  chatId: ChatId;
  /** The epoch that `after` belongs to. */
  epoch?: Epoch;
  /** How many at most. */
  limit?: number;
  type: "events";
} | HistoryQuery & {
  type: "history";
} | {
  /** Users to watch from now on: as long as one shares a chat with them, and again when one does. */
  add?: UserId[];
  /** Users to watch no longer. */
  remove?: UserId[];
  type: "watchPresence";
});

export type ClientId = string;

/** `POST /chats`. */
export type CreateChat = {
  /** The caller's own id of the request. */
  clientId?: ClientId;
  type: "direct";
  /** The other user. */
  userId: UserId;
} | {
  /** The caller's own id of the request. */
  clientId?: ClientId;
  /** From where members who come later read. */
  historyVisible?: HistoryVisible;
  /** Who else is a member. */
  members?: UserId[];
  /** Its name. */
  name: string;
  type: "group";
};

/** A device that gets pushes. */
export interface Device {
  /** The device. */
  deviceId: DeviceId;
  /** The provider. */
  kind: DeviceKind;
  /** The language of the notes. */
  locale?: string;
  /** When it was last registered. */
  updatedAt: Timestamp;
}

export type DeviceId = string;

/** Who brings a push to a device. */
export type DeviceKind = "fcm" | "apns" | "webpush";

/** `GET /devices`. */
export interface Devices {
  /** The caller's devices. */
  devices: Device[];
}

/** `PATCH /messages/{id}`. */
export interface EditMessage {
  /** The sender's own id of this edit. */
  clientId?: ClientId;
  /** The new content. */
  content: string;
}

/** Rises only when places may be given twice: a restore, or a start that accepted a loss. */
export type Epoch = number;

/** What went wrong, as a name that a program can rely on. */
export type ErrorCode = "badJson" | "badRequest" | "badCursor" | "badQuery" | "clientIdFromFuture" | "badHandshake" | "headTooLarge" | "tooLarge" | "unknownType" | "unauthorized" | "badCredentials" | "disabled" | "forbidden" | "forbiddenOrigin" | "notFound" | "unknownUser" | "notAllowed" | "nameTaken" | "idempotencyConflict" | "messageDeleted" | "conflict" | "wrongVersion" | "rateLimited" | "internal" | "unknownOutcome" | "overloaded" | "storageFull" | "notOwner" | "unavailable" | "readOnly";

/** What happened at a place that holds no message. */
export type Event = {
  /** The event's id. */
  id: EventId;
  /** When the server took it. */
  timestamp: Timestamp;
  /** Who did it. */
  userId: UserId;
} & ({
  /** How many have it now: the result, not a step. */
  count: number;
  /** The reaction. */
  key: string;
  /** The message. */
  messageId: EventId;
  /** Put on, or taken off. */
  on: boolean;
} | {
  /** What changed. */
  change: MembershipChange;
  /** Who became owner because the last one left. */
  heir?: UserId;
  /** The new role: of those added, or of whom `role` is about; with `left`, of `heir`. */
  role?: Role;
  /** Whose membership. */
  userIds: UserId[];
} | {
  /** Present and true where the chat is gone. */
  deleted?: boolean;
  /** The new rule for members who come. */
  historyVisible?: HistoryVisible;
  /** The new name. */
  name?: string;
} | {});

export type EventId = string;

/** The places after one, gap-free. */
export interface EventsPage {
  /** The chat. */
  chatId: ChatId;
  /** The epoch of the places; where it isn't the one asked with, the client takes the chat anew. */
  epoch: Epoch;
  /** The very frames of live delivery. */
  events: LogFrame[];
  /** Whether there are more. */
  hasMore: boolean;
}

/** One field that was refused. */
export interface FieldError {
  /** What is wrong with it, for a person. */
  detail: string;
  /** A JSON pointer (RFC 6901) to the field. */
  pointer: string;
}

/** `GET /messages`, and the `history` frame. At most one of the three cursors. */
export interface HistoryQuery {
  /** A time with a zone or an event's id: messages after it, oldest first. */
  after?: string;
  /** A time with a zone or an event's id: messages around it, oldest first. */
  around?: string;
  /** A time with a zone or an event's id: messages before it, newest first. */
  before?: string;
  /** The chat. */
  chatId: ChatId;
  /** 1 to 200; 50 where it's missing. */
  limit?: number;
}

/** From where a new member of a group may read. */
export type HistoryVisible = "all" | "joined";

/** Sizes in bytes and counts; the defaults are the protocol's. */
export interface Limits {
  /** An answer; a page may be shorter than asked for to stay below it. */
  answerBytes: number;
  /** A request's body, and a client's frame. */
  bodyBytes: number;
  /** A message's content, bytes of UTF-8 after decoding. */
  contentBytes: number;
  /** Frames of a session in any 10 s, heartbeats apart; beyond, it is closed with 4029. Missing: no bound. */
  framesIn10S?: number;
  /** A request's body for `/chats` and `/members`. */
  membersBodyBytes: number;
  /** Users that one request may add to a chat. */
  membersPerRequest: number;
  /** Users that one message may mention. */
  mentions: number;
  /** A message's metadata, bytes of its canonical text. */
  metadataBytes: number;
  /** A chat's or a user's name, bytes. */
  nameBytes: number;
  /** Items of a page, at most. */
  page: number;
  /** A reaction key's bytes. */
  reactionKeyBytes: number;
  /** Different reaction keys on a message. */
  reactionKeys: number;
  /** A user's sessions at a time. */
  sessionsPerUser: number;
  /** Chats that one sync may name. */
  syncChats: number;
  /** Events that sync sends of one chat before it says `limited`. */
  syncEvents: number;
  /** Users that one session may watch, and one presence request may name. */
  watchedUsers: number;
}

/** A place of a chat's log as one member sees it, live and in `sync` and `events` alike. */
export type LogFrame = {
  /** The chat. */
  chatId: ChatId;
  /** The epoch of its places. */
  epoch: Epoch;
  /** The place. */
  seq: Seq;
} & ({
  /** The message as it is now. */
  message: Message;
  type: "message";
} | {
  /** The edit's own id. */
  eventId: EventId;
  /** The message as it is now. */
  message: Message;
  type: "messageEdited";
} | {
  /** The deletion's own id. */
  eventId: EventId;
  /** The tombstone. */
  message: Message;
  type: "messageDeleted";
} | {
  /** What happened. */
  event: Event;
  type: "reaction";
} | {
  /** What happened. */
  event: Event;
  type: "membership";
} | {
  /** What happened. */
  event: Event;
  type: "chat";
} | {
  type: "hidden";
});

/** `POST /auth/login`. */
export interface Login {
  /** The password. */
  password: string;
  /** The user, in any spelling that RFC 8265 takes for the same. */
  userId: string;
}

/** The caller's marks in a chat. */
export interface Marks {
  /** The last message that arrived at one of the caller's devices. */
  delivered?: EventId;
  /** The last message that the caller has read. */
  read?: EventId;
}

/** A member of a chat. */
export interface Member {
  /** When they joined, the last time. */
  joinedAt: Timestamp;
  /** The user's name. */
  name?: string;
  /** The role in this chat. */
  role: Role;
  /** The user. */
  userId: UserId;
}

/** A page of a chat's members, ordered by user id. */
export interface MembersPage {
  /** The members. */
  members: Member[];
  /** Leads to the next page, where there is one. */
  nextCursor?: string;
}

/** What a membership event changed. */
export type MembershipChange = "added" | "removed" | "left" | "role";

/** A message as it is now. */
export interface Message {
  /** The place of the last change in it: its own, or that of an edit, deletion or reaction. */
  changeSeq: Seq;
  /** Its chat. */
  chatId: ChatId;
  /** The sender's own id of the send. */
  clientId?: ClientId;
  /** When the client says it was written; orders nothing. */
  clientTimestamp?: Timestamp;
  /** The text; empty once deleted. */
  content: string;
  /** When it was deleted. */
  deletedAt?: Timestamp;
  /** Who deleted it. */
  deletedBy?: UserId;
  /** When it was last edited. */
  editedAt?: Timestamp;
  /** The message's id. */
  id: EventId;
  /** Whom it mentions. */
  mentions: UserId[];
  /** What the app attached. */
  metadata: Metadata;
  /** The reactions to it, in the order in which their keys first came. */
  reactions: Reaction[];
  /** The message that it answers. */
  replyTo?: EventId;
  /** Who sent it. */
  senderId: UserId;
  /** Its place. */
  seq: Seq;
  /** What has become of it. */
  status: MessageStatus;
  /** When the server took it. */
  timestamp: Timestamp;
}

/** What has become of a message. */
export type MessageStatus = "sent" | "edited" | "deleted";

/** A page of messages. */
export interface MessagesPage {
  /** Whether there are more in that direction. */
  hasMore: boolean;
  /** The messages, in the order that the query asked for. */
  messages: Message[];
}

export type Metadata = Record<string, unknown>;

/** A part of the server. */
export interface Part {
  /** What is wrong, for a person. */
  detail?: string;
  /** Its name. */
  name: string;
  /** Whether it is well. */
  ok: boolean;
}

/** The places that a client holds of a chat, as far as they are gap-free. */
export interface Place {
  /** The epoch that the place belongs to. */
  epoch: Epoch;
  /** The last place of a gap-free prefix. */
  seq: Seq;
}

/** `PUT /chats/{id}/preferences`: the caller's own, as a whole. */
export interface Preferences {
  /** Until when no push is wanted; missing: not muted. */
  mutedUntil?: Timestamp;
  /** Which messages are pushed. */
  push?: PushPreference;
}

/** A user's presence. */
export interface Presence {
  /** When the last session ended, as far as that is known. */
  lastSeen?: Timestamp;
  /** Online or offline. */
  status: PresenceStatus;
  /** The user. */
  userId: UserId;
}

/** The presence of the users asked for. */
export interface PresenceAnswer {
  /** Only of users who share a chat with the caller. */
  users: Presence[];
}

/** Whether a user has a session. */
export type PresenceStatus = "online" | "offline";

/** An error answer: `application/problem+json`, and the `error` of an error frame. */
export interface Problem {
  /** What happened, for a program. */
  code: ErrorCode;
  /** What happened and what to do, for a person. */
  detail: string;
  /** Each field that was refused. */
  errors?: FieldError[];
  /** Finds the request in the server's log. */
  requestId?: string;
  /** How long to wait before that, in milliseconds. */
  retryAfterMs?: number;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** The server's time, where the client's clock is the problem. */
  serverTime?: Timestamp;
  /** The HTTP status. */
  status: number;
  /** The code's title. */
  title: string;
  /** Names the kind of problem: `about:blank` followed by nothing; `code` tells more. */
  type: string;
}

/** `GET /push`. */
export interface PushOffer {
  /** The kinds of device that are told of messages. */
  kinds: DeviceKind[];
  /** The key that browsers subscribe with (RFC 8292), base64url; where they are told. */
  vapidPublicKey?: string;
}

/** Which messages of a chat are pushed to a user's devices. */
export type PushPreference = "all" | "mentions" | "none";

/** `PUT /chats/{id}/delivered`. */
export interface PutDelivered {
  /** The last message that arrived. */
  deliveredMessageId: EventId;
}

/** `POST /devices`. */
export interface PutDevice {
  /** The device. */
  deviceId: DeviceId;
  /** The provider. */
  kind: DeviceKind;
  /** The language of the notes, such as `de-AT`. */
  locale?: string;
  /** The browser's subscription; for `webpush`. */
  subscription?: Metadata;
  /** The provider's token; for `fcm` and `apns`. */
  token?: string;
}

/** `PUT /chats/{id}/members/{userId}`: adds or changes one. */
export interface PutMember {
  /** The caller's own id of the request. */
  clientId?: ClientId;
  /** The role from now on. */
  role: Role;
}

/** `PUT /chats/{id}/read`. */
export interface PutRead {
  /** The last message read. */
  lastReadMessageId: EventId;
  /** Lets the mark move back. */
  unread?: boolean;
}

/** `PATCH /me`, and `PUT /users/{id}` by an API key. */
export interface PutUser {
  /** The name that people see. */
  name?: string;
}

/** A reaction to put on or take off. */
export interface ReactFrame {
  /** The chat. */
  chatId: ChatId;
  /** The sender's own id of this reaction. */
  clientId?: ClientId;
  /** The reaction. */
  key: string;
  /** The message. */
  messageId: EventId;
}

/** How many reacted to a message with one key. */
export interface Reaction {
  /** Users who reacted so. */
  count: number;
  /** The reaction, most often an emoji. */
  key: string;
  /** Whether the caller is one of them; in answers only. */
  mine?: boolean;
}

/** One member's marks in a chat, as the other members see them. */
export interface Receipt {
  /** The chat. */
  chatId: ChatId;
  /** The last message delivered. */
  deliveredMessageId?: EventId;
  /** The last message read. */
  lastReadMessageId?: EventId;
  /** Whose marks. */
  userId: UserId;
}

/** How many members of a large group a message reached and how many read it. */
export interface ReceiptCount {
  /** The chat. */
  chatId: ChatId;
  /** Members whose delivered mark is at or past it. */
  delivered: number;
  /** The message counted at: the author's last, or the chat's. */
  messageId: EventId;
  /** Members whose read mark is at or past it. */
  read: number;
}

/** A moved mark: one member's in a small group, counts in a large one. */
export type ReceiptFrame = ReceiptCount | Receipt;

/** The members' marks; above 100 members the counts, and the members by page. */
export interface ReceiptsPage {
  /** The counts at the last message, above 100 members. */
  counts?: ReceiptCount;
  /** Leads to the next page, where there is one. */
  nextCursor?: string;
  /** The marks, ordered by user id. */
  receipts: Receipt[];
}

/** `POST /auth/register`. */
export interface Register {
  /** The name that people see. */
  name?: string;
  /** At least 8 bytes, at most 1,024. */
  password: string;
  /** The id wanted; prepared by RFC 8265. */
  userId: string;
}

/** How the server is. */
export interface Report {
  /** The parts, where they were asked. */
  parts?: Part[];
  /** In one word. */
  status: Status;
  /** The version of this program. */
  version: string;
}

/** What a member may do. */
export type Role = "member" | "admin" | "owner";

/** Messages found, newest first. */
export interface SearchAnswer {
  /** The messages. */
  hits: SearchHit[];
  /** Leads to the next page, where there is one. */
  nextCursor?: string;
  /** How many there are in all, among those that the caller may read. */
  total: number;
}

/** A message found. */
export interface SearchHit {
  /** What matched in its content: ranges in UTF-16 code units, start inclusive, end exclusive, rising. */
  matches: Array<[number, number]>;
  /** The message as it is now. */
  message: Message;
}

/** A message to send. */
export interface SendFrame {
  /** The chat. */
  chatId: ChatId;
  /** The sender's own id of the send; without one a retry may double. */
  clientId?: ClientId;
  /** The text. */
  content: string;
  /** Whom it mentions. */
  mentions?: UserId[];
  /** What the app attaches. */
  metadata?: Metadata;
  /** The message that it answers. */
  replyTo?: EventId;
  /** When it was written, by the client's clock. */
  timestamp?: Timestamp;
}

/** `POST /messages`. */
export interface SendMessage {
  /** The chat. */
  chatId: ChatId;
  /** The sender's own id of the send; without one a retry may double. */
  clientId?: ClientId;
  /** The text. */
  content: string;
  /** Whom it mentions. */
  mentions?: UserId[];
  /** What the app attaches. */
  metadata?: Metadata;
  /** The message that it answers. */
  replyTo?: EventId;
  /** Who sends; the caller, unless an API key says otherwise. */
  senderId?: UserId;
  /** When it was written, by the client's clock. */
  timestamp?: Timestamp;
}

/** A place in a chat's log: dense, from 1; 0 stands before the first event. */
export type Seq = number;

/** What the server sends: answers carry the request's `id`, events carry none. */
export type ServerFrame = {
  /** How often to send a heartbeat. */
  heartbeatSeconds: number;
  /** The request's number. */
  id?: number;
  /** The server's limits. */
  limits: Limits;
  /** How long presence outlives the last sign of life. */
  presenceTtlSeconds: number;
  /** The server's time. */
  serverTime: Timestamp;
  /** This session. */
  sessionId: SessionId;
  type: "ready";
  /** Who is asking. */
  userId: UserId;
} | {
  /** The chat's epoch. */
  epoch: Epoch;
  /** The event, of anything else. */
  event?: Event;
  /** The request's number. */
  id?: number;
  /** The message, of a send. */
  message?: Message;
  /** The place that the change took. */
  seq: Seq;
  type: "ack";
} | {
  /** The request's number. */
  id?: number;
  type: "ok";
} | {
  /** The ends of those chats named that are ahead of the client. */
  chats?: Record<string, Place>;
  /** The request's number. */
  id?: number;
  type: "heartbeat";
} | {
  /** The chats that changed. */
  chats: SyncChat[];
  /** Whether that was all; else sync again with the new token. */
  complete: boolean;
  /** The request's number. */
  id?: number;
  /** Chats that the caller is no longer in. */
  left: ChatId[];
  /** Where to go on the next time. */
  token: string;
  type: "sync";
} | {
  /** The chat. */
  chatId: ChatId;
  /** The epoch of the places; where it isn't the one asked with, the client takes the chat anew. */
  epoch: Epoch;
  /** The very frames of live delivery. */
  events: LogFrame[];
  /** Whether there are more. */
  hasMore: boolean;
  /** The request's number. */
  id?: number;
  type: "events";
} | {
  /** Whether there are more in that direction. */
  hasMore: boolean;
  /** The request's number. */
  id?: number;
  /** The messages, in the order that the query asked for. */
  messages: Message[];
  type: "messages";
} | {
  /** Why. */
  error: Problem;
  /** The request's number. */
  id?: number;
  type: "error";
} | {
  /** The request's number. */
  id?: number;
  /** When the last session ended, as far as that is known. */
  lastSeen?: Timestamp;
  /** Online or offline. */
  status?: PresenceStatus;
  type: "presence";
  /** The user. */
  userId?: UserId;
  /** Each user's presence, in an answer. */
  users?: Presence[];
} | ReceiptFrame & {
  type: "receipt";
} | {
  /** The chat. */
  chatId: ChatId;
  /** How many are, in a large one. */
  count?: number;
  type: "typing";
  /** Who, in a small chat. */
  userId?: UserId;
  /** Up to three of those who are, in a large one. */
  userIds?: UserId[];
} | {
  /** How long to wait first, so that not all come at once. */
  afterMs: number;
  type: "resync";
} | {
  /** When it does. */
  expiresAt: Timestamp;
  type: "reauth";
} | {
  /** How long to wait first, so that not all come at once. */
  afterMs: number;
  type: "drain";
} | LogFrame;

/** One connection of one device. */
export interface Session {
  /** When it connected. */
  connectedAt: Timestamp;
  /** Whether it is the caller's own. */
  current: boolean;
  /** The device, where the client named it. */
  deviceId?: DeviceId;
  /** The session's id. */
  id: SessionId;
}

export type SessionId = string;

/** `GET /sessions`. */
export interface Sessions {
  /** The caller's sessions. */
  sessions: Session[];
}

/** How the server is, in one word. */
export type Status = "ok" | "degraded" | "draining" | "down";

/** What changed. */
export interface SyncAnswer {
  /** The chats that changed. */
  chats: SyncChat[];
  /** Whether that was all; else sync again with the new token. */
  complete: boolean;
  /** Chats that the caller is no longer in. */
  left: ChatId[];
  /** Where to go on the next time. */
  token: string;
}

/** A chat that changed. */
export interface SyncChat {
  /** The epoch of its places. */
  epoch: Epoch;
  /** The places after the client's, gap-free from there unless `limited`. */
  events: LogFrame[];
  /** Its end. */
  head: ChatHead;
  /** From where new members read. */
  historyVisible?: HistoryVisible;
  /** The chat's id. */
  id: ChatId;
  /** Whether places are missing between the client's and the first event. */
  limited: boolean;
  /** The caller's marks. */
  marks: Marks;
  /** How many members there are. */
  memberCount: number;
  /** The members, of a direct chat and where one chat is asked for, at most 100. */
  members?: Member[];
  /** How many of the unread messages mention the caller. */
  mentions: number;
  /** Until when the caller wants no push. */
  mutedUntil?: Timestamp;
  /** A group's name. */
  name?: string;
  /** Which messages are pushed to the caller. */
  push: PushPreference;
  /** The caller's role. */
  role: Role;
  /** Its kind. */
  type: ChatType;
  /** Messages of others, not deleted, visible, after the caller's read mark. */
  unread: number;
  /** Present and true where `unread` is a bound, not exact. */
  unreadCapped?: boolean;
}

/** `POST /sync`, and the `sync` frame. */
export interface SyncRequest {
  /** The places that the client holds, up to 1,000. */
  chats?: Record<string, Place>;
  /** The token of the last sync; null or missing for everything. */
  since?: string;
}

export type Timestamp = string;

/** What `register`, `login`, `refresh` and `password` answer. */
export interface TokenAnswer {
  /** When it expires. */
  expiresAt: Timestamp;
  /** A JWT. */
  token: string;
  /** Whose it is. */
  user: User;
}

/** `PATCH /chats/{id}`: what is present changes. */
export interface UpdateChat {
  /** The caller's own id of the request. */
  clientId?: ClientId;
  /** From where members who come from now on read. */
  historyVisible?: HistoryVisible;
  /** The new name. */
  name?: string;
}

/** A user as others see them. */
export interface User {
  /** Present and true where the account is disabled. */
  disabled?: boolean;
  /** The user's id. */
  id: UserId;
  /** The name that people see. */
  name?: string;
}

export type UserId = string;

/** Users found, in order of id; a page may be shorter than `limit`, `nextCursor` says whether there are more. */
export interface UsersPage {
  /** Leads to the next page, where there is one. */
  nextCursor?: string;
  /** The users. */
  users: User[];
}

/** An earlier content of a message. */
export interface Version {
  /** The text as it was. */
  content: string;
  /** Since when it was so. */
  timestamp: Timestamp;
}

/** `GET /messages/{id}/versions`. */
export interface Versions {
  /** Oldest first; the last one is the content as it is now. */
  versions: Version[];
}

/** Every operation of the HTTP API: what it takes and what it answers. */
export interface Operations {
  /** Describes the WebSocket. */
  "GET /asyncapi.json": {
    path: {};
    query: {};
    body: undefined;
    answer: {};
  };
  /** Answers as long as the process lives. */
  "GET /healthz": {
    path: {};
    query: {};
    body: undefined;
    answer: Report;
  };
  /** Describes the HTTP API. */
  "GET /openapi.json": {
    path: {};
    query: {};
    body: undefined;
    answer: {};
  };
  /** Tells whether clients are served, and what is degraded. */
  "GET /readyz": {
    path: {};
    query: {};
    body: undefined;
    answer: Report;
  };
  /** Signs in with a password. */
  "POST /v1/auth/login": {
    path: {};
    query: {};
    body: Login;
    answer: TokenAnswer;
  };
  /** Ends the token that asks; its sessions close. */
  "POST /v1/auth/logout": {
    path: {};
    query: {};
    body: undefined;
    answer: undefined;
  };
  /** Changes the own password; every token so far is revoked and its sessions close. */
  "POST /v1/auth/password": {
    path: {};
    query: {};
    body: ChangePassword;
    answer: TokenAnswer;
  };
  /** Gives a fresh token for one that holds. */
  "POST /v1/auth/refresh": {
    path: {};
    query: {};
    body: undefined;
    answer: TokenAnswer;
  };
  /** Makes an account and signs in. */
  "POST /v1/auth/register": {
    path: {};
    query: {};
    body: Register;
    answer: TokenAnswer;
  };
  /** Reads the caller's chats, latest message first. */
  "GET /v1/chats": {
    path: {};
    query: {
      /** `nextCursor` of the page before. */
      cursor?: string;
      /** 1 to 200; 50 where it's missing. */
      limit?: number;
      /** Only chats with a message or change since that time. */
      since?: string;
    };
    body: undefined;
    answer: ChatsPage;
  };
  /** Makes a group, or gives the direct chat with a user, made where there is none. */
  "POST /v1/chats": {
    path: {};
    query: {};
    body: CreateChat;
    answer: Chat;
  };
  /** Deletes a group, for all. */
  "DELETE /v1/chats/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: undefined;
  };
  /** Reads one chat with up to 100 members. */
  "GET /v1/chats/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: Chat;
  };
  /** Changes a group's name or rule. */
  "PATCH /v1/chats/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: UpdateChat;
    answer: Chat;
  };
  /** Moves the caller's delivered mark. */
  "PUT /v1/chats/{id}/delivered": {
    path: {
      id: string;
    };
    query: {};
    body: PutDelivered;
    answer: undefined;
  };
  /** Reads the places after one, gap-free. */
  "GET /v1/chats/{id}/events": {
    path: {
      id: string;
    };
    query: {
      /** The place before the first one wanted; 0 for all. */
      after?: number;
      /** The epoch that `after` belongs to. */
      epoch?: number;
      /** 1 to 200; 50 where it's missing. */
      limit?: number;
    };
    body: undefined;
    answer: EventsPage;
  };
  /** Reads a page of a chat's members. */
  "GET /v1/chats/{id}/members": {
    path: {
      id: string;
    };
    query: {
      /** `nextCursor` of the page before. */
      cursor?: string;
      /** 1 to 200; 50 where it's missing. */
      limit?: number;
    };
    body: undefined;
    answer: MembersPage;
  };
  /** Adds users, as one event. */
  "POST /v1/chats/{id}/members": {
    path: {
      id: string;
    };
    query: {};
    body: AddMembers;
    answer: Event;
  };
  /** Removes a member; oneself: leaves. */
  "DELETE /v1/chats/{id}/members/{userId}": {
    path: {
      id: string;
      userId: string;
    };
    query: {
      /** The sender's own id of the request. */
      clientId?: string;
    };
    body: undefined;
    answer: Event;
  };
  /** Adds one user, or changes a member's role. */
  "PUT /v1/chats/{id}/members/{userId}": {
    path: {
      id: string;
      userId: string;
    };
    query: {};
    body: PutMember;
    answer: Event;
  };
  /** Sets the caller's own settings of a chat, as a whole. */
  "PUT /v1/chats/{id}/preferences": {
    path: {
      id: string;
    };
    query: {};
    body: Preferences;
    answer: undefined;
  };
  /** Moves the caller's read mark. */
  "PUT /v1/chats/{id}/read": {
    path: {
      id: string;
    };
    query: {};
    body: PutRead;
    answer: undefined;
  };
  /** Reads the members' marks. */
  "GET /v1/chats/{id}/receipts": {
    path: {
      id: string;
    };
    query: {
      /** `nextCursor` of the page before. */
      cursor?: string;
      /** 1 to 200; 50 where it's missing. */
      limit?: number;
    };
    body: undefined;
    answer: ReceiptsPage;
  };
  /** Reads the caller's devices. */
  "GET /v1/devices": {
    path: {};
    query: {};
    body: undefined;
    answer: Devices;
  };
  /** Registers a device for pushes, or renews it. */
  "POST /v1/devices": {
    path: {};
    query: {};
    body: PutDevice;
    answer: Device;
  };
  /** Takes a device off pushes. */
  "DELETE /v1/devices/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: undefined;
  };
  /** Reads the caller. */
  "GET /v1/me": {
    path: {};
    query: {};
    body: undefined;
    answer: User;
  };
  /** Changes the caller's name. */
  "PATCH /v1/me": {
    path: {};
    query: {};
    body: PutUser;
    answer: User;
  };
  /** Reads a page of a chat's messages. */
  "GET /v1/messages": {
    path: {};
    query: {
      /** A time with a zone or an event's id: messages after it, oldest first. */
      after?: string;
      /** A time with a zone or an event's id: messages around it, oldest first. */
      around?: string;
      /** A time with a zone or an event's id: messages before it, newest first. */
      before?: string;
      /** The chat. */
      chatId: string;
      /** 1 to 200; 50 where it's missing. */
      limit?: number;
    };
    body: undefined;
    answer: MessagesPage;
  };
  /** Sends a message; 200 where it was sent before. */
  "POST /v1/messages": {
    path: {};
    query: {};
    body: SendMessage;
    answer: Message;
  };
  /** Deletes a message: a tombstone stays. */
  "DELETE /v1/messages/{id}": {
    path: {
      id: string;
    };
    query: {
      /** The sender's own id of the request. */
      clientId?: string;
    };
    body: undefined;
    answer: Message;
  };
  /** Reads one message. */
  "GET /v1/messages/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: Message;
  };
  /** Changes a message's content. */
  "PATCH /v1/messages/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: EditMessage;
    answer: Message;
  };
  /** Takes a reaction off a message. */
  "DELETE /v1/messages/{id}/reactions/{key}": {
    path: {
      id: string;
      key: string;
    };
    query: {
      /** The sender's own id of the request. */
      clientId?: string;
    };
    body: undefined;
    answer: Event;
  };
  /** Puts a reaction on a message. */
  "PUT /v1/messages/{id}/reactions/{key}": {
    path: {
      id: string;
      key: string;
    };
    query: {
      /** The sender's own id of the request. */
      clientId?: string;
    };
    body: undefined;
    answer: Event;
  };
  /** Reads a message's contents so far. */
  "GET /v1/messages/{id}/versions": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: Versions;
  };
  /** Reads who is online, of users who share a chat with the caller. */
  "GET /v1/presence": {
    path: {};
    query: {
      /** Users, separated by commas (each percent-encoded on its own). */
      userIds: string;
    };
    body: undefined;
    answer: PresenceAnswer;
  };
  /** Tells which kinds of device are told of messages, and the key that browsers subscribe with. */
  "GET /v1/push": {
    path: {};
    query: {};
    body: undefined;
    answer: PushOffer;
  };
  /** Finds messages that the caller may read, by their words. */
  "GET /v1/search": {
    path: {};
    query: {
      /** Only this chat. */
      chatId?: string;
      /** `nextCursor` of the page before. */
      cursor?: string;
      /** Not before this time. */
      from?: string;
      /** 1 to 200; 50 where it's missing. */
      limit?: number;
      /** Words, phrases in quotes; the last word also as a beginning. */
      q: string;
      /** Only this sender. */
      senderId?: string;
      /** Before this time. */
      to?: string;
    };
    body: undefined;
    answer: SearchAnswer;
  };
  /** Ends all of the caller's sessions. */
  "DELETE /v1/sessions": {
    path: {};
    query: {};
    body: undefined;
    answer: undefined;
  };
  /** Reads the caller's sessions. */
  "GET /v1/sessions": {
    path: {};
    query: {};
    body: undefined;
    answer: Sessions;
  };
  /** Ends one of the caller's sessions. */
  "DELETE /v1/sessions/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: undefined;
  };
  /** Tells what changed since a token. */
  "POST /v1/sync": {
    path: {};
    query: {};
    body: SyncRequest;
    answer: SyncAnswer;
  };
  /** Finds users by the beginning of name or id. */
  "GET /v1/users": {
    path: {};
    query: {
      /** `nextCursor` of the page before. */
      cursor?: string;
      /** 1 to 200; 50 where it's missing. */
      limit?: number;
      /** The beginning of a name or id. */
      q?: string;
    };
    body: undefined;
    answer: UsersPage;
  };
  /** Ends a user's memberships and sessions and removes the account; messages stay. */
  "DELETE /v1/users/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: undefined;
  };
  /** Reads one user. */
  "GET /v1/users/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: User;
  };
  /** Makes a user, or changes the name. */
  "PUT /v1/users/{id}": {
    path: {
      id: string;
    };
    query: {};
    body: PutUser;
    answer: User;
  };
  /** Locks a user out; all sessions close. */
  "POST /v1/users/{id}/disable": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: User;
  };
  /** Lets a user in again. */
  "POST /v1/users/{id}/enable": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: User;
  };
  /** Revokes all tokens issued before now; their sessions close. */
  "POST /v1/users/{id}/revoke": {
    path: {
      id: string;
    };
    query: {};
    body: undefined;
    answer: User;
  };
}
