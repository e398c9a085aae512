/** Where the driver lives in this very thread: alone, or elected among the pages. */

import type { Environment } from "../environment.js";
import { uuidV7 } from "../ids.js";
import type { Host } from "./choose.js";
import { type Channel, elected, type Locks } from "./elected.js";
import { line } from "./line.js";
import { nameOf } from "./name.js";
import { driverOf } from "./scope.js";

/** The driver in the page itself, for this page alone. */
export function inPage(environment: Environment): Host {
  return (scope, store) => {
    const { page, driver } = line();
    const kept = driverOf(environment, scope, store);
    let added = false;
    return {
      ...page,
      listen: (take) => {
        page.listen(take);
        if (!added) kept.add(driver);
        added = true;
      },
      close: () => {
        kept.close();
        page.close();
      },
    };
  };
}

/** The driver in one of the threads that share a scope: pages, or their workers. */
export function amongPages(environment: Environment): Host {
  return (scope) => {
    const name = `chinwag ${nameOf(scope)}`;
    return elected({
      name,
      page: uuidV7(environment, environment.now()),
      channel: new BroadcastChannel(name) as Channel,
      locks: navigator.locks as Locks,
      driver: () => driverOf(environment, scope),
    });
  };
}
