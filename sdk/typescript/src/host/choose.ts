/** Where the connection lives: in a shared worker, in a page's worker that the pages elect, or in the page. */

import type { PagePort } from "../driver/messages.js";
import type { OutboxStore } from "../driver/outbox-store.js";
import type { Environment } from "../environment.js";
import { inWorker, type MakeWorker } from "./in-worker.js";
import type { Scope } from "./name.js";

/** Opens a line to the driver of a scope. */
export type Host = (scope: Scope, store?: OutboxStore) => PagePort | Promise<PagePort>;

/** Chooses the best there is: `share` says whether pages may share a connection. */
export function chooseHost(environment: Environment, share: boolean, make?: MakeWorker | null): Host {
  const inBrowser = typeof document !== "undefined";
  // Without locks (an address that isn't secure) each page has a connection of its own; the server takes twenty.
  const canElect = inBrowser && "locks" in navigator;
  const alone = here(environment, canElect && share);
  if (!inBrowser || !share || make === null) return alone;
  const worker = make ?? usualWorker;
  if (typeof SharedWorker !== "undefined") return inWorker(environment, "shared", worker, alone);
  return canElect && typeof Worker !== "undefined"
    ? inWorker(environment, "dedicated", worker, alone)
    : alone;
}

/** In this thread; its code is loaded only where no worker does the work. */
function here(environment: Environment, elected: boolean): Host {
  return async (scope, store) => {
    const { amongPages, inPage } = await import("./in-page.js");
    return (elected ? amongPages : inPage)(environment)(scope, store);
  };
}

function usualWorker(kind: "shared" | "dedicated", name: string): SharedWorker | Worker {
  // Written out, so that bundlers see it.
  return kind === "shared"
    ? new SharedWorker(new URL("../worker.js", import.meta.url), { type: "module", name })
    : new Worker(new URL("../worker.js", import.meta.url), { type: "module", name });
}
