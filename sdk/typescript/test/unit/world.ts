/** A client in a world that the test moves. */

import { inPage } from "../../src/host/in-page.js";
import { Client } from "../../src/page/client.js";
import type { ClientOptions } from "../../src/page/options.js";
import type { Limits, ServerFrame } from "../../src/protocol/index.js";
import { FakeEnvironment, type FakeSocket, settled } from "../fake-environment.js";
import { chat, synced } from "./frames.js";

export const LIMITS = {
  contentBytes: 16_384,
  metadataBytes: 4_096,
  bodyBytes: 65_536,
  mentions: 100,
  reactionKeyBytes: 64,
  syncChats: 1_000,
  watchedUsers: 1_000,
} as Limits;

/** A client in a world that the test moves. */
export class World {
  readonly environment: FakeEnvironment;
  readonly client: Client;
  tokens = 0;

  constructor(options: Partial<ClientOptions> = {}, seed = 1) {
    this.environment = new FakeEnvironment(seed);
    const token = () => `token ${++this.tokens}`;
    this.client = new Client({
      url: "https://chat.example/",
      token,
      userId: "ana",
      environment: this.environment,
      host: inPage(this.environment),
      ...options,
    });
  }

  get socket(): FakeSocket {
    return this.environment.socket;
  }

  /** Waits until what was kept is there. */
  async begun(): Promise<void> {
    while (this.environment.sockets.length === 0) await settled();
  }

  /** Lets a session stand, up to the sync that the client asks for. */
  async ready(over: Partial<Extract<ServerFrame, { type: "ready" }>> = {}): Promise<void> {
    await this.begun();
    this.socket.open();
    this.socket.take("auth");
    const serverTime = new Date(this.environment.time).toISOString();
    this.socket.say({
      type: "ready",
      id: 0,
      userId: "ana",
      sessionId: "1",
      heartbeatSeconds: 20,
      presenceTtlSeconds: 30,
      limits: LIMITS,
      serverTime,
      ...over,
    });
    await settled();
  }

  /** Lets the client be in sync, with one chat at a place. */
  async online(seq = 0): Promise<void> {
    await this.ready();
    const { id } = this.socket.take("sync");
    this.socket.say(synced(id, [{ ...chat(seq), events: [], limited: true }]));
    await settled();
  }

  /** Waits for the next connection. */
  async reconnect(): Promise<void> {
    const before = this.environment.sockets.length;
    while (this.environment.sockets.length === before) await this.environment.pass(1_000);
  }
}
