/** The part of the API that goes over HTTP, with the types that the server describes. */

import { Backoff } from "./driver/backoff.js";
import type { Environment } from "./environment.js";
import { ChinwagError } from "./errors.js";
import type { OperationName, Operations, Problem } from "./protocol/index.js";

/** How long an answer may take. */
const TIMEOUT_MS = 30_000;
/** How often a request that may be repeated is made. */
const TRIES = 3;

/** Where tokens come from; `fresh`: the last one was refused. */
export type TokenSource = (fresh: boolean) => Promise<string>;

/** A part of what an operation takes; it may be left out where nothing in it must be said. */
export type Part<K extends string, T> = T extends undefined
  ? unknown
  : Record<string, never> extends T
    ? { [P in K]?: T }
    : { [P in K]: T };

/** What an operation takes: of its path, query and body those that it has. */
export type Parameters<K extends OperationName> = Part<"path", Operations[K]["path"]> &
  Part<"query", Operations[K]["query"]> &
  Part<"body", Operations[K]["body"]>;

interface Loose {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: { clientId?: string };
}

/** Speaks HTTP with a server. */
export class Http {
  constructor(
    private readonly environment: Environment,
    private readonly url: string,
    private readonly token?: TokenSource,
  ) {}

  /**
   * Makes a request, such as `request("GET /v1/chats/{id}", { path: { id } })`.
   *
   * Throws a `ChinwagError`. A request that may be repeated is, where that may help: those that change nothing or
   * say their `clientId`.
   */
  async request<K extends OperationName>(
    name: K,
    parameters: Parameters<K>,
  ): Promise<Operations[K]["answer"]> {
    const loose = parameters as Loose;
    const repeatable = !name.startsWith("POST") || loose.body?.clientId !== undefined;
    const backoff = new Backoff();
    for (let tried = 1; ; tried += 1) {
      try {
        return (await this.#authenticated(name, loose)) as Operations[K]["answer"];
      } catch (error) {
        const again = repeatable && tried < TRIES && error instanceof ChinwagError && error.retryable;
        if (!again) throw error;
        await this.#pause(error.retryAfterMs ?? backoff.next(this.environment.random()));
      }
    }
  }

  async #authenticated(name: string, parameters: Loose): Promise<unknown> {
    const token = await this.token?.(false);
    try {
      return await this.#once(name, parameters, token);
    } catch (error) {
      const refused = error instanceof ChinwagError && error.code === "unauthorized";
      if (!refused || !this.token) throw error;
      return this.#once(name, parameters, await this.token(true));
    }
  }

  async #once(name: string, { path, query, body }: Loose, token: string | undefined): Promise<unknown> {
    const [method = "", template = ""] = name.split(" ");
    const filled = template.replace(/\{(\w+)\}/g, (_, key: string) => segment(path?.[key] ?? ""));
    const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
    const search = given.length > 0 ? `?${new URLSearchParams(given as [string, string][])}` : "";
    const init: RequestInit = {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    let response: Response;
    try {
      response = await this.environment.fetch(`${this.url}${filled}${search}`, init);
    } catch (error) {
      throw new ChinwagError("network", `the server can't be reached: ${(error as Error).message}`);
    }
    return answer(response);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((done) => void this.environment.setTimer(done, ms));
  }
}

async function answer(response: Response): Promise<unknown> {
  const text = await response.text().catch(() => "");
  let json: unknown;
  try {
    json = text === "" ? undefined : JSON.parse(text);
  } catch {}
  if (response.ok) return json;
  const problem = json as Problem | undefined;
  if (problem?.code) throw ChinwagError.of(problem);
  throw new ChinwagError("network", `the server answered ${response.status}`);
}

/** Writes an id as one segment of a path. `.` and `..` are none, however they are written. */
function segment(id: string): string {
  if (id === "" || id === "." || id === "..")
    throw new ChinwagError("badArgument", `"${id}" can't be part of an address`);
  return encodeURIComponent(id);
}
