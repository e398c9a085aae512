/** What the client knows, apart from sockets and time: places, the sync token, what to ask next. */

import type {
  Chat,
  ChatId,
  ClientFrame,
  EventsPage,
  LogFrame,
  Place,
  Problem,
  SyncAnswer,
  SyncChat,
} from "../protocol/index.js";
import { ChatLog, type Received } from "./chat-log.js";

/** Events asked for at a time. */
const PAGE = 200;
/** How long to wait after a refused request, where the server names no time. */
const AFTER_REFUSAL_MS = 1_000;

/** A request that the client makes on its own behalf. */
export type OwnRequest = Extract<ClientFrame, { type: "sync" | "events" }>;

/** What follows from a frame. */
export type Action =
  /** A place of a chat's log: once, in order. */
  | { do: "log"; frame: LogFrame }
  /** A chat as it is now. */
  | { do: "chat"; chat: Chat }
  /** Too much was missed to tell place by place: what is shown of the chat starts anew after this place. */
  | { do: "restart"; chatId: ChatId; place: Place }
  /** The chat is no longer the user's. */
  | { do: "left"; chatId: ChatId }
  /** Everything missed has come. */
  | { do: "online" }
  /** Ask the server. */
  | { do: "ask"; request: OwnRequest }
  /** Places are missing: wait briefly for them (or so long), then say `repairDue`. */
  | { do: "await"; chatId: ChatId; afterMs?: number }
  /** Sync after so many milliseconds. */
  | { do: "syncAfter"; afterMs: number };

/** What the client knows. */
export class State {
  readonly #logs = new Map<ChatId, ChatLog>();
  #token: string | undefined;
  #syncing = false;
  /** Whether something came during a sync that its answer may not hold yet. */
  #syncAgain = false;
  /** Chats of which something came though no sync told of them. */
  readonly #strangers = new Set<ChatId>();
  /** Chats of which something came during the sync that is under way: newer than its answer, perhaps. */
  readonly #heard = new Set<ChatId>();
  /** Chats whose gap is waited for or asked about. */
  readonly #repairing = new Set<ChatId>();

  /** `named`: how many chats one sync may name. */
  constructor(public named = 1_000) {}

  /** Asks for what changed; where a sync is under way, another follows it. */
  sync(): Action[] {
    if (this.#syncing) {
      this.#syncAgain = true;
      return [];
    }
    this.#syncing = true;
    this.#heard.clear();
    return [this.#syncAction()];
  }

  /** Forgets what was asked on a connection that is gone. */
  disconnected(): void {
    this.#syncing = false;
    this.#syncAgain = false;
    this.#repairing.clear();
  }

  /** Takes the places that pages hold, from before this client was there; of two the lower one. */
  seed(places: Record<ChatId, Place>): void {
    if (this.#token !== undefined) return;
    for (const [chatId, place] of Object.entries(places)) {
      const known = this.#logs.get(chatId)?.place;
      if (!known || (known.epoch === place.epoch && place.seq < known.seq)) {
        this.#logs.set(chatId, new ChatLog(place));
      }
    }
  }

  /** Takes what an earlier client knew: as a whole at least as new as its token. */
  restore(token: string, places: Iterable<[ChatId, Place]>): void {
    this.#token = token;
    for (const [chatId, place] of places) this.#logs.set(chatId, new ChatLog(place));
  }

  /** The token of the last sync. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Returns the place held of a chat. */
  place(chatId: ChatId): Place | undefined {
    return this.#logs.get(chatId)?.place;
  }

  /** Returns the place held of each chat, or of those named. */
  places(chats: Iterable<ChatId> = this.#logs.keys()): Record<ChatId, Place> {
    const places: Record<ChatId, Place> = {};
    for (const chatId of chats) {
      const log = this.#logs.get(chatId);
      if (log) places[chatId] = log.place;
    }
    return places;
  }

  /** Takes a frame of a chat's log. */
  receive(frame: LogFrame): Action[] {
    if (this.#syncing) this.#heard.add(frame.chatId);
    const log = this.#logs.get(frame.chatId);
    if (!log) {
      // A chat that the client doesn't know: sync tells of it, this place included.
      this.#strangers.add(frame.chatId);
      return this.sync();
    }
    // The chats with the latest news are the last ones of the map: those a sync names first.
    this.#logs.delete(frame.chatId);
    this.#logs.set(frame.chatId, log);
    return this.#after(frame.chatId, log.receive(frame));
  }

  /** Takes a chat that an answer outside of sync told of. */
  learn(chat: Chat): void {
    this.#strangers.delete(chat.id);
    if (!this.#logs.has(chat.id)) {
      this.#logs.set(chat.id, new ChatLog({ epoch: chat.epoch, seq: chat.head.seq }));
    }
  }

  /** Forgets a chat that the user is no longer in. */
  forget(chatId: ChatId): void {
    this.#logs.delete(chatId);
    this.#repairing.delete(chatId);
  }

  /** Takes the answer to a sync. */
  synced(answer: SyncAnswer): Action[] {
    const actions = answer.chats.flatMap((chat) => this.#syncedChat(chat));
    for (const chatId of answer.left) {
      this.#strangers.delete(chatId);
      if (this.#heard.has(chatId)) {
        // Who left and came back since the answer was made: only another sync tells.
        this.#strangers.add(chatId);
        this.#syncAgain = true;
      }
      if (!this.#logs.has(chatId)) continue;
      this.forget(chatId);
      actions.push({ do: "left", chatId });
    }
    this.#token = answer.token;
    for (const { id } of answer.chats) this.#strangers.delete(id);
    if (!answer.complete) return [...actions, this.#syncAction()];
    this.#syncing = false;
    actions.push({ do: "online" });
    if (!this.#syncAgain && this.#strangers.size > 0) {
      // What changed since the token doesn't tell of them, as where a node's clock was wrong: all does.
      this.#strangers.clear();
      this.#token = undefined;
      this.#syncAgain = true;
    }
    if (this.#syncAgain) {
      this.#syncAgain = false;
      return [...actions, ...this.sync()];
    }
    return [...actions, ...this.#repairAll()];
  }

  /** Asks for what is still missing of a chat. */
  repairDue(chatId: ChatId): Action[] {
    if (!this.#repairing.delete(chatId)) return [];
    const log = this.#logs.get(chatId);
    return log?.hasGap ? this.#repair(chatId) : [];
  }

  /** Takes the events after a place. */
  repaired(page: EventsPage): Action[] {
    const { chatId } = page;
    this.#repairing.delete(chatId);
    const log = this.#logs.get(chatId);
    if (!log) return [];
    const actions: Action[] = [];
    if (page.epoch !== log.place.epoch) {
      const place = { epoch: page.epoch, seq: (page.events[0]?.seq ?? 1) - 1 };
      actions.push({ do: "restart", chatId, place }, ...log.restart(place).map(logged));
    }
    for (const frame of page.events) actions.push(...log.receive(frame).ready.map(logged));
    if (page.hasMore || log.hasGap) actions.push(...this.#repair(chatId));
    return actions;
  }

  /** Takes the ends of chats that are ahead of the client. */
  behind(heads: Record<ChatId, Place>): Action[] {
    return Object.entries(heads).flatMap(([chatId, head]) => {
      const place = this.#logs.get(chatId)?.place;
      const isBehind = place && (place.epoch !== head.epoch || place.seq < head.seq);
      return isBehind && !this.#syncing ? this.#repair(chatId) : [];
    });
  }

  /** Takes a refusal of what the client asked for, or of a request that got no answer in time. */
  refused(request: OwnRequest, problem?: Problem): Action[] {
    const afterMs = problem?.retryAfterMs ?? AFTER_REFUSAL_MS;
    if (request.type === "sync") {
      this.#syncing = false;
      // A token that is refused for good.
      if (problem && !problem.retryable) this.#token = undefined;
      return [{ do: "syncAfter", afterMs }];
    }
    this.#repairing.delete(request.chatId);
    // Of a chat that is no longer the user's sync tells.
    if (problem && !problem.retryable) return this.sync();
    return this.#await(request.chatId, afterMs);
  }

  #syncAction(): Action {
    const latest = [...this.#logs.keys()].slice(-this.named);
    const request: OwnRequest = {
      type: "sync",
      ...(this.#token !== undefined && { since: this.#token }),
      chats: this.places(latest),
    };
    return { do: "ask", request };
  }

  #syncedChat({ events, limited, ...chat }: SyncChat): Action[] {
    const chatId = chat.id;
    const place = { epoch: chat.epoch, seq: events[0] ? events[0].seq - 1 : chat.head.seq };
    const actions: Action[] = [{ do: "chat", chat }];
    let log = this.#logs.get(chatId);
    if (!log) {
      log = new ChatLog(place);
      this.#logs.set(chatId, log);
    } else if (log.place.epoch !== place.epoch || (limited && log.place.seq < place.seq)) {
      actions.push({ do: "restart", chatId, place }, ...log.restart(place).map(logged));
    }
    for (const frame of events) actions.push(...log.receive(frame).ready.map(logged));
    return actions;
  }

  #after(chatId: ChatId, received: Received): Action[] {
    const actions = received.ready.map(logged);
    if (received.otherEpoch) return [...actions, ...this.sync()];
    return received.gap && !this.#syncing ? [...actions, ...this.#await(chatId)] : actions;
  }

  #await(chatId: ChatId, afterMs?: number): Action[] {
    if (this.#repairing.has(chatId)) return [];
    this.#repairing.add(chatId);
    return [{ do: "await", chatId, ...(afterMs !== undefined && { afterMs }) }];
  }

  #repair(chatId: ChatId): Action[] {
    const place = this.#logs.get(chatId)?.place;
    if (!place || this.#repairing.has(chatId)) return [];
    this.#repairing.add(chatId);
    return [
      { do: "ask", request: { type: "events", chatId, epoch: place.epoch, after: place.seq, limit: PAGE } },
    ];
  }

  /** Asks for what is missing before frames that came while a sync was under way. */
  #repairAll(): Action[] {
    const withGap = [...this.#logs].filter(([, log]) => log.hasGap);
    return withGap.flatMap(([chatId]) => this.#repair(chatId));
  }
}

function logged(frame: LogFrame): Action {
  return { do: "log", frame };
}
