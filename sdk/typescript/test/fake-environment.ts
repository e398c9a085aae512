/** Time that stands still until it is moved, chance that follows a seed, and WebSockets without a network. */

import type { Environment, Timer, WebSocketLike } from "../src/environment.js";
import type { ClientFrame, ServerFrame } from "../src/protocol/index.js";

interface Set {
  at: number;
  run(): void;
}

/** An environment that a test moves. */
export class FakeEnvironment implements Environment {
  time = Date.parse("2026-06-01T12:00:00Z");
  readonly sockets: FakeSocket[] = [];
  readonly fetched: string[] = [];
  /** Answers HTTP requests. */
  answer: (url: string, init: RequestInit) => Response = () => new Response(null, { status: 500 });
  webSocket: Environment["webSocket"];
  #seed: number;
  #timers = new Map<number, Set>();
  #count = 0;

  constructor(seed = 1) {
    this.#seed = seed;
    const { sockets, now } = this;
    this.webSocket = class extends FakeSocket {
      constructor(url: string) {
        super(url, now());
        sockets.push(this);
      }
    };
  }

  now = (): number => this.time;

  /** Follows the seed: mulberry32. */
  random = (): number => {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  randomBytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => this.random() * 256);

  setTimer = (run: () => void, afterMs: number): Timer => {
    this.#count += 1;
    this.#timers.set(this.#count, { at: this.time + afterMs, run });
    return this.#count;
  };

  clearTimer = (timer: Timer): void => {
    this.#timers.delete(timer as number);
  };

  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    this.fetched.push(`${init.method} ${url}`);
    return this.answer(url, init);
  };

  /** The last WebSocket made. */
  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error("no connection was made");
    return last;
  }

  /** Lets time pass: every timer that is due runs, in order. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    await settled();
    for (;;) {
      const due = [...this.#timers]
        .filter(([, { at }]) => at <= until)
        .sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [timer, { at, run }] = due;
      this.#timers.delete(timer);
      this.time = Math.max(this.time, at);
      run();
      await settled();
    }
    this.time = until;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((done) => setImmediate(done));
}

/** A WebSocket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  readyState = 0;
  onopen: WebSocketLike["onopen"] = null;
  onmessage: WebSocketLike["onmessage"] = null;
  onclose: WebSocketLike["onclose"] = null;
  onerror: WebSocketLike["onerror"] = null;
  /** What the client sent and the test hasn't taken. */
  sent: ClientFrame[] = [];
  isClosed = false;

  constructor(
    readonly url: string,
    readonly madeAt: number,
  ) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  /** Takes the oldest frame of a type that the client sent. */
  take<T extends ClientFrame["type"]>(type: T): Extract<ClientFrame, { type: T }> {
    const index = this.sent.findIndex((frame) => frame.type === type);
    if (index < 0) throw new Error(`the client sent no ${type}, but ${JSON.stringify(this.sent)}`);
    return this.sent.splice(index, 1)[0] as Extract<ClientFrame, { type: T }>;
  }

  /** Whether the client sent a frame of a type. */
  has(type: ClientFrame["type"]): boolean {
    return this.sent.some((frame) => frame.type === type);
  }

  open(): void {
    this.readyState = 1;
    (this.onopen as (() => void) | null)?.();
  }

  say(frame: ServerFrame | Record<string, unknown>): void {
    (this.onmessage as ((event: unknown) => void) | null)?.({ data: JSON.stringify(frame) });
  }

  /** Ends the connection, as the network (1006) or the server does. */
  end(code = 1006, reason = ""): void {
    (this.onclose as ((event: unknown) => void) | null)?.({ code, reason });
  }
}
