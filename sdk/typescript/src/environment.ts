/** Time, chance and the network, as the client sees them; tests bring their own. */

/** What of a WebSocket is used: the browser's, Node's and that of `ws` alike. */
export interface WebSocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Makes a WebSocket. */
export type WebSocketConstructor = new (url: string, protocol: string) => WebSocketLike;

/** A timer that was set. */
export type Timer = unknown;

/** Where the client runs. */
export interface Environment {
  /** Returns milliseconds since 1970, by the device's clock. */
  now(): number;
  /** Returns a number from 0 to 1. */
  random(): number;
  /** Returns so many random bytes. */
  randomBytes(count: number): Uint8Array;
  /** Runs something after so many milliseconds. */
  setTimer(run: () => void, afterMs: number): Timer;
  /** Forgets a timer. */
  clearTimer(timer: Timer): void;
  /** Asks over HTTP. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Makes a WebSocket; missing where the platform has none. */
  webSocket: WebSocketConstructor | undefined;
}

/** Returns the platform's own. */
export function platform(webSocket?: WebSocketConstructor): Environment {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    setTimer: (run, afterMs) => setTimeout(run, afterMs),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    fetch: (url, init) => fetch(url, init),
    webSocket: webSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined),
  };
}

/** One timer that can be set again and again. */
export class Alarm {
  #timer: Timer;
  #at: number | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly run: () => void,
  ) {}

  /** Rings after so many milliseconds, whatever was set before. */
  set(afterMs: number): void {
    this.clear();
    this.#at = this.environment.now() + afterMs;
    this.#timer = this.environment.setTimer(
      () => {
        this.#at = undefined;
        this.run();
      },
      Math.max(0, afterMs),
    );
  }

  /** Rings after so many milliseconds, unless it rings before anyway. */
  setEarlier(afterMs: number): void {
    if (this.#at === undefined || this.environment.now() + afterMs < this.#at) this.set(afterMs);
  }

  /** Doesn't ring. */
  clear(): void {
    if (this.#at !== undefined) this.environment.clearTimer(this.#timer);
    this.#at = undefined;
  }
}
