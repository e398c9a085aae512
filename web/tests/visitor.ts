/** A person at a browser: what they do and what they see. */

import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { PATIENCE_MS, until } from "./until.js";

/** How a browser is. */
export interface VisitOptions {
  width?: number;
  height?: number;
  isPhone?: boolean;
  colorScheme?: "light" | "dark";
  timezone?: string;
  reducedMotion?: "reduce";
  withoutServiceWorker?: boolean;
  /** What the client kept in it before, by the names that it keeps things under. */
  kept?: Record<string, unknown>;
}

let browser: Promise<Browser> | undefined;

function theBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Tests run as root in containers, where there is no sandbox and little shared memory.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  return browser;
}

/** Ends the browser of this test file. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

function stored(kept: Record<string, unknown>): { name: string; value: string }[] {
  return Object.entries(kept).map(([name, value]) => ({
    name: `chinwag.${name}`,
    value: JSON.stringify(value),
  }));
}

/** What a page may report while the network is away, or when the server refuses something. */
const OF_THE_NETWORK = /net::ERR_|WebSocket connection to|Failed to load resource/;

/** A person at a browser. */
export class Visitor {
  /** Errors that the page reported. */
  readonly troubles: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
  ) {}

  /** Opens the client. */
  static async open(url: string, options: VisitOptions = {}): Promise<Visitor> {
    const { width = 1180, height = 760, isPhone = false } = options;
    const context = await (await theBrowser()).newContext({
      viewport: { width, height },
      isMobile: isPhone,
      hasTouch: isPhone,
      colorScheme: options.colorScheme ?? "light",
      timezoneId: options.timezone ?? "Europe/Stockholm",
      locale: "en-GB",
      reducedMotion: options.reducedMotion ?? "no-preference",
      serviceWorkers: options.withoutServiceWorker ? "block" : "allow",
      permissions: ["clipboard-read", "clipboard-write"],
      storageState: { cookies: [], origins: [{ origin: url, localStorage: stored(options.kept ?? {}) }] },
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const visitor = new Visitor(context, await context.newPage(), url);
    visitor.#follow(visitor.page, visitor.troubles);
    await visitor.page.goto(url);
    return visitor;
  }

  /** Opens the client in another tab of the same browser. */
  async tab(path = "/"): Promise<Visitor> {
    const page = await this.context.newPage();
    const visitor = new Visitor(this.context, page, this.url);
    visitor.#follow(page, this.troubles);
    await page.goto(this.url + path);
    return visitor;
  }

  /** Closes the browser. */
  async close(): Promise<void> {
    await this.context.close();
  }

  /** Signs in. */
  async signIn(userId: string, password: string): Promise<void> {
    await this.page.getByLabel("Username").fill(userId);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await this.isIn();
  }

  /** Waits until somebody is signed in. */
  async isIn(): Promise<void> {
    await this.page.getByRole("heading", { name: "Chats", exact: true }).waitFor();
  }

  /** Goes to an address of the client, as by a link from elsewhere. */
  async goto(path: string): Promise<void> {
    await this.page.goto(this.url + path);
  }

  /** The row of a chat in the list. */
  row(name: string): Locator {
    const itsName = this.page.locator(".chat-row-name", { hasText: name });
    return this.page.locator(".chat-row").filter({ has: itsName });
  }

  /** Opens a chat from the list. */
  async open(name: string): Promise<void> {
    await this.row(name).click();
    await this.page.locator(".messages").waitFor({ state: "attached" });
  }

  /** Where one writes. */
  get composer(): Locator {
    return this.page.locator(".composer textarea");
  }

  /** A message by a part of its text; the last one where there are several. */
  message(text: string | RegExp): Locator {
    const itsText = this.page.locator(".content", { hasText: text });
    return this.page.locator(".message").filter({ has: itsText }).last();
  }

  /** Writes a message and sends it by the keyboard. */
  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Waits until a message is on the screen. */
  async sees(text: string | RegExp): Promise<void> {
    await this.message(text).waitFor();
  }

  /** Opens what can be done with a message, and does one of it. */
  async act(text: string, action: string): Promise<void> {
    await this.message(text).locator(".bubble").click({ button: "right" });
    await this.page.locator(".menu").getByRole("button", { name: action, exact: true }).click();
  }

  /** Waits until the ticks of a message say something. */
  async ticks(text: string, label: string): Promise<void> {
    await this.message(text).getByRole("img", { name: label, exact: true }).waitFor();
  }

  /** Looks away from the page, as to another window, or back at it. */
  async look(where: "away" | "here"): Promise<void> {
    await this.page.evaluate((isAway) => {
      document.hasFocus = () => !isAway;
      const visibility = isAway ? "hidden" : "visible";
      Object.defineProperty(document, "visibilityState", { configurable: true, value: visibility });
      document.dispatchEvent(new Event("visibilitychange"));
      dispatchEvent(new Event(isAway ? "blur" : "focus"));
    }, where === "away");
  }

  /** Waits until the client can open without a network. */
  async canWorkOffline(): Promise<void> {
    await this.page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await until(() => this.page.evaluate(() => navigator.serviceWorker.controller !== null));
  }

  /** What the client keeps on the device in a store of its database, of every user and server. */
  keeps(store: "chats"): Promise<unknown[]>;
  keeps(store: "outbox"): Promise<{ state: "pending" | "failed" }[]>;
  keeps(store: string): Promise<unknown[]> {
    return this.page.evaluate(async (store) => {
      const all: unknown[] = [];
      for (const { name = "" } of await indexedDB.databases()) {
        const opening = indexedDB.open(name);
        const database = await new Promise<IDBDatabase>((done) => {
          opening.onsuccess = () => done(opening.result);
        });
        // Another one than the client's, or one that is only being made.
        if (database.objectStoreNames.contains(store)) {
          const reading = database.transaction(store).objectStore(store).getAll();
          all.push(
            ...(await new Promise<unknown[]>((done) => {
              reading.onsuccess = () => done(reading.result);
            })),
          );
        }
        database.close();
      }
      return all;
    }, store);
  }

  /** The texts of all messages in the document, first to last. */
  async texts(): Promise<string[]> {
    return this.page.locator(".message .content").allInnerTexts();
  }

  /** Waits until the texts of all messages are these. */
  async shows(expected: string[]): Promise<void> {
    await until(async () => JSON.stringify(await this.texts()) === JSON.stringify(expected));
  }

  /** Keeps what each tab shows in `out/failed`, for whoever looks for the fault. */
  async keepPictures(name: string): Promise<void> {
    for (const [index, page] of this.context.pages().entries()) {
      const path = join(import.meta.dirname, `../../../failed/${name}-${index + 1}.png`);
      await page.screenshot({ path }).catch(() => {});
    }
  }

  #follow(page: Page, troubles: string[]): void {
    page.on("pageerror", (error) => troubles.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !OF_THE_NETWORK.test(message.text())) troubles.push(message.text());
    });
  }
}
