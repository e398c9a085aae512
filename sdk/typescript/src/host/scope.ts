/** The driver of a scope, with the outbox that the platform has. */

import { Driver } from "../driver/driver.js";
import { type OutboxStore, usualStore } from "../driver/outbox-store.js";
import type { Environment } from "../environment.js";
import { nameOf, type Scope } from "./name.js";

/** Makes the driver of a scope. */
export function driverOf(environment: Environment, scope: Scope, store?: OutboxStore): Driver {
  return new Driver(environment, { ...scope, store: store ?? usualStore(nameOf(scope)) });
}
