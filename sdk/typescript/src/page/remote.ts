/** A page's end of the line to the driver: whatever driver is there, and also when another one takes over. */

import type { Change, PagePort, Query, QueryAnswer, Snapshot, Tell } from "../driver/messages.js";
import { ChinwagError, errorOf, failure } from "../errors.js";
import type { ChatId, FrameOf, LogFrame, Place, UserId } from "../protocol/index.js";
import type { Tokens } from "./tokens.js";

/** What a page is told, once doubles are gone. */
export interface RemoteListener {
  attached(snapshot: Snapshot, driver: string): void;
  /** A place of a chat's log: once, in order. */
  log(frame: LogFrame): void;
  /** Too much was missed in a chat. */
  restart(chatId: ChatId): void;
  told(tell: Exclude<Tell, { type: "hello" | "attached" | "askToken" | "log" | "restart" | "answer" }>): void;
}

interface Waiting<Request, Answer> {
  request: Request;
  resolve(answer: Answer): void;
  reject(error: ChinwagError): void;
}

/** The driver, as a page sees it. */
export class Remote {
  #port: PagePort | undefined;
  #driver = "";
  #attached = false;
  #count = 0;
  readonly #places = new Map<ChatId, Place>();
  readonly #changes = new Map<string, Waiting<Change, FrameOf<"ack">>>();
  readonly #queries = new Map<number, Waiting<Query, QueryAnswer>>();
  readonly #watched = new Map<UserId, number>();
  readonly #screen = new Map<ChatId, number>();

  constructor(
    private readonly tokens: Tokens,
    private readonly listener: RemoteListener,
  ) {}

  /** Listens to a driver. */
  open(port: PagePort): void {
    this.#port = port;
    port.listen((tell) => {
      if (this.#port === port) this.#heard(tell);
    });
  }

  /** Leaves; with an error for all that waits, where it is for good. */
  close(error?: ChinwagError): void {
    this.#port?.post({ type: "detach" });
    this.#port?.close();
    this.#port = undefined;
    this.#attached = false;
    if (error) this.giveUp(error);
  }

  /** Answers all that waits with an error. */
  giveUp(error: ChinwagError): void {
    for (const waiting of [...this.#changes.values(), ...this.#queries.values()]) waiting.reject(error);
    this.#changes.clear();
    this.#queries.clear();
  }

  /** Returns the last place of a chat that was told. */
  place(chatId: ChatId): Place | undefined {
    return this.#places.get(chatId);
  }

  /** Says what needs no answer; lost where no driver is there. */
  post(ask: Parameters<PagePort["post"]>[0]): void {
    if (this.#attached) this.#port?.post(ask);
  }

  /** Makes a change; resolves when it is durable. */
  change(key: string, request: Change): Promise<FrameOf<"ack">> {
    return new Promise((resolve, reject) => {
      this.#changes.set(key, { request, resolve, reject });
      this.post({ type: "change", key, request });
    });
  }

  /** Asks the server. */
  query(request: Query): Promise<QueryAnswer> {
    this.#count += 1;
    const n = this.#count;
    return new Promise((resolve, reject) => {
      this.#queries.set(n, { request, resolve, reject });
      this.post({ type: "query", n, request });
    });
  }

  /** Watches users; each as long as somebody here does. Returns what stops it. */
  watch(users: UserId[]): () => void {
    const add = step(this.#watched, users, 1);
    if (add.length > 0) this.post({ type: "watch", add, remove: [] });
    return once(() => {
      const remove = step(this.#watched, users, -1);
      if (remove.length > 0) this.post({ type: "watch", add: [], remove });
    });
  }

  /** Says that a chat is on the screen. Returns what takes it back. */
  show(chatId: ChatId): () => void {
    if (step(this.#screen, [chatId], 1).length > 0) this.post({ type: "screen", add: [chatId], remove: [] });
    return once(() => {
      if (step(this.#screen, [chatId], -1).length > 0)
        this.post({ type: "screen", add: [], remove: [chatId] });
    });
  }

  #heard(tell: Tell): void {
    switch (tell.type) {
      case "hello":
        return this.#attach(tell.driver);
      case "attached":
        return this.#took(tell.snapshot);
      case "askToken":
        return void this.#giveToken(tell.n, tell.fresh);
      case "log":
        return this.#log(tell.frame);
      case "restart":
        this.#places.set(tell.chatId, tell.place);
        return this.listener.restart(tell.chatId);
      case "answer": {
        const waiting = this.#queries.get(tell.n);
        this.#queries.delete(tell.n);
        if (tell.answer) waiting?.resolve(tell.answer);
        else waiting?.reject(tell.failure ? errorOf(tell.failure) : new ChinwagError("network", "no answer"));
        return;
      }
      case "left":
        this.#places.delete(tell.chatId);
        break;
      case "settled":
        this.listener.told(tell);
        return this.#settle(tell);
    }
    this.listener.told(tell);
  }

  #settle({ key, answer, failure: refused }: Extract<Tell, { type: "settled" }>): void {
    const waiting = this.#changes.get(key);
    this.#changes.delete(key);
    if (answer) waiting?.resolve(answer);
    else waiting?.reject(refused ? errorOf(refused) : new ChinwagError("closed", "the message was given up"));
  }

  #attach(driver: string): void {
    this.#driver = driver;
    this.#attached = true;
    const places = Object.fromEntries(this.#places);
    this.post({ type: "attach", places, watch: [...this.#watched.keys()], screen: [...this.#screen.keys()] });
    for (const [key, { request }] of this.#changes) this.post({ type: "change", key, request });
    for (const [n, { request }] of this.#queries) this.post({ type: "query", n, request });
  }

  #took(snapshot: Snapshot): void {
    const missed: ChatId[] = [];
    for (const [chatId, place] of Object.entries(snapshot.places)) {
      const held = this.#places.get(chatId);
      if (held && (held.epoch !== place.epoch || held.seq < place.seq)) missed.push(chatId);
      if (!held || missed.at(-1) === chatId) this.#places.set(chatId, place);
    }
    this.listener.attached(snapshot, this.#driver);
    for (const chatId of missed) this.listener.restart(chatId);
  }

  /** Lets a frame through that is the next one; one that came already is dropped. */
  #log(frame: LogFrame): void {
    const { chatId, epoch, seq } = frame;
    const held = this.#places.get(chatId);
    const sameEpoch = held?.epoch === epoch;
    if (held && sameEpoch && seq <= held.seq) return;
    this.#places.set(chatId, { epoch, seq });
    if (held && !(sameEpoch && seq === held.seq + 1)) this.listener.restart(chatId);
    this.listener.log(frame);
  }

  async #giveToken(n: number, fresh: boolean): Promise<void> {
    try {
      this.post({ type: "token", n, token: await this.tokens.get(fresh) });
    } catch (error) {
      this.post({ type: "token", n, failure: failure(error) });
    }
  }
}

/** Counts up or down; returns whose count began or ended by that. */
function step<T>(counts: Map<T, number>, keys: T[], by: 1 | -1): T[] {
  const turned: T[] = [];
  for (const key of keys) {
    const count = (counts.get(key) ?? 0) + by;
    if (count <= 0) counts.delete(key);
    else counts.set(key, count);
    if (count === (by === 1 ? 1 : 0)) turned.push(key);
  }
  return turned;
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}
