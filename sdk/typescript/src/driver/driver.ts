/** What keeps one user's connection, for every page that shares it. */

import { Alarm, type Environment } from "../environment.js";
import { ChinwagError, failure } from "../errors.js";
import { Http } from "../http.js";
import { compareIds, uuidV7 } from "../ids.js";
import type {
  Chat,
  ChatId,
  FrameOf,
  Limits,
  LogFrame,
  Presence,
  Receipt,
  ServerFrame,
  UserId,
} from "../protocol/index.js";
import { logFrameOf } from "./acknowledged.js";
import { type Change as ChatChange, Chats, ends } from "./chats.js";
import { Connection } from "./connection.js";
import { Hub } from "./hub.js";
import { Marks } from "./marks.js";
import type { Ask, ConnectionState, DriverPort, Mark, OutboxEntry, Query, Tell } from "./messages.js";
import { Outbox } from "./outbox.js";
import type { OutboxStore } from "./outbox-store.js";
import { Questions } from "./questions.js";
import { Requests } from "./requests.js";
import { type Action, type OwnRequest, State } from "./state.js";
import { Typing } from "./typing.js";
import { Watches } from "./watches.js";

/** A clock that is off by less is right. */
const CLOCK_MS = 60_000;
/** How long a gap is waited for before the events are fetched: frames may overtake each other. */
const GAP_MS = 200;
/** How long changes of watches, and doubts about counts, are gathered. */
const GATHER_MS = 50;
const DOUBT_MS = 300;
/** The part of the frames that marks may take. */
const MARKS_SHARE = 0.5;
/** Changes answered of late, for a page that missed that. */
const SETTLED = 100;

/** How a driver works. */
export interface DriverOptions {
  /** The server, such as `https://chat.example.org`, without a slash at its end. */
  url: string;
  /** Whose connection it is. */
  userId: UserId;
  deviceId?: string;
  /** Where the outbox is kept. */
  store: OutboxStore;
  /** Changes that may wait for the network. */
  outbox?: number;
  /** Whether what arrives is marked as delivered. */
  delivered?: boolean;
  /** How long an answer may take, milliseconds. */
  answerMs?: number;
}

/** A user's connection, outbox, places, chats. */
export class Driver {
  readonly #hub: Hub;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #questions: Questions;
  readonly #state = new State();
  readonly #outbox: Outbox;
  readonly #chats: Chats;
  readonly #marks = new Marks();
  readonly #typing = new Typing();
  readonly #watches = new Watches();
  readonly #http: Http;
  readonly #screens = new Map<string, Map<ChatId, number>>();
  readonly #settled = new Map<string, Tell>();
  /** Chats whose counts only the server knows, and those of them that wait for a mark to be kept. */
  readonly #doubtful = new Set<ChatId>();
  readonly #doubtfulAfterMark = new Set<ChatId>();
  readonly #flushAt: Alarm;
  readonly #syncAt: Alarm;
  readonly #marksAt: Alarm;
  readonly #typingAt: Alarm;
  readonly #watchAt: Alarm;
  readonly #doubtAt: Alarm;
  #is: ConnectionState = "connecting";
  #failure: ChinwagError | undefined;
  #limits: Limits | undefined;
  #aheadMs = 0;
  #loaded = false;

  constructor(
    private readonly environment: Environment,
    private readonly options: DriverOptions,
  ) {
    const name = uuidV7(environment, environment.now());
    this.#hub = new Hub(environment, name, {
      asked: (page, ask) => this.#asked(page, ask),
      left: (page, none) => this.#left(page, none),
    });
    this.#connection = new Connection(environment, options, {
      token: (fresh) => this.#hub.token(fresh),
      ready: (frame) => this.#ready(frame),
      received: (frame) => this.#received(frame),
      heartbeat: () => ({ type: "heartbeat", chats: this.#state.places(this.#onScreen()) }),
      lost: () => this.#lost(),
      closed: (error) => this.#closed(error),
    });
    const answerMs = options.answerMs ?? 10_000;
    this.#requests = new Requests(
      environment,
      answerMs,
      (frame) => this.#connection.send(frame),
      () => this.#connection.probe(),
    );
    this.#questions = new Questions(environment, this.#requests, () => this.#connection.isReady);
    this.#outbox = new Outbox(options.store, options.outbox ?? 1_000);
    this.#chats = new Chats(options.userId);
    this.#http = new Http(environment, options.url, (fresh) => this.#hub.token(fresh));
    const alarm = (run: () => void) => new Alarm(environment, run);
    this.#flushAt = alarm(() => this.#flush());
    this.#syncAt = alarm(() => this.#act(this.#state.sync()));
    this.#marksAt = alarm(() => this.#moveMarks());
    this.#typingAt = alarm(() => this.#expireTyping(environment.now()));
    this.#watchAt = alarm(() => this.#tellWatches());
    this.#doubtAt = alarm(() => void this.#resolveDoubts());
    void this.#load();
  }

  /** Lets a page share this connection. Returns what lets it go. */
  add(port: DriverPort): () => void {
    return this.#hub.add(port);
  }

  /** Ends the connection and lets every page go. */
  close(): void {
    this.#connection.stop();
    this.#hub.close();
    for (const alarm of [
      this.#flushAt,
      this.#syncAt,
      this.#marksAt,
      this.#typingAt,
      this.#watchAt,
      this.#doubtAt,
    ]) {
      alarm.clear();
    }
  }

  async #load(): Promise<void> {
    this.options.store.onTrouble = (error) => this.#trouble(storageError(error));
    try {
      this.#outbox.load(await this.options.store.load());
    } catch (error) {
      this.#trouble(storageError(error));
    }
    this.#loaded = true;
    for (const entry of this.#outbox.entries) this.#hub.tellAll({ type: "outgoing", entry });
    this.#flush();
  }

  // What pages ask.

  #asked(page: string, ask: Ask): void {
    switch (ask.type) {
      case "attach":
        return this.#attach(page, ask);
      case "change":
        return this.#change(page, ask.key, ask.request);
      case "retry":
        return this.#outgoing(this.#outbox.retry(ask.key, this.#newId()));
      case "discard":
        if (this.#outbox.discard(ask.key)) this.#settle({ type: "settled", key: ask.key });
        return this.#flush();
      case "query":
        return this.#query(page, ask.n, ask.request);
      case "mark":
        return this.#mark(ask.mark);
      case "typing":
        if (this.#connection.isReady && this.#typing.tell(ask.chatId, this.environment.now())) {
          this.#requests.say({ type: "typing", chatId: ask.chatId });
        }
        return;
      case "watch":
        this.#watches.add(page, ask.add);
        this.#watches.remove(page, ask.remove);
        return this.#watchAt.setEarlier(GATHER_MS);
      case "screen":
        return this.#screen(page, ask.add, ask.remove);
      case "learn":
        this.#state.learn(ask.chat);
        return this.#snapshot(ask.chat);
      case "refresh":
        return this.#doubt(ask.chatId);
      case "wake":
        return this.#connection.wake();
    }
  }

  #attach(page: string, { places, watch, screen }: Extract<Ask, { type: "attach" }>): void {
    this.#state.seed(places);
    this.#left(page, false);
    this.#screen(page, screen, []);
    this.#watches.add(page, watch);
    this.#watchAt.setEarlier(GATHER_MS);
    if (this.#is === "closed") this.#turn("connecting");
    const snapshot = {
      ...this.#status(),
      chats: this.#chats.all,
      places: this.#state.places(),
      outbox: this.#outbox.entries,
      typing: this.#typing.states,
      presence: this.#watches.known,
    };
    this.#hub.tell(page, { type: "attached", snapshot });
    this.#connection.start();
  }

  #left(page: string, none: boolean): void {
    this.#watches.remove(page);
    this.#screens.delete(page);
    this.#questions.forget(page);
    this.#watchAt.setEarlier(GATHER_MS);
    if (none) this.#connection.stop();
  }

  #change(page: string, key: string, request: OutboxEntry["request"]): void {
    const told = this.#settled.get(key);
    if (told) return this.#hub.tell(page, told);
    try {
      this.#outgoing(this.#outbox.push(key, request, this.environment.now()));
    } catch (error) {
      this.#hub.tell(page, { type: "settled", key, failure: failure(error) });
    }
    if (request.type === "send") this.#typing.sent(request.chatId);
  }

  #outgoing(entry: OutboxEntry | undefined): void {
    if (entry) this.#hub.tellAll({ type: "outgoing", entry });
    this.#flush();
  }

  #query(page: string, n: number, request: Query): void {
    this.#questions.ask(page, request, (answer, error) => {
      this.#hub.tell(page, {
        type: "answer",
        n,
        ...(answer && { answer }),
        ...(error && { failure: failure(error) }),
      });
    });
  }

  #screen(page: string, add: ChatId[], remove: ChatId[]): void {
    const screen = this.#screens.get(page) ?? new Map<ChatId, number>();
    for (const chatId of add) screen.set(chatId, (screen.get(chatId) ?? 0) + 1);
    for (const chatId of remove) {
      const count = (screen.get(chatId) ?? 0) - 1;
      if (count > 0) screen.set(chatId, count);
      else screen.delete(chatId);
    }
    this.#screens.set(page, screen);
  }

  #onScreen(): Set<ChatId> {
    return new Set([...this.#screens.values()].flatMap((chats) => [...chats.keys()]));
  }

  // The connection.

  #ready(frame: FrameOf<"ready">): void {
    if (frame.userId !== this.options.userId) {
      return this.#stop(
        new ChinwagError("badArgument", "the token is another user's: make a client of its own for each"),
      );
    }
    this.#limits = frame.limits;
    this.#state.named = Math.min(frame.limits.syncChats, Math.floor((frame.limits.bodyBytes - 1_000) / 64));
    this.#requests.pace.most = frame.limits.framesIn10S;
    this.#learnTime(frame.serverTime, CLOCK_MS);
    this.#tellState();
    this.#act(this.#state.sync());
    this.#tellWatches();
    this.#questions.ready();
    this.#flush();
    this.#moveMarks();
  }

  #lost(): void {
    this.#requests.disconnected();
    this.#state.disconnected();
    this.#watches.forget();
    this.#syncAt.clear();
    this.#expireTyping(Number.POSITIVE_INFINITY);
    if (this.#is === "online") this.#turn("offline");
  }

  #closed(error: ChinwagError): void {
    this.#failure = error;
    this.#turn("closed");
    this.#questions.close(error);
  }

  #stop(error: ChinwagError): void {
    this.#connection.stop();
    this.#closed(error);
  }

  #turn(to: ConnectionState): void {
    this.#is = to;
    if (to !== "closed") this.#failure = undefined;
    this.#tellState();
  }

  #tellState(): void {
    this.#hub.tellAll({ type: "state", ...this.#status() });
  }

  #status() {
    return {
      state: this.#is,
      aheadMs: this.#aheadMs,
      ...(this.#failure && { failure: failure(this.#failure) }),
      ...(this.#limits && { limits: this.#limits }),
    };
  }

  /** Corrects the clock by which ids are made, where it is off by more than a bound. */
  #learnTime(serverTime: string, boundMs: number): void {
    const aheadMs = this.environment.now() - Date.parse(serverTime);
    this.#aheadMs = Math.abs(aheadMs) > boundMs ? aheadMs : 0;
  }

  #received(frame: ServerFrame): void {
    if (this.#requests.answered(frame)) return;
    switch (frame.type) {
      case "message":
      case "messageEdited":
      case "messageDeleted":
      case "reaction":
      case "membership":
      case "chat":
      case "hidden":
        return this.#act(this.#state.receive(frame));
      case "receipt":
        return this.#receipt(frame);
      case "typing":
        this.#hub.tellAll({ type: "typing", typing: this.#typing.heard(frame, this.environment.now()) });
        return this.#awaitTyping();
      case "presence":
        return this.#presence([frame as Presence]);
      case "heartbeat":
        return this.#act(this.#state.behind(frame.chats ?? {}));
      case "resync":
        return this.#syncAt.setEarlier(frame.afterMs);
      case "error":
        return this.#trouble(ChinwagError.of(frame.error));
    }
  }

  // Places.

  #act(actions: Action[]): void {
    for (const action of actions) {
      switch (action.do) {
        case "log":
          this.#log(action.frame);
          break;
        case "chat":
          this.#snapshot(action.chat);
          break;
        case "restart":
          this.#hub.tellAll({ type: "restart", chatId: action.chatId, place: action.place });
          break;
        case "left":
          this.#forget(action.chatId);
          break;
        case "online":
          if (this.#is !== "online") this.#turn("online");
          break;
        case "ask":
          this.#askOwn(action.request);
          break;
        case "await": {
          const afterMs = action.afterMs ?? GAP_MS * (0.5 + this.environment.random());
          this.environment.setTimer(() => this.#act(this.#state.repairDue(action.chatId)), afterMs);
          break;
        }
        case "syncAfter":
          this.#syncAt.setEarlier(action.afterMs);
      }
    }
  }

  #askOwn(request: OwnRequest): void {
    const late = () => {
      if (this.#connection.isReady) this.#act(this.#state.refused(request));
    };
    const answer = (frame: ServerFrame) => {
      if (frame.type === "sync") this.#act(this.#state.synced(frame));
      else if (frame.type === "events") this.#act(this.#state.repaired(frame));
      else if (frame.type === "error") this.#act(this.#state.refused(request, frame.error));
    };
    if (this.#connection.isReady) this.#requests.ask(request, { answer, lost: late });
  }

  #log(frame: LogFrame): void {
    const typing = this.#typing.saw(frame);
    if (typing) this.#hub.tellAll({ type: "typing", typing });
    this.#hub.tellAll({ type: "log", frame });
    if (ends(frame, this.options.userId)) {
      this.#state.forget(frame.chatId);
      return this.#forget(frame.chatId);
    }
    this.#changed(this.#chats.receive(frame));
    if (frame.type === "message") this.#arrived(frame.chatId);
  }

  #snapshot(chat: Chat): void {
    this.#changed(this.#chats.snapshot(chat, this.#marks.pendingRead(chat.id)));
    this.#arrived(chat.id);
  }

  #changed(change: ChatChange | undefined): void {
    if (!change) return;
    const { chat, uncertain } = change;
    this.#hub.tellAll({ type: "chat", chat });
    if (!uncertain) return;
    if (this.#marks.pendingRead(chat.id)) this.#doubtfulAfterMark.add(chat.id);
    else this.#doubt(chat.id);
  }

  #forget(chatId: ChatId): void {
    this.#chats.forget(chatId);
    this.#marks.forget(chatId);
    this.#doubtful.delete(chatId);
    this.#hub.tellAll({ type: "left", chatId });
  }

  // Counts that only the server knows.

  #doubt(chatId: ChatId): void {
    this.#doubtful.add(chatId);
    this.#doubtAt.setEarlier(DOUBT_MS);
  }

  async #resolveDoubts(): Promise<void> {
    const doubtful = [...this.#doubtful];
    this.#doubtful.clear();
    for (const id of doubtful) {
      try {
        const chat = await this.#http.request("GET /v1/chats/{id}", { path: { id } });
        this.#state.learn(chat);
        this.#snapshot(chat);
      } catch (error) {
        // A chat that is gone: sync tells. Anything else: the next sync counts anew.
        if (error instanceof ChinwagError && error.code === "notFound") this.#syncAt.setEarlier(0);
      }
    }
  }

  // Marks.

  #mark(mark: Mark): void {
    this.#marks.want(mark);
    if (mark.kind === "read")
      this.#changed(this.#chats.read(mark.chatId, mark.messageId, mark.unread ?? false));
    this.#moveMarks();
  }

  /** Marks the last message of a chat as delivered. */
  #arrived(chatId: ChatId): void {
    if (this.options.delivered === false) return;
    const chat = this.#chats.get(chatId);
    const last = chat?.head.lastMessage;
    if (!chat || !last || last.senderId === this.options.userId) return;
    const { delivered } = chat.marks;
    if (delivered !== undefined && compareIds(last.id, delivered) <= 0) return;
    this.#marks.want({ chatId, kind: "delivered", messageId: last.id });
    this.#moveMarks();
  }

  #moveMarks(): void {
    const now = this.environment.now();
    if (!this.#connection.isReady) return;
    for (const mark of this.#marks.due(now, this.#requests.pace.room(now, MARKS_SHARE))) this.#sendMark(mark);
    const dueAt = this.#marks.dueAt();
    if (dueAt === undefined) return;
    const room = this.#requests.pace.room(now, MARKS_SHARE) > 0 ? 0 : this.#requests.pace.roomInMs(now);
    this.#marksAt.setEarlier(Math.max(dueAt - now, room));
  }

  #sendMark(mark: Mark): void {
    const { chatId, kind, messageId, unread } = mark;
    const again = () => {
      this.#marks.answered(mark, true);
      this.#moveMarks();
    };
    const answer = (frame: ServerFrame) => {
      if (frame.type === "error" && frame.error.retryable) return again();
      this.#marks.answered(mark, false);
      if (frame.type === "ok") this.#marked(mark);
      this.#moveMarks();
    };
    this.#requests.ask(
      kind === "read"
        ? { type: "read", chatId, lastReadMessageId: messageId, ...(unread && { unread }) }
        : { type: "delivered", chatId, deliveredMessageId: messageId },
      { answer, lost: again },
    );
  }

  #marked({ chatId, kind, messageId }: Mark): void {
    if (kind === "delivered") this.#changed(this.#chats.delivered(chatId, messageId));
    else if (!this.#marks.pendingRead(chatId) && this.#doubtfulAfterMark.delete(chatId)) this.#doubt(chatId);
  }

  #receipt(frame: FrameOf<"receipt">): void {
    const { type: _, ...receipt } = frame;
    this.#hub.tellAll({ type: "receipt", receipt });
    const { userId, chatId, lastReadMessageId, deliveredMessageId } = receipt as Partial<Receipt>;
    if (userId !== this.options.userId || chatId === undefined) return;
    if (lastReadMessageId) this.#changed(this.#chats.read(chatId, lastReadMessageId, true));
    if (deliveredMessageId) this.#changed(this.#chats.delivered(chatId, deliveredMessageId));
  }

  // The outbox.

  #flush(): void {
    if (!this.#connection.isReady || this.#connection.isLeaving || !this.#loaded) return;
    for (const { key, request } of this.#outbox.sendable(this.environment.now())) {
      this.#requests.ask(request, {
        answer: (frame) => this.#acknowledged(key, frame),
        lost: () => {
          this.#outbox.lost(key);
          this.#flushAt.setEarlier(0);
        },
      });
    }
  }

  #acknowledged(key: string, frame: ServerFrame): void {
    if (frame.type !== "ack" && frame.type !== "error") return this.#outbox.lost(key);
    const next = this.#outbox.answered(key, frame, this.environment.now());
    if (next?.do === "again") this.#flushAt.setEarlier(next.afterMs);
    if (next?.do === "renew") {
      this.#learnTime(next.serverTime, 0);
      this.#tellState();
      return this.#outgoing(this.#outbox.renew(key, this.#newId()));
    }
    if (next?.do === "done") this.#done(next.entry, frame);
    this.#flush();
  }

  #done(entry: OutboxEntry, frame: FrameOf<"ack"> | FrameOf<"error">): void {
    const { key, request } = entry;
    if (frame.type === "error") {
      this.#hub.tellAll({ type: "outgoing", entry });
      // A refused message stays in the outbox; the person may send it again.
      return this.#settle(
        { type: "settled", key, failure: failure(ChinwagError.of(frame.error)) },
        request.type !== "send",
      );
    }
    const logged = logFrameOf(request.chatId, frame);
    if (logged) this.#act(this.#state.receive(logged));
    this.#settle({ type: "settled", key, answer: frame });
  }

  #settle(told: Extract<Tell, { type: "settled" }>, forGood = true): void {
    if (forGood) {
      this.#settled.set(told.key, told);
      const [oldest] = this.#settled.keys();
      if (this.#settled.size > SETTLED && oldest !== undefined) this.#settled.delete(oldest);
    }
    this.#hub.tellAll(told);
  }

  #newId(): string {
    return uuidV7(this.environment, this.environment.now() - this.#aheadMs);
  }

  // Presence and typing.

  #tellWatches(): void {
    if (!this.#connection.isReady) return;
    for (const { add, remove } of this.#watches.changes(this.#limits?.watchedUsers ?? 0)) {
      const again = () => {
        this.#watches.forget(add);
        if (this.#connection.isReady) this.#watchAt.setEarlier(1_000);
      };
      const answer = (frame: ServerFrame) => {
        if (frame.type === "presence") this.#presence(frame.users ?? []);
        else if (frame.type === "error" && frame.error.retryable) again();
      };
      this.#requests.ask({ type: "watchPresence", add, remove }, { answer, lost: again });
    }
  }

  #presence(presences: Presence[]): void {
    for (const { userId, status, lastSeen } of presences) {
      const presence = { userId, status, ...(lastSeen && { lastSeen }) };
      if (this.#watches.heard(presence)) this.#hub.tellAll({ type: "presence", presence });
    }
  }

  #expireTyping(now: number): void {
    for (const typing of this.#typing.expire(now)) this.#hub.tellAll({ type: "typing", typing });
    this.#awaitTyping();
  }

  #awaitTyping(): void {
    const at = this.#typing.expiresAt();
    if (at !== undefined) this.#typingAt.set(at - this.environment.now());
  }

  #trouble(error: ChinwagError): void {
    this.#hub.tellAll({ type: "trouble", failure: failure(error) });
  }
}

function storageError(error: unknown): ChinwagError {
  const detail = error instanceof Error ? error.message : String(error);
  return new ChinwagError("storage", `what waits to be sent can't be kept on this device: ${detail}`);
}
