/** What the parts of a driver share. */

import type { Environment } from "../environment.js";
import type { UserId } from "../protocol/index.js";
import type { Tell } from "./messages.js";
import type { Requests } from "./requests.js";

/** A driver, as its parts see it. */
export interface Context {
  environment: Environment;
  /** Whose connection it is. */
  me: UserId;
  requests: Requests;
  /** Whether a session stands. */
  isReady(): boolean;
  /** Tells every page. */
  tellAll(tell: Tell): void;
}
