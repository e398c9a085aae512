/** How an app makes a client. */

import type { OutboxStore } from "../driver/outbox-store.js";
import type { Environment, WebSocketConstructor } from "../environment.js";
import type { Host } from "../host/choose.js";
import type { MakeWorker } from "../host/in-worker.js";
import type { UserId } from "../protocol/index.js";
import type { TokenCallback } from "./tokens.js";

/** How to connect. */
export interface ClientOptions {
  /** The server, such as `https://chat.example.org`. */
  url: string;
  /**
   * The user's token, or what gives one: called at the start, a minute before one expires, and when one was refused.
   * A `ChinwagError` that isn't retryable ends the client; anything else is tried again.
   */
  token: string | TokenCallback;
  /** Whose token it is; read from the token where it isn't said. Say it so that the outbox is there while offline. */
  userId?: UserId;
  /** This device, the same each time: 1 to 64 characters of ASCII. */
  deviceId?: string;
  /** Whether the tabs of a browser share one connection: they do, unless this is `false`. */
  share?: boolean;
  /** Makes the worker that keeps the connection, where a bundler must do it; `null`: no worker. */
  worker?: MakeWorker | null;
  /** Keeps what waits to be sent, instead of the browser's IndexedDB or memory; without a worker. */
  store?: OutboxStore;
  /** Changes that may wait for the network: 1,000. */
  outbox?: number;
  /** Whether what arrives is marked as delivered: it is, unless this is `false`. */
  delivered?: boolean;
  /** The WebSocket of platforms without one, such as that of `ws` for Node 20. */
  webSocket?: WebSocketConstructor;
  /** @internal */
  answerMs?: number;
  /** @internal */
  environment?: Environment;
  /** @internal */
  host?: Host;
}
