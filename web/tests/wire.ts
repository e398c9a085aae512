/** The network between browsers and a server, which a test can cut, freeze, and delay frames in. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { ServerFrames } from "./frames.js";

/** A wire to one server. Its address stays the same over cuts and over the server's restarts. */
export class Wire {
  /** How many WebSockets were asked for. */
  upgrades = 0;
  /** How many bytes the server sent. */
  bytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #isFrozen = false;
  #heldType: string | undefined;
  #held: (() => void)[] = [];

  private constructor(private readonly target: URL) {
    this.#server = createServer((near) => this.#join(near));
  }

  /** Lays a wire to a server. */
  static async to(target: string): Promise<Wire> {
    const wire = new Wire(new URL(target));
    await new Promise<void>((done) => wire.#server.listen(0, "127.0.0.1", done));
    return wire;
  }

  /** The address that browsers open. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection, and lets no new one through. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Swallows everything from now on, as a network that is gone: neither side is told. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Lets connections through again. */
  mend(): void {
    this.#isCut = false;
    this.#isFrozen = false;
  }

  /** Holds back the server's frames of a type while others overtake them. */
  hold(type: string): void {
    this.#heldType = type;
  }

  /** How many frames are held back. */
  get held(): number {
    return this.#held.length;
  }

  /** Lets go what was held back. */
  release(): void {
    this.#heldType = undefined;
    for (const send of this.#held.splice(0)) send();
  }

  /** Takes the wire away. */
  async close(): Promise<void> {
    this.cut();
    await new Promise((done) => this.#server.close(done));
  }

  #join(near: Socket): void {
    near.on("error", () => {});
    if (this.#isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(this.target.port), this.target.hostname);
    far.on("error", () => {});
    let frames: ServerFrames | undefined;
    near.on("data", (bytes) => {
      if (/^upgrade: websocket\r$/im.test(bytes.toString("latin1"))) {
        this.upgrades += 1;
        frames = new ServerFrames();
      }
      if (!this.#isFrozen) far.write(bytes);
    });
    far.on("data", (bytes) => {
      if (this.#isFrozen) return;
      this.bytes += bytes.length;
      if (!frames) near.write(bytes);
      else for (const piece of frames.push(bytes)) this.#pass(piece, near);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on("end", () => this.#isFrozen || other.end());
      one.on("close", () => {
        this.#sockets.delete(one);
        if (!this.#isFrozen) other.destroy();
      });
    }
  }

  #pass({ bytes, text }: { bytes: Buffer; text?: string }, to: Socket): void {
    const isHeld =
      text !== undefined && this.#heldType !== undefined && JSON.parse(text).type === this.#heldType;
    if (isHeld) this.#held.push(() => to.write(bytes));
    else to.write(bytes);
  }
}
