/** A reverse proxy that is set up carelessly: it asks the server under another name than the one that people open. */

import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";

/** What the server is called behind the proxy. */
const INNER = "chat.internal:9000";

/** The proxy; it has an address before it has a server. */
export class RenamingProxy {
  #target: URL | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const { method, headers, url = "" } = incoming;
      const ahead = request(new URL(url, this.#target), { method, headers: renamed(headers) }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      ahead.on("error", () => outgoing.destroy());
      incoming.pipe(ahead);
    });
    this.#server.on("upgrade", ({ url, headers }, near, first) => {
      const far = connect(Number(this.#target?.port), this.#target?.hostname);
      const lines = Object.entries(renamed(headers)).map(([name, value]) => `${name}: ${value}`);
      far.write(`GET ${url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      far.write(first);
      near.pipe(far).pipe(near);
      for (const end of [near, far]) end.on("error", () => {});
      near.on("close", () => far.destroy());
    });
  }

  /** Starts one. */
  static async start(): Promise<RenamingProxy> {
    const proxy = new RenamingProxy();
    await new Promise<void>((done) => proxy.#server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  /** Puts it in front of a server. */
  before(target: string): void {
    this.#target = new URL(target);
  }

  /** The address that people open, by one of the names of this machine. */
  url(name = "127.0.0.1"): string {
    return `http://${name}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends it, with what goes through it. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function renamed(headers: NodeJS.Dict<string | string[]>): NodeJS.Dict<string | string[]> {
  return { ...headers, "x-forwarded-host": headers.host, host: INNER };
}
