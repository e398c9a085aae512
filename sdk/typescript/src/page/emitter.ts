/** Typed events, for listeners and for `for await`. */

import { ChinwagError } from "../errors.js";

/** Events that may wait for a loop that is busy. */
const WAITING = 10_000;

/** Tells listeners of events; `Events` names each event's type and what it carries. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Calls `listener` for each event of a type from now on. Returns what stops it. */
  on<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Tells all listeners; one that throws keeps none of the others from hearing. */
  emit<T extends keyof Events>(type: T, event: Events[T]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        (listener as (event: Events[T]) => void)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** What a stream is fed by. */
export interface Feed<T> {
  push(item: T): void;
  /** Ends the stream, after what was pushed. */
  end(error?: Error): void;
}

/**
 * Makes something to loop over with `for await`: what comes from now on, even before the loop begins.
 *
 * `subscribe` is called at once; what it returns is called when the loop is left. Throws `overloaded` in a loop that
 * is more than 10,000 items behind.
 */
export function stream<T>(subscribe: (feed: Feed<T>) => () => void): AsyncIterableIterator<T> {
  let items: T[] = [];
  let over = false;
  let failed: Error | undefined;
  let wake: (() => void) | undefined;
  const end = (error?: Error) => {
    if (over) return;
    over = true;
    failed = error;
    unsubscribe();
    wake?.();
  };
  const push = (item: T) => {
    if (over) return;
    if (items.length >= WAITING)
      return end(new ChinwagError("overloaded", "the loop over events is too slow"));
    items.push(item);
    wake?.();
  };
  let unsubscribe: () => void = () => {};
  unsubscribe = subscribe({ push, end });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next(): Promise<IteratorResult<T>> {
      while (items.length === 0 && !over) await new Promise<void>((done) => (wake = done));
      if (items.length > 0) return { done: false, value: items.shift() as T };
      if (failed) throw failed;
      return { done: true, value: undefined };
    },
    async return(): Promise<IteratorResult<T>> {
      items = [];
      end();
      return { done: true, value: undefined };
    },
  };
}
