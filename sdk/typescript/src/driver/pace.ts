/** How fast frames may go out, so that the server never closes the session for their number. */

const WINDOW_MS = 10_000;
/** What stays free of the server's bound: for frames that can't wait, such as a fresh token. */
const SPARE = 10;

/** Counts the frames of the last 10 s, heartbeats apart. */
export class Pace {
  readonly #sent: number[] = [];

  /** `most`: frames that the server takes in 10 s; missing: any number. */
  constructor(public most: number | undefined) {}

  /** Returns how many frames may go out now; `share` of the whole for those that can wait. */
  room(now: number, share = 1): number {
    if (this.most === undefined) return Number.POSITIVE_INFINITY;
    this.#forget(now);
    return Math.max(0, Math.floor((this.most - SPARE) * share) - this.#sent.length);
  }

  /** Takes that a frame went out. */
  sent(now: number): void {
    if (this.most !== undefined) this.#sent.push(now);
  }

  /** Returns how long until there is room again, milliseconds. */
  roomInMs(now: number): number {
    return Math.max(0, (this.#sent[0] ?? now) + WINDOW_MS - now);
  }

  /** Starts anew with a connection. */
  reset(): void {
    this.#sent.length = 0;
  }

  #forget(now: number): void {
    const first = this.#sent.findIndex((at) => at > now - WINDOW_MS);
    this.#sent.splice(0, first < 0 ? this.#sent.length : first);
  }
}
