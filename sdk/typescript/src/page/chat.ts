/** A chat, as an app holds it. */

import { checkContent, checkExtras, checkId, checkKey, checkText } from "../arguments.js";
import type { Change } from "../driver/messages.js";
import type {
  ChatId,
  Chat as ChatShape,
  HistoryVisible,
  Member,
  Message,
  MessageId,
  MessagesPage,
  PushPreference,
  Role,
  SearchAnswer,
  UserId,
  Version,
} from "../protocol/index.js";
import type { Client } from "./client.js";
import { stream } from "./emitter.js";
import type { ClientEvents } from "./events.js";
import type { Outgoing } from "./outgoing.js";
import type { Receipts } from "./receipts.js";
import type { HistoryOptions, Timeline, TimelineOptions } from "./timeline.js";

/** What a message may carry besides its content. */
export interface SendOptions {
  /** The message that it answers. */
  replyTo?: MessageId;
  /** Whom it mentions. */
  mentions?: UserId[];
  /** What the app attaches. */
  metadata?: Record<string, unknown>;
}

/** Events that are about one chat. */
export type ChatEventName = {
  [T in keyof ClientEvents]: ClientEvents[T] extends { chatId: ChatId } ? T : never;
}[keyof ClientEvents];

/** A chat of the user's. Cheap to make: nothing is kept here, so that `client.chat(id)` may be called anywhere. */
export class Chat {
  /** @internal */
  constructor(
    private readonly client: Client,
    readonly id: ChatId,
  ) {
    checkId("chat", id);
  }

  /** The chat's name, head, counts and marks as they are now; nothing before they are known. */
  get info(): ChatShape | undefined {
    return this.client.chats.get(this.id);
  }

  /** Who is typing, as user ids: in a large group up to three. */
  get typers(): readonly UserId[] {
    return this.client.typingIn(this.id).userIds;
  }

  /**
   * Sends a message. It is shown at once and survives a reload and a dead network; `await` it until it is durable.
   *
   * Throws where the content can't be sent: empty, too large, half a character.
   */
  send(content: string, options: SendOptions = {}): Outgoing {
    const { replyTo, mentions = [], metadata = {} } = options;
    checkContent(content, this.client.limits);
    checkExtras(mentions, metadata, this.client.limits);
    if (replyTo !== undefined) checkId("replyTo", replyTo);
    return this.client.send({
      type: "send",
      chatId: this.id,
      content,
      ...(replyTo !== undefined && { replyTo }),
      ...(mentions.length > 0 && { mentions }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
    });
  }

  /** Changes the content of one of the user's messages. */
  async edit(messageId: MessageId, content: string): Promise<Message> {
    checkContent(content, this.client.limits);
    const { message } = await this.#change({ type: "edit", messageId, content });
    return message as Message;
  }

  /** Deletes a message: its place stays, its content is gone for all. */
  async delete(messageId: MessageId): Promise<void> {
    await this.#change({ type: "delete", messageId });
  }

  /** Puts a reaction on a message. */
  async react(messageId: MessageId, key: string): Promise<void> {
    checkKey(key, this.client.limits);
    await this.#change({ type: "react", messageId, key });
  }

  /** Takes a reaction off a message. */
  async unreact(messageId: MessageId, key: string): Promise<void> {
    checkKey(key, this.client.limits);
    await this.#change({ type: "unreact", messageId, key });
  }

  /**
   * Marks all up to a message as read; without one, up to the last message. Call it as often as you like: at most
   * once a second goes out. The mark never moves back, unless `unread` says so.
   */
  read(messageId = this.info?.head.lastMessage?.id, options: { unread?: boolean } = {}): void {
    if (messageId === undefined) return;
    checkId("messageId", messageId);
    const unread = options.unread === true;
    this.client.post({
      type: "mark",
      mark: { chatId: this.id, kind: "read", messageId, ...(unread && { unread }) },
    });
  }

  /** Says that the user is typing. Call it at each key: it goes out at most every 3 s. */
  typing(): void {
    this.client.post({ type: "typing", chatId: this.id });
  }

  /** Opens the messages to scroll through; `close()` it when it leaves the screen. */
  timeline(options: TimelineOptions = {}): Timeline {
    if (options.around !== undefined) checkId("around", options.around);
    return this.client.timeline(this.id, options);
  }

  /** Loops over the messages that come from now on. */
  messages(): AsyncIterableIterator<Message> {
    return stream((feed) => {
      const stop = [this.on("message", ({ message }) => feed.push(message)), this.client.on("state", ended)];
      function ended({ state, error }: ClientEvents["state"]): void {
        if (state === "closed") feed.end(error);
      }
      return () => {
        for (const one of stop) one();
      };
    });
  }

  /** Calls `listener` for each event of this chat. Returns what stops it. */
  on<T extends ChatEventName>(type: T, listener: (event: ClientEvents[T]) => void): () => void {
    return this.client.on(type, (event) => {
      if ((event as { chatId: ChatId }).chatId === this.id) listener(event);
    });
  }

  /** Reads a page of messages, as `GET /v1/messages`: oldest first with `after` and `around`, else newest first. */
  history(options: HistoryOptions = {}): Promise<MessagesPage> {
    return this.client.history(this.id, options);
  }

  /** Reads one message. */
  message(id: MessageId): Promise<Message> {
    return this.client.http.request("GET /v1/messages/{id}", { path: { id } });
  }

  /** Reads the contents that a message has had, oldest first. */
  async versions(id: MessageId): Promise<Version[]> {
    return (await this.client.http.request("GET /v1/messages/{id}/versions", { path: { id } })).versions;
  }

  /** Finds messages of this chat. */
  search(
    words: string,
    options: { senderId?: UserId; limit?: number; cursor?: string } = {},
  ): Promise<SearchAnswer> {
    return this.client.search(words, { ...options, chatId: this.id });
  }

  /** Follows how far the members have read; `close()` it when it leaves the screen. */
  receipts(): Promise<Receipts> {
    return this.client.receipts(this.id);
  }

  /** Reads all members, page by page. */
  async *members(): AsyncGenerator<Member> {
    let cursor: string | undefined;
    do {
      const query = { limit: 200, ...(cursor !== undefined && { cursor }) };
      const page = await this.client.http.request("GET /v1/chats/{id}/members", {
        path: { id: this.id },
        query,
      });
      yield* page.members;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /** Adds members to a group, up to 1,000 at once. */
  async add(...userIds: UserId[]): Promise<void> {
    for (const user of userIds) checkText("userIds", user);
    const body = { userIds, clientId: this.client.newId() };
    await this.client.http.request("POST /v1/chats/{id}/members", { path: { id: this.id }, body });
  }

  /** Changes a member's role. */
  async setRole(userId: UserId, role: Role): Promise<void> {
    const path = { id: this.id, userId };
    const body = { role, clientId: this.client.newId() };
    await this.client.http.request("PUT /v1/chats/{id}/members/{userId}", { path, body });
  }

  /** Removes a member from a group. */
  async remove(userId: UserId): Promise<void> {
    checkText("userId", userId);
    const path = { id: this.id, userId };
    const query = { clientId: this.client.newId() };
    await this.client.http.request("DELETE /v1/chats/{id}/members/{userId}", { path, query });
  }

  /** Leaves a group. */
  async leave(): Promise<void> {
    await this.remove(await this.client.me());
  }

  /** Renames a group. */
  rename(name: string): Promise<ChatShape> {
    return this.update({ name });
  }

  /** Changes a group. */
  async update(changes: { name?: string; historyVisible?: HistoryVisible }): Promise<ChatShape> {
    if (changes.name !== undefined) checkText("name", changes.name);
    const body = { ...changes, clientId: this.client.newId() };
    const chat = await this.client.http.request("PATCH /v1/chats/{id}", { path: { id: this.id }, body });
    return this.client.learn(chat);
  }

  /** Deletes a group, for all. */
  async deleteForAll(): Promise<void> {
    await this.client.http.request("DELETE /v1/chats/{id}", { path: { id: this.id } });
  }

  /** Changes which messages are pushed, and until when none are. */
  async setPreferences(preferences: { mutedUntil?: Date; push?: PushPreference }): Promise<void> {
    const { mutedUntil, push = this.info?.push ?? "all" } = preferences;
    const body = { push, ...(mutedUntil && { mutedUntil: mutedUntil.toISOString() }) };
    await this.client.http.request("PUT /v1/chats/{id}/preferences", { path: { id: this.id }, body });
    this.client.post({ type: "refresh", chatId: this.id });
  }

  /** Wants no push for a while: until a moment, or until it is taken back by `unmute()`. */
  mute(until = new Date("9999-01-01T00:00:00Z")): Promise<void> {
    return this.setPreferences({ mutedUntil: until });
  }

  /** Wants pushes again. */
  unmute(): Promise<void> {
    return this.setPreferences({});
  }

  #change(change: Without<"chatId", Exclude<Change, { type: "send" }>>) {
    checkId("messageId", change.messageId);
    return this.client.change({ ...change, chatId: this.id });
  }
}

/** Each of a union's types without a field. */
type Without<K extends string, T> = T extends unknown ? Omit<T, K> : never;
