/** The client: what an app holds. */

import { checkText, checkUrl, USUAL_LIMITS } from "../arguments.js";
import { Backoff } from "../driver/backoff.js";
import type {
  Change,
  ConnectionState,
  OutboxEntry,
  Query,
  Snapshot,
  Tell,
  TypingState,
} from "../driver/messages.js";
import type { OutboxStore } from "../driver/outbox-store.js";
import { type Environment, platform, type WebSocketConstructor } from "../environment.js";
import { ChinwagError, errorOf } from "../errors.js";
import { chooseHost, type Host } from "../host/choose.js";
import type { MakeWorker } from "../host/in-worker.js";
import { Http } from "../http.js";
import { uuidV7 } from "../ids.js";
import type {
  ChatEvent,
  ChatId,
  Chat as ChatShape,
  FrameOf,
  HistoryVisible,
  Limits,
  LogFrame,
  MembershipEvent,
  Message,
  MessagesPage,
  Presence,
  ReactionEvent,
  ReceiptFrame,
  SearchAnswer,
  User,
  UserId,
} from "../protocol/index.js";
import { Chat } from "./chat.js";
import { ChatList } from "./chat-list.js";
import { Emitter, stream } from "./emitter.js";
import { Outgoing } from "./outgoing.js";
import { PresenceBook } from "./presence.js";
import { Receipts } from "./receipts.js";
import { Remote } from "./remote.js";
import { type HistoryOptions, Timeline, type TimelineOptions } from "./timeline.js";
import { type TokenCallback, Tokens, userOf } from "./tokens.js";

/** How to connect. */
export interface ClientOptions {
  /** The server, such as `https://chat.example.org`. */
  url: string;
  /**
   * The user's token, or what gives one: called at the start, a minute before one expires, and when one was refused.
   * A `ChinwagError` that isn't retryable ends the client; anything else is tried again.
   */
  token: string | TokenCallback;
  /** Whose token it is; read from the token where it isn't said. Say it so that the outbox is there while offline. */
  userId?: UserId;
  /** This device, the same each time: 1 to 64 characters of ASCII. */
  deviceId?: string;
  /** Whether the tabs of a browser share one connection: they do, unless this is `false`. */
  share?: boolean;
  /** Makes the worker that keeps the connection, where a bundler must do it; `null`: no worker. */
  worker?: MakeWorker | null;
  /** Keeps what waits to be sent, instead of the browser's IndexedDB or memory; without a worker. */
  store?: OutboxStore;
  /** Changes that may wait for the network: 1,000. */
  outbox?: number;
  /** Whether what arrives is marked as delivered: it is, unless this is `false`. */
  delivered?: boolean;
  /** The WebSocket of platforms without one, such as that of `ws` for Node 20. */
  webSocket?: WebSocketConstructor;
  /** @internal */
  answerMs?: number;
  /** @internal */
  environment?: Environment;
  /** @internal */
  host?: Host;
}

/** Every event and what it carries. */
export interface ClientEvents {
  /** The connection came, went, or ended for good (`closed`, with why). */
  state: { state: ConnectionState; error?: ChinwagError };
  /** The list of chats changed: order, heads, counts, names. */
  chats: ChatList;
  /** One chat changed. */
  chat: { chatId: ChatId; chat: ChatShape };
  /** The user is no longer in a chat, or it is gone. */
  left: { chatId: ChatId };
  /** A message came: once, in order. */
  message: { chatId: ChatId; message: Message };
  edited: { chatId: ChatId; message: Message };
  deleted: { chatId: ChatId; message: Message };
  reaction: { chatId: ChatId; event: ReactionEvent };
  membership: { chatId: ChatId; event: MembershipEvent };
  /** A chat was renamed, changed or deleted. */
  changed: { chatId: ChatId; event: ChatEvent };
  /** Too much was missed in a chat to tell event by event; timelines read it again by themselves. */
  restart: { chatId: ChatId };
  /** A message of the user's waits, was sent, or was refused. */
  outgoing: { chatId: ChatId; outgoing: Outgoing };
  receipt: ReceiptFrame;
  /** Who is typing in a chat changed; ends by itself. */
  typing: TypingState;
  /** A watched user came or went. */
  presence: Presence;
  /** Something went wrong that no request waits for, such as no room to keep the outbox. */
  error: ChinwagError;
}

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
  readonly #outgoing = new Map<string, Outgoing>();
  /** Keys of messages that the server wanted under another client id. */
  readonly #renamed = new Map<string, string>();
  readonly #timelines = new Map<ChatId, Set<Timeline>>();
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

  /** Closes the client. What waits to be sent is kept, and sent by the next one. */
  close(): void {
    this.#end(closedError());
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
    return [...this.#outgoing.values()].filter(({ message }) => !message);
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
    const outgoing = this.#adopt(entry);
    // Answers for who doesn't wait too: `state` and `error` tell.
    this.#remote.change(key, entry.request).then(
      () => {},
      (error: ChinwagError) => this.#refused(outgoing, error),
    );
    return outgoing;
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
    const hide = this.#remote.show(chatId);
    const timelines = this.#timelines.get(chatId) ?? new Set();
    const timeline = new Timeline(
      chatId,
      {
        me: () => this.#userId,
        history: (query) => this.history(chatId, query),
        outgoing: () => [...this.#outgoing.values()].filter((outgoing) => outgoing.chatId === chatId),
        keyOf: (message) => this.#keyOf(message),
        closed: (closed) => {
          hide();
          timelines.delete(closed);
        },
      },
      options,
    );
    this.#timelines.set(chatId, timelines.add(timeline));
    return timeline;
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
    const wake = () => this.post({ type: "wake" });
    this.#unfollow = followPage({ wake, hide: () => this.#remote.close(), show: open });
  }

  async #whoIsAsking(): Promise<UserId | undefined> {
    const backoff = new Backoff();
    while (!this.#isOver) {
      try {
        return userOf(await this.#tokens.get(false));
      } catch (error) {
        const failed = error as ChinwagError;
        if (!failed.retryable) {
          this.#end(failed);
          return undefined;
        }
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
    this.#learnState(snapshot);
    const known = new Set(snapshot.chats.map(({ id }) => id));
    // A driver that has just begun knows no chats yet; what is shown stays until it does.
    if (snapshot.state === "online") {
      const gone = this.chats.list.filter(({ id }) => !known.has(id));
      this.chats.replace(snapshot.chats);
      for (const { id } of gone) this.#left(id);
    } else for (const chat of snapshot.chats) this.chats.put(chat);
    for (const entry of snapshot.outbox) if (entry.request.type === "send") this.#adopt(entry);
    for (const typing of snapshot.typing) this.#typing.set(typing.chatId, typing);
    for (const presence of snapshot.presence)
      if (this.presence.put(presence)) this.#emitter.emit("presence", presence);
    this.#emitter.emit("chats", this.chats);
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
        if (tell.entry.request.type === "send") this.#adopt(tell.entry);
        return;
      case "settled":
        return this.#settled(tell);
      case "trouble":
        return this.#emitter.emit("error", errorOf(tell.failure));
    }
  }

  #left(chatId: ChatId): void {
    this.#emitter.emit("left", { chatId });
    this.#emitter.emit("chats", this.chats);
  }

  #log(frame: LogFrame): void {
    const { chatId } = frame;
    this.#forgetSent(chatId);
    for (const timeline of this.#timelines.get(chatId) ?? []) timeline.receive(frame);
    switch (frame.type) {
      case "message":
        return this.#emitter.emit("message", { chatId, message: frame.message });
      case "messageEdited":
        return this.#emitter.emit("edited", { chatId, message: frame.message });
      case "messageDeleted":
        return this.#emitter.emit("deleted", { chatId, message: frame.message });
      case "reaction":
        return this.#emitter.emit("reaction", { chatId, event: frame.event as ReactionEvent });
      case "membership":
        return this.#emitter.emit("membership", { chatId, event: frame.event as MembershipEvent });
      case "chat":
        return this.#emitter.emit("changed", { chatId, event: frame.event });
    }
  }

  #restart(chatId: ChatId): void {
    this.#forgetSent(chatId);
    for (const timeline of this.#timelines.get(chatId) ?? []) timeline.restart();
    this.#emitter.emit("restart", { chatId });
  }

  // Messages on their way.

  #adopt(entry: OutboxEntry): Outgoing {
    const { key, request } = entry;
    if (request.clientId && request.clientId !== key) this.#renamed.set(request.clientId, key);
    let outgoing = this.#outgoing.get(key);
    if (outgoing) outgoing.update(entry);
    else {
      outgoing = new Outgoing(entry, {
        retry: (which) => this.#retry(which),
        discard: (which) => this.post({ type: "discard", key: which }),
        settled: (which) => this.#awaited(which),
      });
      this.#outgoing.set(key, outgoing);
    }
    this.#showOutgoing(outgoing);
    return outgoing;
  }

  #awaited(outgoing: Outgoing): Promise<Message> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        if (outgoing.message) resolve(outgoing.message);
        else if (outgoing.error) reject(outgoing.error);
        else if (this.#state === "closed") reject(this.#error ?? closedError());
        else if (!this.#outgoing.has(outgoing.key))
          reject(new ChinwagError("closed", "the message was given up"));
        else return false;
        return true;
      };
      if (look()) return;
      const stops = [this.on("outgoing", later), this.on("state", later)];
      function later(): void {
        if (look()) for (const stop of stops) stop();
      }
    });
  }

  /** A message that never came into the outbox: too much waits there. */
  #refused(outgoing: Outgoing, error: ChinwagError): void {
    if (error.code !== "outboxFull") return;
    outgoing.update({
      ...outgoing.entry,
      state: "failed",
      failure: { code: error.code, message: error.message },
    });
    this.#showOutgoing(outgoing);
  }

  #settled({ key, answer, failure: refused }: Extract<Tell, { type: "settled" }>): void {
    const outgoing = this.#outgoing.get(key);
    if (!outgoing) return;
    if (answer?.message) outgoing.sent(answer.message);
    else if (!refused) this.#outgoing.delete(key);
    this.#forgetSent(outgoing.chatId);
    this.#showOutgoing(outgoing);
  }

  /** A message that is sent stays on its way until the log shows it, so that it never vanishes between. */
  #forgetSent(chatId: ChatId): void {
    const through = this.#remote.place(chatId)?.seq ?? 0;
    for (const [key, { message }] of this.#outgoing) {
      if (message?.chatId === chatId && message.seq <= through) this.#outgoing.delete(key);
    }
  }

  #retry(key: string): void {
    const outgoing = this.#outgoing.get(key);
    if (outgoing?.entry.failure?.code !== "outboxFull") return this.post({ type: "retry", key });
    // It never came into the outbox.
    const { failure: _, ...entry } = outgoing.entry;
    this.#adopt({ ...entry, state: "pending" });
    this.#remote.change(key, entry.request).catch((error: ChinwagError) => this.#refused(outgoing, error));
  }

  #showOutgoing(outgoing: Outgoing): void {
    for (const timeline of this.#timelines.get(outgoing.chatId) ?? []) timeline.show();
    this.#emitter.emit("outgoing", { chatId: outgoing.chatId, outgoing });
  }

  #keyOf({ clientId, senderId, id }: Message): string {
    if (clientId === undefined || senderId !== this.#userId) return id;
    return this.#renamed.get(clientId) ?? clientId;
  }
}

/** Follows a page's life: to the front, away, back. Nothing where there is no page. */
function followPage(page: { wake(): void; hide(): void; show(): void }): () => void {
  if (typeof document === "undefined") return () => {};
  const look = () => {
    if (document.visibilityState === "visible") page.wake();
  };
  const back = (event: PageTransitionEvent) => {
    if (event.persisted) page.show();
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("online", page.wake);
  addEventListener("pagehide", page.hide);
  addEventListener("pageshow", back);
  return () => {
    document.removeEventListener("visibilitychange", look);
    removeEventListener("online", page.wake);
    removeEventListener("pagehide", page.hide);
    removeEventListener("pageshow", back);
  };
}

function closedError(): ChinwagError {
  return new ChinwagError("closed", "the client is closed");
}
