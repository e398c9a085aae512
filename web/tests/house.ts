/** A server of a test's own, with people in it. */

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { platform } from "../../sdk/typescript/src/environment.js";
import { Http } from "../../sdk/typescript/src/http.js";
import { login, type protocol, register } from "../../sdk/typescript/src/index.js";
import { Served } from "../../sdk/typescript/test/served.js";
import { until } from "./until.js";
import { closeBrowser, type VisitOptions, Visitor } from "./visitor.js";
import { Wire } from "./wire.js";

const run = promisify(execFile);

/** Everybody's. */
export const PASSWORD = "correct horse";

/** Somebody with an account, as the API sees them: what fills the chats of a test. */
export class Person {
  constructor(
    readonly id: string,
    readonly http: Http,
    /** What their browser keeps of the sign-in. */
    readonly account: { userId: string; token: string; expiresAt: string },
  ) {}

  /** Sends a message; returns it. */
  say(chatId: string, content: string, more: Partial<protocol.SendMessage> = {}): Promise<protocol.Message> {
    return this.http.request("POST /v1/messages", { body: { chatId, content, ...more } });
  }

  /** Opens the direct chat with somebody; returns its id. */
  async direct(userId: string): Promise<string> {
    return (await this.http.request("POST /v1/chats", { body: { type: "direct", userId } })).id;
  }

  /** Makes a group; returns its id. */
  async group(name: string, members: string[], historyVisible: "all" | "joined" = "all"): Promise<string> {
    const body = { type: "group", name, members, historyVisible } as const;
    return (await this.http.request("POST /v1/chats", { body })).id;
  }

  /** Waits until a search finds as many messages: what was said a moment ago may not be indexed yet. */
  async finds(words: string, messages = 1): Promise<void> {
    const query = { q: words };
    await until(async () => (await this.http.request("GET /v1/search", { query })).total >= messages);
  }

  /** Reads a chat as it is for this person. */
  chat(id: string): Promise<protocol.Chat> {
    return this.http.request("GET /v1/chats/{id}", { path: { id } });
  }

  /** Marks a chat as read up to a message. */
  async read(chatId: string, lastReadMessageId: string): Promise<void> {
    await this.http.request("PUT /v1/chats/{id}/read", { path: { id: chatId }, body: { lastReadMessageId } });
  }
}

/** A server, the wire to it, and who lives there. */
export class House {
  readonly people = new Map<string, Person>();
  readonly #visitors: Visitor[] = [];

  private constructor(
    readonly served: Served,
    readonly wire: Wire,
  ) {}

  /** Starts a server with people, each by a username and a name. */
  static async with(people: Record<string, string>, settings: Record<string, string> = {}): Promise<House> {
    const served = await Served.start({ CHINWAG_LIMITS_RATES: "off", ...settings });
    const house = new House(served, await Wire.to(served.url));
    for (const [userId, name] of Object.entries(people)) await house.add(userId, name);
    return house;
  }

  /** Makes an account. */
  async add(userId: string, name: string): Promise<Person> {
    return this.#moveIn(await register(this.served.url, { userId, name, password: PASSWORD }));
  }

  /** Lets the made-up team of `chinwag demo` move in. */
  async fill(): Promise<void> {
    const { stdout } = await this.#command("demo");
    const names = /moved in: (.+)\./.exec(stdout)?.[1]?.split(", ");
    const password = /with the password\s+(\S.*?)\s*\n/.exec(stdout)?.[1];
    if (!names || !password) throw new Error(`no team in ${stdout}`);
    for (const userId of names) this.#moveIn(await login(this.served.url, { userId, password }));
  }

  /** Returns somebody who lives here. */
  person(userId: string): Person {
    const person = this.people.get(userId);
    if (!person) throw new Error(`nobody is called ${userId}`);
    return person;
  }

  /** Adds a member to a group. */
  async addMember(by: string, chatId: string, userId: string): Promise<void> {
    const path = { id: chatId };
    await this.person(by).http.request("POST /v1/chats/{id}/members", { path, body: { userIds: [userId] } });
  }

  /** Removes a member from a group. */
  async remove(by: string, chatId: string, userId: string): Promise<void> {
    const path = { id: chatId, userId };
    await this.person(by).http.request("DELETE /v1/chats/{id}/members/{userId}", { path, query: {} });
  }

  /** Makes an API key. */
  async apiKey(): Promise<string> {
    const { stdout } = await this.#command("key", "add", "tests");
    const key = /ck_\S+/.exec(stdout)?.[0];
    if (!key) throw new Error(`no key in ${stdout}`);
    return key;
  }

  /** Makes a request as an app's own backend does. */
  async asApp(key: string, method: string, path: string, body: unknown): Promise<void> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await fetch(this.served.url + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
  }

  /** Brings lines of `docs/import-format.md` into one group. */
  async import(owner: string, name: string, lines: Iterable<object>): Promise<void> {
    const file = join(this.served.directory, "lines.jsonl");
    await writeFile(file, [...lines].map((line) => `${JSON.stringify(line)}\n`).join(""));
    await this.importFile(file, owner, name);
  }

  /** Brings a file into a group for each of its chats, or into one. */
  async importFile(file: string, owner: string, asOne?: string): Promise<void> {
    await this.#command("import", "--owner", owner, ...(asOne ? ["--as-one", asOne] : []), file);
  }

  /** Opens a chat around a time, as a link to a message does. */
  async openAround(visitor: Visitor, chatId: string, time: string): Promise<void> {
    const query = { chatId, around: time, limit: 1 };
    const { messages } = await this.person("ana").http.request("GET /v1/messages", { query });
    await visitor.goto(`/chat/${chatId}/${messages[0]?.id}`);
    await visitor.page.locator(".message.highlighted").waitFor();
  }

  /** Opens a browser on the client, where nobody is signed in. */
  async stranger(options: VisitOptions = {}): Promise<Visitor> {
    const visitor = await Visitor.open(this.wire.url, options);
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Opens a browser in which somebody signed in before. */
  async visit(userId: string, options: VisitOptions = {}): Promise<Visitor> {
    const { account } = this.person(userId);
    const visitor = await this.stranger({ ...options, kept: { account, ...options.kept } });
    await visitor.isIn();
    return visitor;
  }

  /** Closes everybody's browser; fails where a page reported an error. What a failed `test` saw is kept in `out/failed`. */
  async leave(test?: { name: string; passed?: boolean }): Promise<void> {
    const visitors = this.#visitors.splice(0);
    if (test?.passed === false) {
      const name = test.name.replace(/\W+/g, "-").slice(0, 60);
      for (const [index, visitor] of visitors.entries()) await visitor.keepPictures(`${name}-${index + 1}`);
    }
    for (const visitor of visitors) await visitor.close();
    const troubles = visitors.flatMap((visitor) => visitor.troubles);
    if (troubles.length > 0) throw new Error(`pages reported errors:\n${troubles.join("\n")}`);
  }

  /** Ends the server and what a test left open. */
  async close(): Promise<void> {
    await this.leave();
    await closeBrowser();
    await this.wire.close();
    await this.served.stop();
  }

  #moveIn({ user, token, expiresAt }: protocol.TokenAnswer): Person {
    const http = new Http(platform(), this.served.url, async () => token);
    const person = new Person(user.id, http, { userId: user.id, token, expiresAt });
    this.people.set(user.id, person);
    return person;
  }

  /** Runs an operator's command beside the server. */
  #command(...words: string[]): Promise<{ stdout: string }> {
    const env = { PATH: process.env.PATH, CHINWAG_DATA_DIR: join(this.served.directory, "data") };
    return run(process.env.CHINWAG_BIN ?? "chinwag", words, { env, maxBuffer: 64 * 1024 * 1024 });
  }
}
