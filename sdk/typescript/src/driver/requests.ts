/** Requests and their answers: numbered, never faster than the server takes them, never waited for without end. */

import { Alarm, type Environment } from "../environment.js";
import type { ClientFrame, ServerFrame } from "../protocol/index.js";
import { Pace } from "./pace.js";

/** A frame that gets an answer. */
export type Request = ClientFrame;

/** What becomes of a request. */
export interface Answered {
  answer(frame: ServerFrame): void;
  /** The connection is gone, or no answer came in time. */
  lost(): void;
}

interface Waiting extends Answered {
  /** By when the answer must be there; counted from when the frame went out. */
  until: number;
}

/** Everything asked on one connection after the other. */
export class Requests {
  readonly pace = new Pace(undefined);
  readonly #waiting = new Map<number, Waiting>();
  #queue: ClientFrame[] = [];
  #number = 0;
  readonly #room: Alarm;
  readonly #late: Alarm;

  constructor(
    private readonly environment: Environment,
    private readonly answerMs: number,
    private readonly send: (frame: ClientFrame) => void,
    /** Is called where an answer is missing: the connection may be dead. */
    private readonly onLate: () => void,
  ) {
    this.#room = new Alarm(environment, () => this.#flush());
    this.#late = new Alarm(environment, () => this.#giveUp());
  }

  /** Asks. */
  ask(request: ClientFrame, answered: Answered): void {
    this.#number += 1;
    this.#waiting.set(this.#number, { ...answered, until: Number.POSITIVE_INFINITY });
    this.say({ ...request, id: this.#number });
  }

  /** Says what gets no answer, or is a request already. */
  say(frame: ClientFrame): void {
    this.#queue.push(frame);
    this.#flush();
  }

  /** Takes an answer; whether it was one to what was asked here. */
  answered(frame: ServerFrame): boolean {
    const { id } = frame as { id?: number };
    const waiting = id !== undefined && this.#waiting.get(id);
    if (!waiting) return false;
    this.#waiting.delete(id);
    waiting.answer(frame);
    return true;
  }

  /** Gives everything up: the connection is gone. */
  disconnected(): void {
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#queue = [];
    this.#room.clear();
    this.#late.clear();
    this.pace.reset();
    for (const waiting of lost) waiting.lost();
  }

  #flush(): void {
    while (this.#queue.length > 0) {
      const now = this.environment.now();
      if (this.pace.room(now) === 0) return this.#room.setEarlier(this.pace.roomInMs(now));
      const frame = this.#queue.shift() as ClientFrame;
      this.pace.sent(now);
      this.#expect(frame.id, now);
      this.send(frame);
    }
  }

  #expect(id: number | undefined, now: number): void {
    const waiting = id !== undefined && this.#waiting.get(id);
    if (!waiting) return;
    waiting.until = now + this.answerMs;
    this.#late.setEarlier(this.answerMs);
  }

  #giveUp(): void {
    const now = this.environment.now();
    const late = [...this.#waiting].filter(([, { until }]) => until <= now);
    for (const [id] of late) this.#waiting.delete(id);
    const next = Math.min(...[...this.#waiting.values()].map(({ until }) => until));
    if (Number.isFinite(next)) this.#late.setEarlier(next - now);
    for (const [, waiting] of late) waiting.lost();
    if (late.length > 0) this.onLate();
  }
}
