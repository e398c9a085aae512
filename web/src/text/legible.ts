/** What one reads of a content: its text without the marks of its layout, and where that stands. */

import type { MarkedToken } from "marked";
import { tokensOf } from "./markdown";
import type { Range } from "./snippet";

/** Returns the ranges of a content that are text, rising. */
export function legible(content: string): Range[] {
  const reader = new Reader(content);
  reader.read(tokensOf(content));
  // Where a text was changed by its layout, all of the content is shown as it is.
  return reader.isLost ? [[0, content.length]] : reader.ranges;
}

/** Follows tokens through the content that they were made of. */
class Reader {
  readonly ranges: Range[] = [];
  isLost = false;
  #at = 0;

  constructor(private readonly content: string) {}

  read(tokens: readonly MarkedToken[]): void {
    for (const token of tokens) {
      const begin = this.content.indexOf(token.raw, this.#at);
      this.#token(token);
      // What is left of a token is a mark, such as a link's address.
      if (begin >= 0) this.#at = Math.max(this.#at, begin + token.raw.length);
    }
  }

  #token(token: MarkedToken): void {
    switch (token.type) {
      case "space":
      case "br":
        return;
      case "code":
        for (const line of token.text.split("\n")) this.#text(line);
        return;
      case "list":
        for (const item of token.items) this.read(item.tokens as MarkedToken[]);
        return;
      case "image":
        return this.#text(token.text);
      default: {
        const { tokens } = token as { tokens?: MarkedToken[] };
        if (tokens && tokens.length > 0) this.read(tokens);
        else this.#text("text" in token ? token.text : token.raw);
      }
    }
  }

  #text(text: string): void {
    const from = this.content.indexOf(text, this.#at);
    if (from < 0) {
      this.isLost = true;
      return;
    }
    this.#at = from + text.length;
    if (text !== "") this.ranges.push([from, this.#at]);
  }
}
