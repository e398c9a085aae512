/** One WebSocket connection: frames in and out. */

import type { Environment, WebSocketLike } from "../environment.js";
import { ChinwagError } from "../errors.js";
import { type ClientFrame, type ServerFrame, SUBPROTOCOL } from "../protocol/index.js";

/** How long connecting may take. */
const CONNECT_MS = 10_000;

/** How a connection ended. */
export interface Ended {
  /** The close code, where the server gave one. */
  code?: number;
  /** What is known, for a person. */
  reason: string;
}

/** Who hears of a connection. */
export interface LinkListener {
  opened(): void;
  received(frame: ServerFrame): void;
  /** Once, whoever ended it. */
  ended(ended: Ended): void;
}

/** A connection. */
export class Link {
  #socket: WebSocketLike | undefined;
  #timer: unknown;

  constructor(
    private readonly environment: Environment,
    url: string,
    private readonly listener: LinkListener,
  ) {
    if (!environment.webSocket) {
      throw new ChinwagError(
        "badArgument",
        "no WebSocket here: pass one as `webSocket`, such as that of `ws`",
      );
    }
    this.#timer = environment.setTimer(() => this.end({ reason: "connecting took too long" }), CONNECT_MS);
    const socket = new environment.webSocket(socketUrl(url), SUBPROTOCOL);
    this.#socket = socket;
    socket.onopen = () => {
      environment.clearTimer(this.#timer);
      listener.opened();
    };
    socket.onmessage = ({ data }: { data: unknown }) => {
      const frame = parse(data);
      if (frame && this.#socket) listener.received(frame);
    };
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      // 1006 is no code of the server's: the connection was lost.
      this.end({ ...(code !== 1006 && { code }), reason: String(reason || "the connection was lost") });
    };
    socket.onerror = () => {};
  }

  /** Sends a frame; what goes out on a connection that is ending is lost, as any may be. */
  send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** Ends the connection, as if it were lost. */
  end(ended: Ended): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    this.environment.clearTimer(this.#timer);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
    this.listener.ended(ended);
  }
}

function socketUrl(url: string): string {
  return `${url.replace(/^http/, "ws")}/v1/ws`;
}

/** A frame that can't be read is left out: what it held shows as a gap. */
function parse(data: unknown): ServerFrame | undefined {
  try {
    return typeof data === "string" ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}
