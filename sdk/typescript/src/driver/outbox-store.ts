/** Where the outbox, and what a client knows of its chats, outlive the page. */

import type { Known, KnownStore } from "./known-store.js";
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
  /** Keeps the chats, the read marks and the place of the last sync too; without it they are read anew at each start. */
  readonly known?: KnownStore;
}

/** Keeps the outbox as long as the program runs. */
export function memoryStore(): OutboxStore {
  return { load: async () => [], put: () => {}, remove: () => {} };
}

/** Keeps it as well as the platform can. */
export function usualStore(scope: string): OutboxStore {
  return typeof indexedDB === "undefined" ? memoryStore() : indexedDbStore(scope);
}

const OUTBOX = "outbox";
const CHATS = "chats";
const MARKS = "marks";
/** What there is one of: the sync token. */
const FACTS = "facts";
const TOKEN = "token";
const VERSION = 2;

/** Keeps all of it in the browser's IndexedDB; `scope` tells users and servers apart. */
export function indexedDbStore(scope: string, factory: IDBFactory = indexedDB): OutboxStore {
  const opened = open(factory, `chinwag:${scope}`);
  const stored = (transaction: IDBTransaction, name: string) => transaction.objectStore(name);
  // IndexedDB runs overlapping transactions in the order in which they were made, so none waits for another here.
  const write = (names: string[], change: (transaction: IDBTransaction) => void) => {
    opened
      .then((database) => {
        const transaction = database.transaction(names, "readwrite");
        change(transaction);
        return done(transaction);
      })
      .catch((error) => store.onTrouble?.(error));
  };
  const known: KnownStore = {
    load: async () => {
      const transaction = (await opened).transaction([CHATS, MARKS, FACTS]);
      const [chats, marks, token] = await Promise.all([
        settled(stored(transaction, CHATS).getAll()),
        settled(stored(transaction, MARKS).getAll()),
        settled(stored(transaction, FACTS).get(TOKEN)),
      ]);
      return { chats, marks, ...(token !== undefined && { token }) } as Known;
    },
    save: ({ token, put = [], remove = [], mark, unmark }) =>
      write([CHATS, MARKS, FACTS], (transaction) => {
        for (const chat of put) stored(transaction, CHATS).put(chat);
        for (const id of remove) stored(transaction, CHATS).delete(id);
        if (token !== undefined) stored(transaction, FACTS).put(token, TOKEN);
        if (mark) stored(transaction, MARKS).put(mark);
        if (unmark !== undefined) stored(transaction, MARKS).delete(unmark);
      }),
    forget: () =>
      write([CHATS, FACTS], (transaction) => {
        for (const name of [CHATS, FACTS]) stored(transaction, name).clear();
      }),
  };
  const store: OutboxStore = {
    load: async () => settled((await opened).transaction(OUTBOX).objectStore(OUTBOX).getAll()),
    put: (entry) => write([OUTBOX], (transaction) => stored(transaction, OUTBOX).put(entry)),
    remove: (key) => write([OUTBOX], (transaction) => stored(transaction, OUTBOX).delete(key)),
    known,
  };
  return store;
}

function open(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, VERSION);
  request.onupgradeneeded = () => {
    const { result: database } = request;
    const keys = { [OUTBOX]: "key", [CHATS]: "id", [MARKS]: "chatId", [FACTS]: undefined };
    for (const [store, keyPath] of Object.entries(keys)) {
      if (!database.objectStoreNames.contains(store))
        database.createObjectStore(store, keyPath === undefined ? {} : { keyPath });
    }
  };
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      const { result: database } = request;
      // A later version of the client may want it otherwise.
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("an earlier version of this page holds it: close its tabs"));
  });
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
