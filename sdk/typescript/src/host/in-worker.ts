/** The driver in a worker: one that the pages share, or one of each page's that take part in an election. */

import type { Ask, PagePort, Tell } from "../driver/messages.js";
import type { Environment } from "../environment.js";
import { uuidV7 } from "../ids.js";
import type { Host } from "./choose.js";
import { nameOf } from "./name.js";
import { type MessageEnd, type Open, portOf } from "./worker-messages.js";

/** Makes the worker of this package; `kind` is the best that the platform has. */
export type MakeWorker = (kind: "shared" | "dedicated", name: string) => SharedWorker | Worker;

/** The driver in a worker; `instead` where the worker's code can't be loaded. */
export function inWorker(
  environment: Environment,
  kind: "shared" | "dedicated",
  make: MakeWorker,
  instead: Host,
): Host {
  return (scope) => {
    const worker = make(kind, `chinwag ${nameOf(scope)}`);
    const end = ("port" in worker ? worker.port : worker) as MessageEnd;
    const lock = `chinwag page ${uuidV7(environment, environment.now())}`;
    let release = () => {};
    const untilClosed = new Promise<void>((done) => {
      release = done;
    });
    const open = () => end.postMessage({ type: "open", scope, lock } satisfies Open);
    // The worker sees by this lock that the page is there; without locks the page says when it goes.
    if ("locks" in navigator) {
      void navigator.locks.request(lock, () => {
        open();
        return untilClosed;
      });
    } else open();
    const close = () => {
      release();
      if ("terminate" in worker) worker.terminate();
      else end.close?.();
    };
    return orInstead(worker, portOf<Ask, Tell>(end, close), () => instead(scope));
  };
}

/** Takes another line where the first thing heard of a worker is an error. */
function orInstead(
  worker: AbstractWorker,
  port: PagePort,
  instead: () => PagePort | Promise<PagePort>,
): PagePort {
  let current = port;
  let take: (tell: Tell) => void = () => {};
  let heard = false;
  let isOpen = true;
  worker.onerror = async () => {
    if (heard) return;
    heard = true;
    port.close();
    const other = await instead();
    if (!isOpen) return other.close();
    current = other;
    current.listen(take);
  };
  return {
    post: (ask) => current.post(ask),
    listen: (listener) => {
      take = (tell) => {
        heard = true;
        listener(tell);
      };
      current.listen(take);
    },
    close: () => {
      isOpen = false;
      current.close();
    },
  };
}
