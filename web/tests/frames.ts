/** The frames of a WebSocket as they pass: told apart, so that some can be held back while others overtake. */

const HEAD_END = Buffer.from("\r\n\r\n");
const TEXT = 1;

/** What a server sends on one connection, in pieces that can be sent on each on its own: the HTTP head, then frames. */
export class ServerFrames {
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;

  /** Takes bytes; returns each whole piece, with its text where it is a text frame. */
  push(bytes: Buffer): { bytes: Buffer; text?: string }[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const pieces: { bytes: Buffer; text?: string }[] = [];
    for (let piece = this.#next(); piece; piece = this.#next()) {
      pieces.push(piece);
      this.#rest = this.#rest.subarray(piece.bytes.length);
    }
    return pieces;
  }

  #next(): { bytes: Buffer; text?: string } | undefined {
    if (!this.#isOpen) return this.#head();
    const [first, second] = this.#rest;
    if (first === undefined || second === undefined) return undefined;
    const extended = second === 127 ? 8 : second === 126 ? 2 : 0;
    const start = 2 + extended;
    if (this.#rest.length < start) return undefined;
    const length =
      extended === 8
        ? Number(this.#rest.readBigUInt64BE(2))
        : extended === 2
          ? this.#rest.readUInt16BE(2)
          : second;
    if (this.#rest.length < start + length) return undefined;
    const bytes = this.#rest.subarray(0, start + length);
    const isText = (first & 0xf) === TEXT;
    return { bytes, ...(isText && { text: bytes.subarray(start).toString() }) };
  }

  #head(): { bytes: Buffer } | undefined {
    const end = this.#rest.indexOf(HEAD_END);
    if (end < 0) return undefined;
    this.#isOpen = true;
    return { bytes: this.#rest.subarray(0, end + HEAD_END.length) };
  }
}
