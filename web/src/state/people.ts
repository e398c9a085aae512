/** Names of users: asked for when they are first shown, a few at a time. */

import { ChinwagError, type Client, type protocol } from "@chinwag/client";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** Requests under way at a time. */
const AT_ONCE = 4;
/** A name is asked for again at most so often. */
const PAUSE_MS = 5_000;

/** Everybody whose name was shown. */
export class People {
  readonly #known = new Map<protocol.UserId, Signal<protocol.User>>();
  readonly #asked = new Set<protocol.UserId>();
  #waiting: protocol.UserId[] = [];
  #running = 0;

  constructor(private readonly client: Client) {}

  /** Returns a user as far as known: the id alone until the name has come. */
  user(id: protocol.UserId): ReadonlySignal<protocol.User> {
    const known = this.#signal(id);
    if (!this.#asked.has(id)) {
      this.#asked.add(id);
      this.#waiting.push(id);
      queueMicrotask(() => this.#ask());
    }
    return known;
  }

  /** Returns what to call a user. Read within a view, it keeps the view up to date. */
  name(id: protocol.UserId): string {
    const { name } = this.user(id).value;
    return name || id;
  }

  /** Takes names that an answer told. */
  learn(users: readonly { userId: protocol.UserId; name?: string }[]): void {
    for (const { userId, name } of users) {
      this.#asked.add(userId);
      const known = this.#signal(userId);
      if (known.peek().name !== name) known.value = { id: userId, ...(name !== undefined && { name }) };
    }
  }

  #signal(id: protocol.UserId): Signal<protocol.User> {
    const known = this.#known.get(id) ?? signal<protocol.User>({ id });
    this.#known.set(id, known);
    return known;
  }

  #ask(): void {
    while (this.#running < AT_ONCE && this.#waiting.length > 0) {
      // What came last is what is on the screen now.
      const id = this.#waiting.pop();
      if (id !== undefined) void this.#fetch(id);
    }
  }

  async #fetch(id: protocol.UserId): Promise<void> {
    this.#running += 1;
    try {
      this.#signal(id).value = await this.client.user(id);
    } catch (error) {
      // Somebody without an account any more keeps the id.
      if (error instanceof ChinwagError && error.retryable)
        setTimeout(() => this.#asked.delete(id), PAUSE_MS);
    } finally {
      this.#running -= 1;
      this.#ask();
    }
  }
}
