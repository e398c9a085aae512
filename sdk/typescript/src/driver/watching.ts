/** Watches at work: the server is told whom the pages look at, and the pages who came and went. */

import { Alarm } from "../environment.js";
import type { Presence, ServerFrame, UserId } from "../protocol/index.js";
import type { Context } from "./context.js";
import { Watches } from "./watches.js";

/** How long changes are gathered: a list that scrolls changes often. */
const GATHER_MS = 50;
/** How long after a lost request it is made again. */
const AGAIN_MS = 1_000;

/** Keeps the watches. */
export class Watching {
  /** Users that the server lets a session watch. */
  most = 0;
  readonly #watches = new Watches();
  readonly #tell: Alarm;

  constructor(private readonly context: Context) {
    this.#tell = new Alarm(context.environment, () => this.tell());
  }

  /** What is known of the users watched. */
  get known(): Presence[] {
    return this.#watches.known;
  }

  /** Takes whom a page watches from now on, and whom no longer; all of its, where that isn't said. */
  change(page: string, add: UserId[], remove?: UserId[]): void {
    this.#watches.remove(page, remove);
    this.#watches.add(page, add);
    this.#tell.setEarlier(GATHER_MS);
  }

  /** Takes what the server tells of users. */
  heard(presences: Presence[]): void {
    for (const { userId, status, lastSeen } of presences) {
      const presence = { userId, status, ...(lastSeen && { lastSeen }) };
      if (this.#watches.heard(presence)) this.context.tellAll({ type: "presence", presence });
    }
  }

  /** Tells the server what it doesn't know yet. */
  tell(): void {
    if (!this.context.isReady()) return;
    for (const { add, remove } of this.#watches.changes(this.most)) {
      const again = () => {
        this.#watches.forget(add);
        if (this.context.isReady()) this.#tell.setEarlier(AGAIN_MS);
      };
      const answer = (frame: ServerFrame) => {
        if (frame.type === "presence") this.heard(frame.users ?? []);
        else if (frame.type === "error" && frame.error.retryable) again();
      };
      this.context.requests.ask({ type: "watchPresence", add, remove }, { answer, lost: again });
    }
  }

  /** Takes that the connection is gone, and with it what was told. */
  disconnected(): void {
    this.#watches.forget();
  }

  /** Tells nothing more. */
  close(): void {
    this.#tell.clear();
  }
}
