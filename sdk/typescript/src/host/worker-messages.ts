/** What a page says to a worker that keeps the connection, before the two are a line. */

import type { Ask, Port, Tell } from "../driver/messages.js";
import type { Scope } from "./name.js";

/** The first message. `lock`: held as long as the page is there. */
export interface Open {
  type: "open";
  scope: Scope;
  lock: string;
}

/** What of a worker, or a port of a shared one, is used. */
export interface MessageEnd {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close?(): void;
}

/** Makes a port of one end. */
export function portOf<Out extends Ask | Tell, In>(end: MessageEnd, close: () => void): Port<Out, In> {
  return {
    post: (message) => end.postMessage(message),
    listen: (take) => {
      end.onmessage = ({ data }) => take(data);
    },
    close,
  };
}
