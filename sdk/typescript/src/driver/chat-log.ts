/** One chat's places as the client holds them: gaps are seen, doubles dropped, order kept. */

import type { LogFrame, Place } from "../protocol/index.js";

/** Frames held beyond a gap; above it the furthest are dropped and fetched later. */
const HELD = 1_000;

/** What became of a frame. */
export interface Received {
  /** What can be shown now, in order. */
  ready: LogFrame[];
  /** Whether places are missing before what is held: ask for the events after the place. */
  gap: boolean;
  /** Whether the frame belongs to another epoch: the chat must be taken anew. */
  otherEpoch: boolean;
}

/**
 * A chat's log up to a place without gaps, and what came beyond.
 *
 * The place moves over a gap-free prefix alone, so that asking for what comes after it never skips anything.
 */
export class ChatLog {
  #place: Place;
  readonly #held = new Map<number, LogFrame>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** The last place of the gap-free prefix. */
  get place(): Place {
    return this.#place;
  }

  /** Whether something is held beyond a gap. */
  get hasGap(): boolean {
    return this.#held.size > 0;
  }

  /** Takes a frame, from whichever way it came. */
  receive(frame: LogFrame): Received {
    if (frame.epoch !== this.#place.epoch) return { ready: [], gap: false, otherEpoch: true };
    if (frame.seq > this.#place.seq) this.#held.set(frame.seq, frame);
    const ready = this.#letOut();
    if (this.#held.size > HELD) this.#held.delete(Math.max(...this.#held.keys()));
    return { ready, gap: this.hasGap, otherEpoch: false };
  }

  /** Skips to a place: what lies before is given up, what is held beyond it comes out. */
  restart(place: Place): LogFrame[] {
    const sameEpoch = place.epoch === this.#place.epoch;
    this.#place = place;
    for (const seq of [...this.#held.keys()]) {
      if (!sameEpoch || seq <= place.seq) this.#held.delete(seq);
    }
    return this.#letOut();
  }

  /** Moves the place over what follows without a gap. */
  #letOut(): LogFrame[] {
    const ready: LogFrame[] = [];
    for (;;) {
      const next = this.#held.get(this.#place.seq + 1);
      if (!next) return ready;
      this.#held.delete(next.seq);
      this.#place = { epoch: this.#place.epoch, seq: next.seq };
      ready.push(next);
    }
  }
}
