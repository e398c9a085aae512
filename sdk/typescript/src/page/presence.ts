/** Who is online, of those on the screen. */

import type { Presence, UserId } from "../protocol/index.js";

/** The presence of the users watched. */
export class PresenceBook {
  readonly #known = new Map<UserId, Presence>();
  readonly #watched = new Map<UserId, number>();

  constructor(private readonly watchUsers: (users: UserId[]) => () => void) {}

  /** Watches users from now on: as long as they are on the screen. Returns what stops it. */
  watch(...users: UserId[]): () => void {
    for (const user of users) this.#watched.set(user, (this.#watched.get(user) ?? 0) + 1);
    const stop = this.watchUsers(users);
    let stopped = false;
    return () => {
      if (stopped) return;
      stopped = true;
      stop();
      for (const user of users) this.#forget(user);
    };
  }

  /** Returns what is known of a user who is watched. */
  of(user: UserId): Presence | undefined {
    return this.#known.get(user);
  }

  /** @internal */
  put(presence: Presence): boolean {
    if (!this.#watched.has(presence.userId)) return false;
    this.#known.set(presence.userId, presence);
    return true;
  }

  #forget(user: UserId): void {
    const count = (this.#watched.get(user) ?? 0) - 1;
    if (count > 0) return void this.#watched.set(user, count);
    this.#watched.delete(user);
    this.#known.delete(user);
  }
}
