/** Whose presence is watched: what any page has on its screen, and nobody else. */

import type { Presence, UserId } from "../protocol/index.js";

/** Users named in one frame; an id has up to 128 bytes, a frame 64 KiB. */
const BATCH = 200;

/** What to ask: one frame. */
export interface WatchChange {
  add: UserId[];
  remove: UserId[];
}

/** Users watched, by which pages. */
export class Watches {
  readonly #by = new Map<UserId, Set<string>>();
  /** Those that the server was told of. */
  readonly #told = new Set<UserId>();
  readonly #known = new Map<UserId, Presence>();

  /** What is known of the users watched. */
  get known(): Presence[] {
    return [...this.#known.values()];
  }

  /** Takes that a page watches users from now on. */
  add(page: string, users: UserId[]): void {
    for (const user of users) {
      const by = this.#by.get(user) ?? new Set();
      this.#by.set(user, by.add(page));
    }
  }

  /** Takes that a page watches users no longer; all of its, where none are named. */
  remove(page: string, users: Iterable<UserId> = [...this.#by.keys()]): void {
    for (const user of users) {
      const by = this.#by.get(user);
      by?.delete(page);
      if (by?.size === 0) this.#by.delete(user);
    }
  }

  /** Returns what the server isn't told yet; above `most` users the last ones wait. */
  changes(most: number): WatchChange[] {
    const wanted = new Set([...this.#by.keys()].slice(0, most));
    const remove = [...this.#told].filter((user) => !wanted.has(user));
    const add = [...wanted].filter((user) => !this.#told.has(user));
    for (const user of remove) {
      this.#told.delete(user);
      this.#known.delete(user);
    }
    for (const user of add) this.#told.add(user);
    const changes: WatchChange[] = [];
    while (remove.length > 0) changes.push({ add: [], remove: remove.splice(0, BATCH) });
    while (add.length > 0) changes.push({ add: add.splice(0, BATCH), remove: [] });
    return changes;
  }

  /** Takes a presence; whether it is news. */
  heard(presence: Presence): boolean {
    if (!this.#by.has(presence.userId)) return false;
    const known = this.#known.get(presence.userId);
    this.#known.set(presence.userId, presence);
    return known?.status !== presence.status || known.lastSeen !== presence.lastSeen;
  }

  /** Forgets what was told on a connection that is gone, or of users whose watch was refused. */
  forget(users: Iterable<UserId> = [...this.#told]): void {
    for (const user of users) this.#told.delete(user);
  }
}
