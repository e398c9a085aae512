/** The life of a connection: a token, a link, signs of life, an end, and the way back. */

import { Alarm, type Environment } from "../environment.js";
import { ChinwagError } from "../errors.js";
import {
  type ClientFrame,
  CloseCode,
  type FrameOf,
  type Problem,
  reconnects,
  type ServerFrame,
} from "../protocol/index.js";
import { Backoff } from "./backoff.js";
import { type Ended, Link } from "./link.js";

/** A server that says nothing for so long is gone. */
const SILENCE_MS = 70_000;
/** How long an answer to a question about life may take. */
const PROBE_MS = 10_000;
/** How long the server may take to say who one is. */
const AUTH_MS = 10_000;
/** A connection that stood for so long was a good one. */
const STABLE_MS = 30_000;
/** The window in which the server counts frames. */
const TOO_MANY_MS = 10_000;
/** How often a fresh token is asked for where the server refused the last one before a session stood. */
const TOKENS = 3;
/** How long to wait before a token that can't be renewed is asked for again. */
const REAUTH_AGAIN_MS = 10_000;

/** Who hears of the connection. */
export interface ConnectionListener {
  token(fresh: boolean): Promise<string>;
  /** The session stands. */
  ready(frame: FrameOf<"ready">): void;
  /** A frame came, `ready` and answers to this connection's own requests apart. */
  received(frame: ServerFrame): void;
  /** What to say in a heartbeat. */
  heartbeat(): ClientFrame;
  /** The connection is gone, and comes back. */
  lost(): void;
  /** The connection won't come back. */
  closed(error: ChinwagError): void;
}

/** How to connect. */
export interface ConnectionOptions {
  url: string;
  deviceId?: string;
}

/** Numbers of this connection's own requests: none that others use. */
const AUTH_ID = 0;
const PROBE_ID = 0xffff_ffff;

/** Keeps one connection. */
export class Connection {
  readonly #backoff = new Backoff();
  readonly #retry: Alarm;
  readonly #heartbeat: Alarm;
  readonly #silence: Alarm;
  readonly #reauth: Alarm;
  #link: Link | undefined;
  #running = false;
  /** Counts tries, so that a token that comes late finds out. */
  #try = 0;
  #readyAt: number | undefined;
  #heartbeatMs = 20_000;
  #fresh = false;
  #token: string | undefined;
  #refusedTokens = 0;
  #problem: Problem | undefined;
  /** When the server wants to see this client again. */
  #backAt = 0;

  constructor(
    private readonly environment: Environment,
    private readonly options: ConnectionOptions,
    private readonly listener: ConnectionListener,
  ) {
    this.#retry = new Alarm(environment, () => void this.#connect());
    this.#heartbeat = new Alarm(environment, () => this.#beat());
    this.#silence = new Alarm(environment, () => this.#link?.end({ reason: "the server said nothing" }));
    this.#reauth = new Alarm(environment, () => void this.#authenticate(true));
  }

  /** Whether a session stands. */
  get isReady(): boolean {
    return this.#readyAt !== undefined;
  }

  /** Whether the server asked this client to leave: what is new waits for the next connection. */
  get isLeaving(): boolean {
    return this.#backAt > this.environment.now();
  }

  /** Connects, and comes back whenever the connection is lost. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#connect();
  }

  /** Ends the connection for good. */
  stop(): void {
    this.#running = false;
    this.#try += 1;
    this.#retry.clear();
    this.#link?.end({ reason: "closed" });
  }

  /** Sends a frame; lost where no session stands. */
  send(frame: ClientFrame): void {
    if (this.isReady) this.#link?.send(frame);
  }

  /** Tries at once, or asks whether the server is still there: the network is back, or somebody looks. */
  wake(): void {
    if (this.isReady) return this.probe();
    if (this.#running && !this.#link && !this.isLeaving) this.#retry.setEarlier(0);
  }

  /** Asks whether the server is still there; without an answer the connection is lost. */
  probe(): void {
    this.send({ ...this.listener.heartbeat(), id: PROBE_ID });
    this.#silence.setEarlier(PROBE_MS);
  }

  async #connect(): Promise<void> {
    this.#try += 1;
    const current = this.#try;
    try {
      const token = await this.listener.token(this.#fresh);
      if (current !== this.#try || !this.#running) return;
      if (this.#fresh && token === this.#token) return this.#close(expired());
      this.#fresh = false;
      this.#token = token;
      this.#open(token);
    } catch (error) {
      if (current === this.#try && this.#running) this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (error instanceof ChinwagError && !error.retryable) return this.#close(error);
    this.#retry.set(this.#backoff.next(this.environment.random()));
  }

  #open(token: string): void {
    this.#problem = undefined;
    this.#link = new Link(this.environment, this.options.url, {
      opened: () => {
        this.#silence.set(AUTH_MS);
        this.#link?.send(this.#auth(token));
      },
      received: (frame) => this.#received(frame),
      ended: (ended) => this.#ended(ended),
    });
  }

  #auth(token: string): ClientFrame {
    const { deviceId } = this.options;
    return { type: "auth", id: AUTH_ID, token, ...(deviceId !== undefined && { deviceId }) };
  }

  #received(frame: ServerFrame): void {
    if (this.isReady) this.#silence.set(SILENCE_MS);
    switch (frame.type) {
      case "ready":
        return this.#ready(frame);
      case "drain":
        // What is under way ends on this connection; the server closes it then.
        this.#backAt = this.environment.now() + frame.afterMs;
        this.#silence.set(Math.max(frame.afterMs, PROBE_MS));
        return;
      case "reauth":
        return void this.#authenticate(true);
      case "error":
        if (frame.id === AUTH_ID || !this.isReady) {
          this.#problem = frame.error;
          if (this.isReady) this.#reauth.set(REAUTH_AGAIN_MS);
          return;
        }
    }
    if (this.isReady) this.listener.received(frame);
  }

  #ready(frame: FrameOf<"ready">): void {
    this.#refusedTokens = 0;
    // The answer to a fresh token: the session goes on.
    if (this.isReady) return;
    this.#readyAt = this.environment.now();
    this.#backAt = 0;
    this.#heartbeatMs = frame.heartbeatSeconds * 1_000;
    this.#silence.set(SILENCE_MS);
    this.#rest();
    this.listener.ready(frame);
  }

  #beat(): void {
    this.send(this.listener.heartbeat());
    this.#rest();
  }

  #rest(): void {
    this.#heartbeat.set(this.#heartbeatMs * (0.75 + 0.25 * this.environment.random()));
  }

  async #authenticate(fresh: boolean): Promise<void> {
    const current = this.#try;
    try {
      const token = await this.listener.token(fresh);
      if (current !== this.#try) return;
      this.#token = token;
      this.send(this.#auth(token));
    } catch {
      if (current === this.#try && this.isReady) this.#reauth.set(REAUTH_AGAIN_MS);
    }
  }

  #ended(ended: Ended): void {
    const stoodMs = this.environment.now() - (this.#readyAt ?? this.environment.now());
    if (stoodMs >= STABLE_MS) this.#backoff.reset();
    this.#link = undefined;
    this.#readyAt = undefined;
    for (const alarm of [this.#heartbeat, this.#silence, this.#reauth]) alarm.clear();
    this.listener.lost();
    if (!this.#running) return;
    const { code, reason } = ended;
    if (code !== undefined && !reconnects(code)) return this.#close(this.#refusal(reason));
    if (code === CloseCode.tokenExpired) {
      this.#fresh = true;
      this.#refusedTokens += 1;
      if (this.#refusedTokens > TOKENS) return this.#close(this.#refusal(reason));
    }
    this.#retry.set(this.#pause(code));
  }

  #pause(code: number | undefined): number {
    const named = this.#backAt - this.environment.now();
    if (named > 0) return named;
    const random = this.environment.random();
    return code === CloseCode.tooManyFrames ? TOO_MANY_MS * (1 + random) : this.#backoff.next(random);
  }

  #refusal(reason: string): ChinwagError {
    return this.#problem
      ? ChinwagError.of(this.#problem)
      : new ChinwagError("closed", `the server closed the session: ${reason}`);
  }

  #close(error: ChinwagError): void {
    this.#running = false;
    this.listener.closed(error);
  }
}

function expired(): ChinwagError {
  return new ChinwagError("unauthorized", "the token expired, and `token` gave the same one again");
}
