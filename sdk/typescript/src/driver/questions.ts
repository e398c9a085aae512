/** What pages ask of the server: waits a while for a connection, and is asked again where an answer is lost. */

import { Alarm, type Environment } from "../environment.js";
import { ChinwagError } from "../errors.js";
import type { ServerFrame } from "../protocol/index.js";
import type { Query, QueryAnswer } from "./messages.js";
import type { Requests } from "./requests.js";

/** Questions that may wait. */
const WAITING = 1_000;
/** How long a question waits for a connection, and for an answer, before it is given up. */
const PATIENCE_MS = 20_000;

interface Question {
  page: string;
  request: Query;
  until: number;
  done(answer: QueryAnswer | undefined, error?: ChinwagError): void;
}

/** The pages' questions. */
export class Questions {
  #waiting: Question[] = [];
  readonly #late: Alarm;

  constructor(
    private readonly environment: Environment,
    private readonly requests: Requests,
    private readonly connected: () => boolean,
  ) {
    this.#late = new Alarm(environment, () => this.#giveUp());
  }

  /** Asks now, or once there is a connection. */
  ask(page: string, request: Query, done: Question["done"]): void {
    const until = this.environment.now() + PATIENCE_MS;
    const question = { page, request, until, done };
    if (this.connected()) return this.#ask(question);
    if (this.#waiting.length >= WAITING) return done(undefined, notConnected());
    this.#wait(question);
  }

  /** Asks what waits: the session stands. */
  ready(): void {
    for (const question of this.#waiting.splice(0)) this.#ask(question);
  }

  /** Forgets what a page asked that is gone. */
  forget(page: string): void {
    this.#waiting = this.#waiting.filter((question) => question.page !== page);
  }

  /** Answers all with an error. */
  close(error: ChinwagError): void {
    for (const question of this.#waiting.splice(0)) question.done(undefined, error);
  }

  #ask(question: Question): void {
    this.requests.ask(question.request, {
      answer: (frame: ServerFrame) => {
        if (frame.type === "events" || frame.type === "messages") question.done(frame);
        else if (frame.type === "error") question.done(undefined, ChinwagError.of(frame.error));
      },
      lost: () => this.#wait(question),
    });
  }

  #wait(question: Question): void {
    if (question.until <= this.environment.now()) return question.done(undefined, notConnected());
    if (this.connected()) return this.#ask(question);
    this.#waiting.push(question);
    this.#late.setEarlier(question.until - this.environment.now());
  }

  #giveUp(): void {
    const now = this.environment.now();
    const late = this.#waiting.filter(({ until }) => until <= now);
    this.#waiting = this.#waiting.filter(({ until }) => until > now);
    if (this.#waiting.length > 0) this.#late.set(Math.min(...this.#waiting.map(({ until }) => until)) - now);
    for (const question of late) question.done(undefined, notConnected());
  }
}

function notConnected(): ChinwagError {
  return new ChinwagError("notConnected", "the server can't be reached at the moment");
}
