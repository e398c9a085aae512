/** The client: what an app holds. */

import { checkText, checkUrl, USUAL_LIMITS } from "../arguments.js";
import { Backoff } from "../driver/backoff.js";
import type {
  Change,
  ConnectionState,
  OutboxEntry,
  Query,
  Snapshot,
  TypingState,
} from "../driver/messages.js";
import { usualStore } from "../driver/outbox-store.js";
import { type Environment, platform } from "../environment.js";
import { ChinwagError, errorOf } from "../errors.js";
import { chooseHost } from "../host/choose.js";
import { nameOf } from "../host/name.js";
import { Http } from "../http.js";
import { uuidV7 } from "../ids.js";
import type {
  ChatId,
  Chat as ChatShape,
  FrameOf,
  HistoryVisible,
  Limits,
  LogFrame,
  Message,
  MessagesPage,
  SearchAnswer,
  User,
  UserId,
} from "../protocol/index.js";
import { Chat } from "./chat.js";
import { ChatList } from "./chat-list.js";
import { Emitter, stream } from "./emitter.js";
import { type ClientEvents, emitFrame } from "./events.js";
import { followPage } from "./follow-page.js";
import { OnTheirWay } from "./on-their-way.js";
import { OpenTimelines } from "./open-timelines.js";
import type { ClientOptions } from "./options.js";
import type { Outgoing } from "./outgoing.js";
import { PresenceBook } from "./presence.js";
import { Receipts } from "./receipts.js";
import { Remote } from "./remote.js";
import type { HistoryOptions, Timeline, TimelineOptions } from "./timeline.js";
import { Tokens, userOf } from "./tokens.js";

/** A connection to Chinwag that mends itself, and what a chat app needs of it. */
export class Client {
  /** The user's chats, latest message first. */
  readonly chats = new ChatList();
  /** Who is online, of those on the screen. */
  readonly presence: PresenceBook;
  /** The HTTP API, for what has no method here. */
  readonly http: Http;
  readonly #environment: Environment;
  readonly #tokens: Tokens;
  readonly #remote: Remote;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #onTheirWay: OnTheirWay;
  readonly #timelines = new OpenTimelines();
  readonly #typing = new Map<ChatId, TypingState>();
  #unfollow: () => void = () => {};
  /** Closed by the app, or without a token; a session that the server closed may come back in another tab. */
  #isOver = false;
  #state: ConnectionState = "connecting";
  #error: ChinwagError | undefined;
  #limits: Limits | undefined;
  #userId: UserId | undefined;
  #aheadMs = 0;

  /** Connects, and stays connected until it is closed. Throws where the options can't be right. */
  constructor(private readonly options: ClientOptions) {
    const url = checkUrl(options.url);
    const { token } = options;
    if (typeof token !== "function") checkText("token", token);
    this.#environment = options.environment ?? platform(options.webSocket);
    this.#userId = options.userId;
    this.#tokens = new Tokens(this.#environment, typeof token === "function" ? token : () => token);
    this.http = new Http(this.#environment, url, (fresh) => this.#tokens.get(fresh));
    this.#remote = new Remote(this.#tokens, {
      attached: (snapshot) => this.#attached(snapshot),
      log: (frame) => this.#log(frame),
      restart: (chatId) => this.#restart(chatId),
      told: (tell) => this.#told(tell),
    });
    this.#onTheirWay = new OnTheirWay({
      change: (key, request) => this.#remote.change(key, request),
      retry: (key) => this.post({ type: "retry", key }),
      discard: (key) => this.post({ type: "discard", key }),
      shownThrough: (chatId) => this.#remote.place(chatId)?.seq ?? 0,
      changed: (outgoing) => this.#showOutgoing(outgoing),
      follow: (look) => {
        const stops = [this.on("outgoing", look), this.on("state", look)];
        return () => {
          for (const stop of stops) stop();
        };
      },
      closed: () => (this.#state === "closed" ? (this.#error ?? closedError()) : undefined),
    });
    this.presence = new PresenceBook((users) => this.#remote.watch(users));
    void this.#start(url);
  }

  /** Who the user is; nothing before that is known. */
  get userId(): UserId | undefined {
    return this.#userId;
  }

  /** How the connection is. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Why the client is closed. */
  get error(): ChinwagError | undefined {
    return this.#error;
  }

  /** The server's limits, such as `contentBytes`; the usual ones before they are known. */
  get limits(): Limits | typeof USUAL_LIMITS {
    return this.#limits ?? USUAL_LIMITS;
  }

  /** Resolves when everything missed has come; rejects when the client is closed. */
  ready(): Promise<this> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        if (this.#state === "online") resolve(this);
        else if (this.#state === "closed") reject(this.#error ?? closedError());
        else return false;
        return true;
      };
      if (look()) return;
      const stop = this.on("state", () => look() && stop());
    });
  }

  /** Who the user is, as soon as that is known. */
  async me(): Promise<UserId> {
    return this.#userId ?? userOf(await this.#tokens.get(false));
  }

  /** Tries to connect at once instead of when it is time; asks whether the server is there where a session stands. */
  wake(): void {
    this.post({ type: "wake" });
  }

  /** Closes the client. What waits to be sent is kept, and sent by the next one. */
  close(): void {
    this.#end(closedError());
  }

  /**
   * Closes the client and lets this device forget the user's chats, as when they sign out. What waits to be sent, and
   * what was read, is kept and told by their next client.
   */
  forget(): void {
    this.post({ type: "forget" });
    this.close();
    if (this.#userId === undefined) return;
    // The worker may be gone before it heard of that.
    const scope = { url: checkUrl(this.options.url), userId: this.#userId };
    (this.options.store ?? usualStore(nameOf(scope))).known?.forget();
  }

  /** Calls `listener` for each event of a type from now on. Returns what stops it. */
  on<T extends keyof ClientEvents>(type: T, listener: (event: ClientEvents[T]) => void): () => void {
    return this.#emitter.on(type, listener);
  }

  /** Loops over the events of a type from now on; ends when the client is closed. */
  events<T extends keyof ClientEvents>(type: T): AsyncIterableIterator<ClientEvents[T]> {
    return stream((feed) => {
      const stops = [
        this.on(type, feed.push),
        this.on("state", ({ state }) => {
          if (state === "closed") feed.end();
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    });
  }

  /** Returns a chat by its id. */
  chat(id: ChatId): Chat {
    return new Chat(this, id);
  }

  /** Returns the direct chat with a user, and makes it where there is none. */
  async direct(userId: UserId): Promise<Chat> {
    checkText("userId", userId);
    const body = { type: "direct", userId, clientId: this.newId() } as const;
    return this.chat(this.learn(await this.http.request("POST /v1/chats", { body })).id);
  }

  /** Makes a group that the user owns. */
  async createGroup(group: {
    name: string;
    members?: UserId[];
    historyVisible?: HistoryVisible;
  }): Promise<Chat> {
    checkText("name", group.name);
    for (const member of group.members ?? []) checkText("members", member);
    const body = { type: "group", ...group, clientId: this.newId() } as const;
    return this.chat(this.learn(await this.http.request("POST /v1/chats", { body })).id);
  }

  /** Finds messages that the user may read, newest first. */
  search(
    words: string,
    options: {
      chatId?: ChatId;
      senderId?: UserId;
      from?: Date;
      to?: Date;
      limit?: number;
      cursor?: string;
    } = {},
  ): Promise<SearchAnswer> {
    checkText("words", words);
    const { from, to, ...rest } = options;
    const times = { ...(from && { from: from.toISOString() }), ...(to && { to: to.toISOString() }) };
    return this.http.request("GET /v1/search", { query: { q: words, ...rest, ...times } });
  }

  /** Finds users by the beginning of a name or id. */
  async findUsers(beginning: string, limit = 20): Promise<User[]> {
    checkText("beginning", beginning);
    return (await this.http.request("GET /v1/users", { query: { q: beginning, limit } })).users;
  }

  /** Reads a user. */
  user(id: UserId): Promise<User> {
    return this.http.request("GET /v1/users/{id}", { path: { id } });
  }

  /** Changes the user's own name. */
  rename(name: string): Promise<User> {
    checkText("name", name);
    return this.http.request("PATCH /v1/me", { body: { name } });
  }

  /** The user's messages that aren't sent yet, in order. */
  get outbox(): Outgoing[] {
    return this.#onTheirWay.all.filter(({ message }) => !message);
  }

  // For chats and timelines.

  /** @internal */
  send(request: Omit<Extract<Change, { type: "send" }>, "clientId">): Outgoing {
    if (this.#state === "closed") throw this.#error ?? closedError();
    const key = this.newId();
    const madeAt = this.#environment.now();
    const entry: OutboxEntry = {
      key,
      order: 0,
      madeAt,
      request: { ...request, clientId: key },
      state: "pending",
    };
    return this.#onTheirWay.send(entry);
  }

  /** @internal */
  change(change: Change): Promise<FrameOf<"ack">> {
    if (this.#state === "closed") return Promise.reject(this.#error ?? closedError());
    const clientId = this.newId();
    return this.#remote.change(clientId, { ...change, clientId });
  }

  /** @internal */
  post(ask: Parameters<Remote["post"]>[0]): void {
    this.#remote.post(ask);
  }

  /** @internal */
  newId(): string {
    return uuidV7(this.#environment, this.#environment.now() - this.#aheadMs);
  }

  /** @internal Takes a chat that an answer told. */
  learn(chat: ChatShape): ChatShape {
    this.post({ type: "learn", chat });
    return chat;
  }

  /** @internal */
  typingIn(chatId: ChatId): TypingState {
    return this.#typing.get(chatId) ?? { chatId, userIds: [], count: 0 };
  }

  /** @internal */
  async history(chatId: ChatId, options: HistoryOptions): Promise<MessagesPage> {
    const request: Query = { type: "history", chatId, ...options };
    const { messages, hasMore } = (await this.#remote.query(request)) as FrameOf<"messages">;
    return { messages, hasMore };
  }

  /** @internal */
  timeline(chatId: ChatId, options: TimelineOptions): Timeline {
    const source = {
      me: () => this.#userId,
      history: (query: HistoryOptions) => this.history(chatId, query),
      outgoing: () => this.#onTheirWay.all.filter((outgoing) => outgoing.chatId === chatId),
      keyOf: (message: Message) => this.#keyOf(message),
    };
    return this.#timelines.open(chatId, options, source, this.#remote.show(chatId));
  }

  /** @internal */
  async receipts(chatId: ChatId): Promise<Receipts> {
    const stop = this.on("receipt", (receipt) => {
      if (receipt.chatId === chatId) receipts.receive(receipt);
    });
    const receipts = new Receipts(chatId, () => this.#userId, stop);
    try {
      receipts.load(await this.http.request("GET /v1/chats/{id}/receipts", { path: { id: chatId } }));
    } catch (error) {
      stop();
      throw error;
    }
    return receipts;
  }

  // The line to the driver.

  async #start(url: string): Promise<void> {
    const userId = this.#userId ?? (await this.#whoIsAsking());
    if (userId === undefined || this.#isOver) return;
    this.#userId = userId;
    const { deviceId, store, outbox, delivered, answerMs } = this.options;
    const host =
      this.options.host ??
      chooseHost(this.#environment, this.options.share !== false && !store, this.options.worker);
    const scope = {
      url,
      userId,
      ...(deviceId !== undefined && { deviceId }),
      ...(outbox !== undefined && { outbox }),
      ...(delivered !== undefined && { delivered }),
      ...(answerMs !== undefined && { answerMs }),
    };
    const open = async () => {
      const port = await host(scope, store);
      if (this.#isOver) port.close();
      else this.#remote.open(port);
    };
    try {
      await open();
    } catch (error) {
      return this.#end(
        new ChinwagError("network", `the client's code can't be loaded: ${(error as Error).message}`),
      );
    }
    if (this.#isOver) return;
    const wake = () => this.wake();
    this.#unfollow = followPage({ wake, hide: () => this.#remote.close(), show: open });
  }

  /** Asks for a token until there is one; it says whose it is. */
  async #whoIsAsking(): Promise<UserId | undefined> {
    for (const backoff = new Backoff(); !this.#isOver; ) {
      try {
        return userOf(await this.#tokens.get(false));
      } catch (error) {
        if (!(error as ChinwagError).retryable) this.#end(error as ChinwagError);
        const pause = backoff.next(this.#environment.random());
        await new Promise<void>((done) => void this.#environment.setTimer(done, pause));
      }
    }
    return undefined;
  }

  #end(error: ChinwagError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unfollow();
    this.#turn("closed", error);
    this.#remote.close(error);
  }

  #turn(state: ConnectionState, error?: ChinwagError): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#error = error;
    this.#emitter.emit("state", { state, ...(error && { error }) });
  }

  #attached(snapshot: Snapshot): void {
    const known = new Set(snapshot.chats.map(({ id }) => id));
    // A driver that has just begun knows no chats yet; what is shown stays until it does.
    const gone = snapshot.state === "online" ? this.chats.list.filter(({ id }) => !known.has(id)) : [];
    for (const chat of snapshot.chats) this.chats.put(chat);
    for (const { id } of gone) this.chats.delete(id);
    for (const entry of snapshot.outbox) if (entry.request.type === "send") this.#onTheirWay.adopt(entry);
    for (const typing of snapshot.typing) this.#typing.set(typing.chatId, typing);
    for (const presence of snapshot.presence) this.#told({ type: "presence", presence });
    for (const { id } of gone) this.#emitter.emit("left", { chatId: id });
    this.#emitter.emit("chats", this.chats);
    // At last: who waits for `ready` finds all of it.
    this.#learnState(snapshot);
  }

  #learnState({
    state,
    failure,
    limits,
    aheadMs,
  }: Pick<Snapshot, "state" | "failure" | "limits" | "aheadMs">): void {
    this.#limits = limits ?? this.#limits;
    this.#aheadMs = aheadMs;
    if (this.#isOver) return;
    const error = failure && errorOf(failure);
    this.#turn(state, error);
    if (state === "closed") this.#remote.giveUp(error ?? closedError());
  }

  #told(tell: Parameters<ConstructorParameters<typeof Remote>[1]["told"]>[0]): void {
    switch (tell.type) {
      case "state":
        return this.#learnState(tell);
      case "chat": {
        this.chats.put(tell.chat);
        this.#emitter.emit("chat", { chatId: tell.chat.id, chat: tell.chat });
        return this.#emitter.emit("chats", this.chats);
      }
      case "left":
        if (this.chats.delete(tell.chatId)) this.#left(tell.chatId);
        return;
      case "receipt":
        return this.#emitter.emit("receipt", tell.receipt);
      case "typing":
        if (tell.typing.count > 0) this.#typing.set(tell.typing.chatId, tell.typing);
        else this.#typing.delete(tell.typing.chatId);
        return this.#emitter.emit("typing", tell.typing);
      case "presence":
        if (this.presence.put(tell.presence)) this.#emitter.emit("presence", tell.presence);
        return;
      case "outgoing":
        if (tell.entry.request.type === "send") this.#onTheirWay.adopt(tell.entry);
        return;
      case "settled":
        return this.#onTheirWay.settled(tell);
      case "trouble":
        return this.#emitter.emit("error", errorOf(tell.failure));
    }
  }

  #left(chatId: ChatId): void {
    this.#emitter.emit("left", { chatId });
    this.#emitter.emit("chats", this.chats);
  }

  #log(frame: LogFrame): void {
    this.#onTheirWay.shown(frame.chatId);
    this.#timelines.receive(frame);
    emitFrame(this.#emitter, frame);
  }

  #restart(chatId: ChatId): void {
    this.#onTheirWay.shown(chatId);
    this.#timelines.restart(chatId);
    this.#emitter.emit("restart", { chatId });
  }

  #showOutgoing(outgoing: Outgoing): void {
    this.#timelines.show(outgoing.chatId);
    this.#emitter.emit("outgoing", { chatId: outgoing.chatId, outgoing });
  }

  #keyOf({ clientId, senderId, id }: Message): string {
    return clientId !== undefined && senderId === this.#userId ? this.#onTheirWay.keyOf(clientId) : id;
  }
}

function closedError(): ChinwagError {
  return new ChinwagError("closed", "the client is closed");
}
