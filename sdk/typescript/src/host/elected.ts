/** Pages that elect one among them to keep the connection for all: by a lock, and a channel that all hear. */

import type { Driver } from "../driver/driver.js";
import type { Ask, DriverPort, PagePort, Tell } from "../driver/messages.js";
import { line } from "./line.js";

/** What of a `BroadcastChannel` is used. */
export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: { data: unknown }) => void) | null;
  close(): void;
}

/** What of `navigator.locks` is used. */
export interface Locks {
  /** Calls `hold` when the lock is there; it is kept until what that returns is settled. */
  request(name: string, hold: () => Promise<unknown>): Promise<unknown>;
}

/** What an election needs. */
export interface Election {
  name: string;
  /** This page; no other has the same. */
  page: string;
  channel: Channel;
  locks: Locks;
  driver(): Driver;
}

/** What goes over the channel: to one page, to whoever leads, or to all. */
interface Letter {
  to: string;
  from: string;
  body: Ask | Tell | typeof HERE | typeof LEADS;
}

const LEADER = "leader";
const ALL = "all";
/** A page says that it is there. */
const HERE = { type: "here" } as const;
/** A page says that it leads from now on. */
const LEADS = { type: "leads" } as const;

/**
 * Takes part in an election and returns the page's end of the line, whoever leads.
 *
 * The leader keeps the connection until its page is gone; then another one takes over, and every page attaches
 * anew. What a page had asked for without an answer it asks again.
 */
export function elected(election: Election): PagePort {
  const { name, page, channel, locks } = election;
  let take: ((tell: Tell) => void) | undefined;
  let leading: Leading | undefined;
  let isOpen = true;
  let isSeen = false;
  let release = () => {};
  const untilClosed = new Promise<void>((done) => {
    release = done;
  });
  const post = (to: string, body: Letter["body"]) => {
    if (isOpen) channel.postMessage({ to, from: page, body } satisfies Letter);
  };
  // The others see by a lock that the page is there, so it is held before the page says so.
  const sayHere = () => {
    if (isSeen && take) post(LEADER, HERE);
  };
  channel.onmessage = ({ data }) => {
    const { to, from, body } = data as Letter;
    if (!isOpen) return;
    if (to === LEADER) leading?.heard(from, body as Ask | typeof HERE);
    else if (to === ALL) sayHere();
    else if (to === page && !leading) take?.(body as Tell);
  };
  void locks.request(pageLock(name, page), () => {
    isSeen = true;
    sayHere();
    return untilClosed;
  });
  void locks.request(name, () => {
    if (!isOpen) return Promise.resolve();
    const lead = new Leading(election, post, (tell) => take?.(tell));
    leading = lead;
    if (take) lead.begin();
    post(ALL, LEADS);
    return untilClosed.then(() => lead.close());
  });
  return {
    post: (ask) => (leading ? leading.ask(ask) : post(LEADER, ask)),
    listen: (listener) => {
      take = listener;
      leading?.begin();
      sayHere();
    },
    close: () => {
      isOpen = false;
      release();
      channel.close();
    },
  };
}

/** The page that leads: its own line to the driver, and one for each other page. */
class Leading {
  readonly #driver: Driver;
  readonly #own = line();
  readonly #pages = new Map<string, (ask: Ask) => void>();
  #begun = false;

  constructor(
    private readonly election: Election,
    private readonly post: (to: string, body: Tell) => void,
    private readonly take: (tell: Tell) => void,
  ) {
    this.#driver = election.driver();
  }

  /** Lets the own page in, which listens now. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#own.page.listen(this.take);
    this.#driver.add(this.#own.driver);
  }

  ask(ask: Ask): void {
    this.#own.page.post(ask);
  }

  heard(from: string, body: Ask | typeof HERE): void {
    if (from === this.election.page) return;
    const known = this.#pages.get(from);
    // Whoever is new here gets a `hello`, attaches, and says again what it said to an earlier leader.
    if (!known) return this.#add(from);
    if (body.type !== HERE.type) known(body);
  }

  close(): void {
    this.#driver.close();
  }

  #add(page: string): void {
    const port: DriverPort = {
      post: (tell) => this.post(page, tell),
      listen: (take) => void this.#pages.set(page, take),
      close: () => void this.#pages.delete(page),
    };
    const remove = this.#driver.add(port);
    const { name, locks } = this.election;
    void locks.request(pageLock(name, page), async () => remove());
  }
}

function pageLock(name: string, page: string): string {
  return `${name} ${page}`;
}
