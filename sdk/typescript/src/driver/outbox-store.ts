/** Where the outbox outlives the page. */

import type { OutboxEntry } from "./messages.js";

/**
 * Keeps the outbox of one user on one server.
 *
 * Calls come in order and each takes effect after those before it. An entry that was put and not removed is there
 * after a restart; `put` replaces the entry of the same key.
 */
export interface OutboxStore {
  /** Returns all entries that are kept. */
  load(): Promise<OutboxEntry[]>;
  put(entry: OutboxEntry): void;
  remove(key: string): void;
  /** Is called with what goes wrong; the outbox then lives as long as the page. */
  onTrouble?: (error: unknown) => void;
}

/** Keeps the outbox as long as the program runs. */
export function memoryStore(): OutboxStore {
  return { load: async () => [], put: () => {}, remove: () => {} };
}

/** Keeps the outbox in the browser's IndexedDB; `scope` tells users and servers apart. */
export function indexedDbStore(scope: string, factory: IDBFactory = indexedDB): OutboxStore {
  const opened = open(factory, `chinwag:${scope}`);
  const store: OutboxStore = {
    load: async () => {
      const database = await opened;
      return settled(database.transaction("outbox").objectStore("outbox").getAll());
    },
    put: (entry) => write((outbox) => outbox.put(entry)),
    remove: (key) => write((outbox) => outbox.delete(key)),
  };
  // IndexedDB runs overlapping transactions in the order in which they were made, so none waits for another here.
  function write(change: (outbox: IDBObjectStore) => IDBRequest): void {
    opened
      .then((database) => settled(change(database.transaction("outbox", "readwrite").objectStore("outbox"))))
      .catch((error) => store.onTrouble?.(error));
  }
  return store;
}

function open(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "key" });
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
