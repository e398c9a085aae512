/** A proxy between clients and a server that loses, doubles and delays frames, by a seed. */

import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import WebSocket, { WebSocketServer } from "ws";

/** What happens to frames, each with a chance from 0 to 1. */
export interface Weather {
  lost: number;
  doubled: number;
  /** Delayed by up to so many milliseconds, so that others overtake. */
  delayed: number;
  delayMs: number;
}

const CALM: Weather = { lost: 0, doubled: 0, delayed: 0, delayMs: 0 };

/** A proxy in front of one server. */
export class LossyProxy {
  weather: Weather = CALM;
  readonly counts = { lost: 0, doubled: 0, delayed: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();

  private constructor(
    private readonly target: string,
    private readonly random: () => number,
  ) {
    const sockets = new WebSocketServer({ noServer: true });
    this.#server = createServer((incoming, outgoing) => {
      const url = new URL(incoming.url ?? "", target);
      const ahead = request(url, { method: incoming.method, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      ahead.on("error", () => outgoing.destroy());
      incoming.pipe(ahead);
    });
    this.#server.on("upgrade", (incoming, socket, head) => {
      sockets.handleUpgrade(incoming, socket, head, (client) => this.#join(client));
    });
  }

  static async start(target: string, random: () => number): Promise<LossyProxy> {
    const proxy = new LossyProxy(target, random);
    await new Promise<void>((done) => proxy.#server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets everything through, at once and once. */
  calm(): void {
    this.weather = CALM;
  }

  /** Cuts every connection, without a close frame. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #join(client: WebSocket): void {
    const server = new WebSocket(`${this.target.replace("http", "ws")}/v1/ws`, "chinwag.v1.json");
    const waiting: string[] = [];
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    }
    client.on("message", (data) => {
      if (server.readyState === WebSocket.OPEN) this.#pass(String(data), server);
      else waiting.push(String(data));
    });
    server.on("open", () => {
      for (const text of waiting.splice(0)) server.send(text);
    });
    server.on("message", (data) => this.#pass(String(data), client));
    server.on("close", (code, reason) => (code === 1006 ? client.terminate() : client.close(code, reason)));
    client.on("close", () => server.terminate());
  }

  #pass(text: string, to: WebSocket): void {
    const { type } = JSON.parse(text);
    // Without these there is no session that anything could be lost of.
    const weather = type === "auth" || type === "ready" ? CALM : this.weather;
    const send = () => {
      if (to.readyState === WebSocket.OPEN) to.send(text);
    };
    if (this.random() < weather.lost) {
      this.counts.lost += 1;
      return;
    }
    if (this.random() < weather.doubled) {
      this.counts.doubled += 1;
      send();
    }
    if (this.random() >= weather.delayed) return send();
    this.counts.delayed += 1;
    setTimeout(send, this.random() * weather.delayMs);
  }
}
