/** Which connection a page shares: that of one user with one server. */

import type { DriverOptions } from "../driver/driver.js";

/** What tells a connection from others; it can be cloned. */
export type Scope = Omit<DriverOptions, "store">;

/** Returns the name under which pages find each other. */
export function nameOf({ url, userId }: Scope): string {
  return `${url} ${userId}`;
}
