/** Tokens: kept while they hold, asked for once at a time. */

import type { Environment } from "../environment.js";
import { ChinwagError } from "../errors.js";
import type { UserId } from "../protocol/index.js";

/** A token that ends so soon isn't used any more. */
const SPARE_MS = 30_000;

/** Gives a token; called at the start and whenever a fresh one is needed. */
export type TokenCallback = () => string | Promise<string>;

/** The tokens of one user. */
export class Tokens {
  #token: string | undefined;
  #asking: Promise<string> | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly callback: TokenCallback,
  ) {}

  /** Returns a token that holds, as far as can be seen; `fresh`: the last one was refused. */
  get(fresh: boolean): Promise<string> {
    if (!fresh && this.#token !== undefined && this.#holds(this.#token)) return Promise.resolve(this.#token);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<string> {
    let token: unknown;
    try {
      token = await this.callback();
    } catch (error) {
      if (error instanceof ChinwagError) throw error;
      // What an app's own code throws may be the network: it is asked again.
      throw new ChinwagError("network", `no token: ${error instanceof Error ? error.message : error}`);
    }
    if (typeof token !== "string" || token === "")
      throw new ChinwagError("badArgument", "`token` gave no token");
    this.#token = token;
    return token;
  }

  #holds(token: string): boolean {
    const { exp } = claims(token);
    return typeof exp !== "number" || exp * 1_000 > this.environment.now() + SPARE_MS;
  }
}

/** Returns whose token it is. Nothing is verified: that is the server's. */
export function userOf(token: string): UserId {
  const { sub } = claims(token);
  if (typeof sub !== "string") {
    throw new ChinwagError("badArgument", "the token is no JWT with a `sub`: say whose it is by `userId`");
  }
  return sub;
}

function claims(token: string): { sub?: unknown; exp?: unknown } {
  try {
    const base64 = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}
