/** A web site with the built client on its only page. */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");

/** What the page's browser is made to lack, so that the client must do without. */
export type Lacking = "nothing" | "SharedWorker" | "any worker";

const WITHOUT: Record<Lacking, string> = {
  nothing: "",
  SharedWorker: "delete globalThis.SharedWorker;",
  "any worker": "delete globalThis.SharedWorker; delete globalThis.Worker;",
};

/** The site. */
export class Site {
  lacking: Lacking = "nothing";
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async ({ url = "/" }, answer) => {
      if (url === "/") return answer.setHeader("content-type", "text/html").end(this.#page());
      try {
        const code = await readFile(join(ROOT, "dist", normalize(url)));
        answer.setHeader("content-type", "text/javascript").end(code);
      } catch {
        answer.writeHead(404).end();
      }
    });
  }

  static async start(): Promise<Site> {
    const site = new Site();
    await new Promise<void>((done) => site.#server.listen(0, "127.0.0.1", done));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #page(): string {
    const code = `${WITHOUT[this.lacking]} globalThis.chinwag = await import("/index.js");`;
    return `<!doctype html><meta charset="utf-8"><title>Chinwag</title><link rel="icon" href="data:,"><script type="module">${code}</script>`;
  }
}
