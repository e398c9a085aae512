/** People with accounts on a real server. */

import WebSocket from "ws";
import { Client, type ClientOptions, register, signedIn } from "../src/index.js";

/** How long anything may take before a test fails: generous, since the machine may be busy. */
const PATIENCE_MS = 60_000;

/** Somebody with an account. */
export class Person {
  private constructor(
    readonly id: string,
    readonly url: string,
    readonly answer: Awaited<ReturnType<typeof register>>,
  ) {}

  /** Makes an account as a stranger does. */
  static async register(url: string, userId: string): Promise<Person> {
    return new Person(userId, url, await register(url, { userId, password: "correct horse" }));
  }

  /** Opens a client on a device. */
  client(options: Partial<ClientOptions> = {}): Client {
    const token = signedIn(this.url, this.answer);
    return new Client({ url: this.url, token, webSocket: WebSocket, ...options });
  }
}

/** Waits until something holds, looking again after each event of the clients. */
export async function until<T>(
  clients: Client[],
  look: () => T | undefined | false,
  what = String(look),
): Promise<T> {
  const found = look();
  if (found) return found;
  return new Promise((resolve, reject) => {
    const events = [
      "state",
      "chats",
      "message",
      "edited",
      "deleted",
      "reaction",
      "receipt",
      "typing",
      "presence",
      "outgoing",
      "restart",
      "left",
    ] as const;
    const stops = clients.flatMap((client) => events.map((event) => client.on(event, again)));
    // Timelines load without an event of the client's.
    const often = setInterval(again, 20);
    const late = setTimeout(() => end(() => reject(new Error(`in vain waited until ${what}`))), PATIENCE_MS);
    function end(run: () => void): void {
      for (const stop of stops) stop();
      clearInterval(often);
      clearTimeout(late);
      run();
    }
    function again(): void {
      const now = look();
      if (now) end(() => resolve(now));
    }
  });
}
