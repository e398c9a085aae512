/** What keeps one user's connection, for every page that shares it. */

import { Alarm, type Environment } from "../environment.js";
import { ChinwagError, failure } from "../errors.js";
import { Http } from "../http.js";
import { uuidV7 } from "../ids.js";
import type {
  Chat,
  FrameOf,
  Limits,
  LogFrame,
  Place,
  Presence,
  ServerFrame,
  UserId,
} from "../protocol/index.js";
import { ends } from "./chats.js";
import { Connection } from "./connection.js";
import type { Context } from "./context.js";
import { Counting } from "./counting.js";
import { Hub } from "./hub.js";
import { Keeping } from "./keeping.js";
import type { Ask, ConnectionState, DriverPort, Query } from "./messages.js";
import type { OutboxStore } from "./outbox-store.js";
import { Questions } from "./questions.js";
import { Requests } from "./requests.js";
import { Screens } from "./screens.js";
import { Sending } from "./sending.js";
import { type Action, type OwnRequest, State } from "./state.js";
import { Typing } from "./typing.js";
import { Watching } from "./watching.js";

/** How long a gap is waited for before the events are fetched: frames may overtake each other. */
const GAP_MS = 200;
/** The bytes of a chat's place in a sync, and of all else in it. */
const PLACE_BYTES = 64;
const SYNC_BYTES = 1_000;

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

/**
 * A user's connection, outbox, places and chats.
 *
 * Frames go from `Connection` by `Requests` (answers) or `State` (places) to the pages, by `Hub`. What pages ask goes
 * to `Sending` (changes), `Questions` (pages of history), `Counting` (marks), `Watching` (presence).
 */
export class Driver {
  readonly #hub: Hub;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #questions: Questions;
  readonly #state = new State();
  readonly #sending: Sending;
  readonly #counting: Counting;
  readonly #watching: Watching;
  readonly #typing = new Typing();
  readonly #screens = new Screens();
  readonly #keeping: Keeping;
  /** What pages asked before it was there what is kept. */
  #early: [page: string, ask: Ask][] | undefined = [];
  readonly #syncAt: Alarm;
  readonly #typingAt: Alarm;
  #is: ConnectionState = "connecting";
  #failure: ChinwagError | undefined;
  #limits: Limits | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly options: DriverOptions,
  ) {
    const { url, userId: me, store, outbox = 1_000, delivered = true, answerMs = 10_000 } = options;
    this.#hub = new Hub(environment, uuidV7(environment, environment.now()), {
      asked: (page, ask) => (this.#early ? void this.#early.push([page, ask]) : this.#asked(page, ask)),
      left: (page, none) => this.#left(page, none),
    });
    this.#connection = new Connection(environment, options, {
      token: (fresh) => this.#hub.token(fresh),
      ready: (frame) => this.#ready(frame),
      received: (frame) => this.#received(frame),
      heartbeat: () => ({ type: "heartbeat", chats: this.#state.places(this.#screens.chats) }),
      lost: () => this.#lost(),
      closed: (error) => this.#closed(error),
    });
    const isReady = () => this.#connection.isReady;
    this.#requests = new Requests(
      environment,
      answerMs,
      (frame) => this.#connection.send(frame),
      () => this.#connection.probe(),
    );
    const { requests, tellAll } = { requests: this.#requests, tellAll: this.#hub.tellAll.bind(this.#hub) };
    const context: Context = { environment, me, requests, isReady, tellAll };
    this.#questions = new Questions(environment, requests, isReady);
    this.#sending = new Sending(context, store, outbox, () => this.#connection.isLeaving, {
      acknowledged: (frame) => this.#act(this.#state.receive(frame)),
      clockChanged: () => this.#tellState(),
      trouble: (error) => this.#trouble(error),
    });
    const http = new Http(environment, url, (fresh) => this.#hub.token(fresh));
    this.#syncAt = new Alarm(environment, () => this.#act(this.#state.sync()));
    this.#counting = new Counting(context, http, delivered, {
      learnt: (chat) => this.#learn(chat),
      gone: () => this.#syncAt.setEarlier(0),
      changed: (chatId) => this.#keeping.changed(chatId),
      marked: (mark) => this.#keeping.mark(mark),
      kept: (chatId) => this.#keeping.unmark(chatId),
    });
    this.#keeping = new Keeping(environment, store.known, {
      token: () => this.#state.token,
      chat: (chatId) => this.#counting.chat(chatId),
      place: (chatId) => this.#placeToKeep(chatId),
      count: () => this.#counting.chats.length,
    });
    this.#watching = new Watching(context);
    this.#typingAt = new Alarm(environment, () => this.#expireTyping(environment.now()));
    void this.#begin();
  }

  /** Goes on where an earlier client was, then hears the pages. */
  async #begin(): Promise<void> {
    const { token, chats = [], marks = [] } = (await this.#keeping.load()) ?? {};
    if (token !== undefined)
      this.#state.restore(
        token,
        chats.map(({ id, place }) => [id, place]),
      );
    this.#counting.restore(token === undefined ? [] : chats.map(({ chat }) => chat), marks);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [page, ask] of early) this.#asked(page, ask);
  }

  /** Lets a page share this connection. Returns what lets it go. */
  add(port: DriverPort): () => void {
    return this.#hub.add(port);
  }

  /** Ends the connection and lets every page go. */
  close(): void {
    this.#connection.stop();
    this.#hub.close();
    for (const part of [this.#keeping, this.#sending, this.#counting, this.#watching]) part.close();
    for (const alarm of [this.#syncAt, this.#typingAt]) alarm.clear();
  }

  // What pages ask.

  #asked(page: string, ask: Ask): void {
    switch (ask.type) {
      case "attach":
        return this.#attach(page, ask);
      case "change":
        if (ask.request.type === "send") this.#typing.sent(ask.request.chatId);
        return this.#sending.change(ask.key, ask.request, (tell) => this.#hub.tell(page, tell));
      case "retry":
        return this.#sending.retry(ask.key);
      case "discard":
        return this.#sending.discard(ask.key);
      case "query":
        return this.#query(page, ask.n, ask.request);
      case "mark":
        return this.#counting.mark(ask.mark);
      case "typing":
        return this.#tellTyping(ask.chatId);
      case "watch":
        return this.#watching.change(page, ask.add, ask.remove);
      case "screen":
        return this.#screens.change(page, ask.add, ask.remove);
      case "learn":
        return this.#learn(ask.chat);
      case "refresh":
        return this.#counting.doubt(ask.chatId);
      case "forget":
        return this.#keeping.forget();
      case "wake":
        return this.#connection.wake();
    }
  }

  #attach(page: string, { places, watch, screen }: Extract<Ask, { type: "attach" }>): void {
    this.#keeping.resume(() => this.#counting.chats.map(({ id }) => id));
    this.#state.seed(places);
    this.#screens.forget(page);
    this.#screens.change(page, screen, []);
    this.#watching.change(page, watch);
    if (this.#is === "closed") this.#turn("connecting");
    const snapshot = {
      ...this.#status(),
      chats: this.#counting.chats,
      places: this.#state.places(),
      outbox: this.#sending.entries,
      typing: this.#typing.states,
      presence: this.#watching.known,
    };
    this.#hub.tell(page, { type: "attached", snapshot });
    this.#connection.start();
  }

  #left(page: string, none: boolean): void {
    this.#early = this.#early?.filter(([early]) => early !== page);
    this.#watching.change(page, []);
    this.#screens.forget(page);
    this.#questions.forget(page);
    if (none) this.#connection.stop();
  }

  #learn(chat: Chat): void {
    this.#state.learn(chat);
    this.#counting.snapshot(chat);
  }

  #query(page: string, n: number, request: Query): void {
    this.#questions.ask(page, request, (answer, error) => {
      const told = { ...(answer && { answer }), ...(error && { failure: failure(error) }) };
      this.#hub.tell(page, { type: "answer", n, ...told });
    });
  }

  // The connection.

  #ready(frame: FrameOf<"ready">): void {
    if (frame.userId !== this.options.userId) {
      const error = new ChinwagError(
        "badArgument",
        "the token is another user's: make a client of its own for each",
      );
      this.#connection.stop();
      return this.#closed(error);
    }
    const { limits } = frame;
    this.#limits = limits;
    this.#state.named = Math.min(limits.syncChats, Math.floor((limits.bodyBytes - SYNC_BYTES) / PLACE_BYTES));
    this.#requests.pace.most = limits.framesIn10S;
    this.#watching.most = limits.watchedUsers;
    this.#sending.learnTime(frame.serverTime);
    this.#tellState();
    this.#act(this.#state.sync());
    this.#watching.tell();
    this.#questions.ready();
    this.#sending.flush();
    this.#counting.move();
  }

  #lost(): void {
    this.#requests.disconnected();
    this.#state.disconnected();
    this.#watching.disconnected();
    this.#syncAt.clear();
    this.#expireTyping(Number.POSITIVE_INFINITY);
    if (this.#is === "online") this.#turn("offline");
  }

  #closed(error: ChinwagError): void {
    this.#failure = error;
    this.#turn("closed");
    this.#questions.close(error);
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
      aheadMs: this.#sending.aheadMs,
      ...(this.#failure && { failure: failure(this.#failure) }),
      ...(this.#limits && { limits: this.#limits }),
    };
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
      case "receipt": {
        const { type, ...receipt } = frame;
        this.#hub.tellAll({ type, receipt });
        return this.#counting.receipt(receipt);
      }
      case "typing":
        this.#hub.tellAll({ type: "typing", typing: this.#typing.heard(frame, this.environment.now()) });
        return this.#awaitTyping();
      case "presence":
        return this.#watching.heard([frame as Presence]);
      case "heartbeat":
        return this.#act(this.#state.behind(frame.chats ?? {}));
      case "resync":
        return this.#syncAt.setEarlier(frame.afterMs);
      case "error":
        return this.#trouble(ChinwagError.of(frame.error));
    }
  }

  #trouble(error: ChinwagError): void {
    this.#hub.tellAll({ type: "trouble", failure: failure(error) });
  }

  // Places.

  #act(actions: Action[]): void {
    for (const action of actions) this.#do(action);
  }

  #do(action: Action): void {
    switch (action.do) {
      case "log":
        return this.#log(action.frame);
      case "chat":
        return this.#counting.snapshot(action.chat);
      case "restart":
        return this.#hub.tellAll({ type: "restart", chatId: action.chatId, place: action.place });
      case "left":
        this.#counting.forget(action.chatId);
        return this.#hub.tellAll({ type: "left", chatId: action.chatId });
      case "online":
        if (this.#is !== "online") this.#turn("online");
        return;
      case "ask":
        return this.#ask(action.request);
      case "await": {
        const afterMs = action.afterMs ?? GAP_MS * (0.5 + this.environment.random());
        this.environment.setTimer(() => this.#act(this.#state.repairDue(action.chatId)), afterMs);
        return;
      }
      case "syncAfter":
        return this.#syncAt.setEarlier(action.afterMs);
    }
  }

  /** The place up to which a chat is known; of a doubtful one the next sync is to tell. */
  #placeToKeep(chatId: string): Place | undefined {
    const place = this.#state.place(chatId);
    if (!place || !this.#counting.isDoubtful(chatId)) return place;
    return { epoch: place.epoch, seq: Math.max(0, place.seq - 1) };
  }

  #log(frame: LogFrame): void {
    const typing = this.#typing.saw(frame);
    if (typing) this.#hub.tellAll({ type: "typing", typing });
    this.#hub.tellAll({ type: "log", frame });
    if (!ends(frame, this.options.userId)) return this.#counting.receive(frame);
    this.#state.forget(frame.chatId);
    this.#do({ do: "left", chatId: frame.chatId });
  }

  #ask(request: OwnRequest): void {
    if (!this.#connection.isReady) return;
    const lost = () => {
      if (this.#connection.isReady) this.#act(this.#state.refused(request));
    };
    const answer = (frame: ServerFrame) => {
      if (frame.type === "sync") {
        this.#act(this.#state.synced(frame));
        this.#keeping.changed();
      }
      if (frame.type === "events") this.#act(this.#state.repaired(frame));
      else if (frame.type === "error") this.#act(this.#state.refused(request, frame.error));
    };
    this.#requests.ask(request, { answer, lost });
  }

  // Typing.

  #tellTyping(chatId: string): void {
    const isDue = this.#connection.isReady && this.#typing.tell(chatId, this.environment.now());
    if (isDue) this.#requests.say({ type: "typing", chatId });
  }

  #expireTyping(now: number): void {
    for (const typing of this.#typing.expire(now)) this.#hub.tellAll({ type: "typing", typing });
    this.#awaitTyping();
  }

  #awaitTyping(): void {
    const at = this.#typing.expiresAt();
    if (at !== undefined) this.#typingAt.set(at - this.environment.now());
  }
}
