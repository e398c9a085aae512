/** The pages that share a driver: told of everything, asked for tokens. */

import type { Environment, Timer } from "../environment.js";
import { ChinwagError, errorOf } from "../errors.js";
import type { Ask, DriverPort, Tell } from "./messages.js";

/** How long a page may take to give a token before another one is asked. */
const TOKEN_MS = 20_000;

interface Page {
  id: string;
  port: DriverPort;
  attached: boolean;
}

interface Asked {
  page: string;
  timer: Timer;
  resolve(token: string): void;
  reject(error: ChinwagError): void;
}

/** Who hears what pages ask. */
export interface HubListener {
  asked(page: string, ask: Ask): void;
  /** A page is gone; or the last one, as `none` says. */
  left(page: string, none: boolean): void;
}

/** Every page. */
export class Hub {
  readonly #pages = new Map<string, Page>();
  readonly #tokens = new Map<number, Asked>();
  #count = 0;

  constructor(
    private readonly environment: Environment,
    private readonly driver: string,
    private readonly listener: HubListener,
  ) {}

  /** Lets a page in; it attaches when it hears `hello`. Returns what lets it go. */
  add(port: DriverPort): () => void {
    const page: Page = { id: String(++this.#count), port, attached: false };
    this.#pages.set(page.id, page);
    port.listen((ask) => this.#heard(page, ask));
    port.post({ type: "hello", driver: this.driver });
    return () => this.#remove(page);
  }

  /** Tells one page. */
  tell(page: string, tell: Tell): void {
    this.#pages.get(page)?.port.post(tell);
  }

  /** Tells every page that is attached. */
  tellAll(tell: Tell): void {
    for (const page of this.#pages.values()) if (page.attached) page.port.post(tell);
  }

  /** Asks the pages for a token, one after the other. Throws what the last one said. */
  async token(fresh: boolean): Promise<string> {
    let error = new ChinwagError("notConnected", "no page is there to ask for a token");
    // The page that came last is the one that is most likely awake.
    for (const page of [...this.#pages.values()].filter(({ attached }) => attached).reverse()) {
      try {
        return await this.#tokenFrom(page, fresh);
      } catch (failed) {
        error = failed as ChinwagError;
        if (!error.retryable) break;
      }
    }
    throw error;
  }

  /** Lets every page go. */
  close(): void {
    for (const page of this.#pages.values()) page.port.close();
    this.#pages.clear();
  }

  #tokenFrom(page: Page, fresh: boolean): Promise<string> {
    const n = ++this.#count;
    return new Promise((resolve, reject) => {
      const late = () => this.#answer(n, (asked) => asked.reject(slow()));
      const timer = this.environment.setTimer(late, TOKEN_MS);
      this.#tokens.set(n, { page: page.id, timer, resolve, reject });
      page.port.post({ type: "askToken", n, fresh });
    });
  }

  #answer(n: number, answer: (asked: Asked) => void): void {
    const asked = this.#tokens.get(n);
    if (!asked) return;
    this.#tokens.delete(n);
    this.environment.clearTimer(asked.timer);
    answer(asked);
  }

  #heard(page: Page, ask: Ask): void {
    if (!this.#pages.has(page.id)) return;
    switch (ask.type) {
      case "attach":
        page.attached = true;
        return this.listener.asked(page.id, ask);
      case "detach":
        return this.#remove(page);
      case "token": {
        const { token, failure } = ask;
        return this.#answer(ask.n, (asked) => {
          if (token !== undefined) asked.resolve(token);
          else asked.reject(failure ? errorOf(failure) : slow());
        });
      }
      default:
        this.listener.asked(page.id, ask);
    }
  }

  #remove(page: Page): void {
    if (!this.#pages.delete(page.id)) return;
    page.port.close();
    for (const [n, asked] of this.#tokens) {
      if (asked.page === page.id) this.#answer(n, (one) => one.reject(slow()));
    }
    this.listener.left(page.id, this.#pages.size === 0);
  }
}

function slow(): ChinwagError {
  return new ChinwagError("notConnected", "the page gave no token in time");
}
