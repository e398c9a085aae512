/** What is wrong with arguments, before anything is sent. */

import { ChinwagError } from "./errors.js";
import type { Limits } from "./protocol/index.js";

/** The protocol's own limits, until the server tells its. */
export const USUAL_LIMITS: Pick<Limits, "contentBytes" | "metadataBytes" | "mentions" | "reactionKeyBytes"> =
  {
    contentBytes: 16_384,
    metadataBytes: 4_096,
    mentions: 100,
    reactionKeyBytes: 64,
  };

type Bounds = typeof USUAL_LIMITS;

/** Returns a text's length as the server counts it: bytes of UTF-8. */
export function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Refuses what is no id of the server's. */
export function checkId(name: string, id: unknown): void {
  if (typeof id !== "string" || !/^(0|[1-9][0-9]{0,19})$/.test(id)) {
    throw bad(`\`${name}\` must be an id as the server gives it, a text of digits, not ${shown(id)}`);
  }
}

/** Refuses what is no text that can be sent. */
export function checkText(name: string, text: unknown): asserts text is string {
  if (typeof text !== "string") throw bad(`\`${name}\` must be a text, not ${shown(text)}`);
  if (!text.isWellFormed()) throw bad(`\`${name}\` holds half a character (a lone surrogate)`);
}

/** Refuses a content that the server would refuse. */
export function checkContent(content: unknown, limits: Bounds): void {
  checkText("content", content);
  if (content === "") throw bad("`content` is empty");
  if (content.includes("\0")) throw bad("`content` holds U+0000");
  const length = bytes(content);
  if (length > limits.contentBytes) {
    throw new ChinwagError(
      "tooLarge",
      `the content has ${length} bytes of UTF-8, ${limits.contentBytes} are allowed`,
    );
  }
}

/** Refuses a reaction that the server would refuse. */
export function checkKey(key: unknown, limits: Bounds): void {
  checkText("key", key);
  if (/[\p{Cc}\s]/u.test(key)) throw bad("`key` holds white space or controls");
  const length = bytes(key);
  if (length === 0 || length > limits.reactionKeyBytes) {
    throw bad(`\`key\` needs 1 to ${limits.reactionKeyBytes} bytes of UTF-8, not ${length}`);
  }
}

/** Refuses users who can't be mentioned, and metadata that are too large. */
export function checkExtras(mentions: unknown[], metadata: unknown, limits: Bounds): void {
  for (const user of mentions) checkText("mentions", user);
  if (mentions.length > limits.mentions) {
    throw new ChinwagError("tooLarge", `${mentions.length} mentions, ${limits.mentions} are allowed`);
  }
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw bad("`metadata` must be an object");
  }
  const length = bytes(JSON.stringify(metadata));
  if (length > limits.metadataBytes) {
    throw new ChinwagError(
      "tooLarge",
      `the metadata have ${length} bytes, ${limits.metadataBytes} are allowed`,
    );
  }
}

/** Returns a server's address without a slash at its end; refuses what is none. */
export function checkUrl(url: unknown): string {
  if (typeof url !== "string" || !/^https?:\/\/[^/?#]+/.test(url)) {
    throw bad(`\`url\` must be the server's address, such as "https://chat.example.org", not ${shown(url)}`);
  }
  return url.replace(/\/+$/, "");
}

/** Makes the error of a wrong argument. */
export function bad(message: string): ChinwagError {
  return new ChinwagError("badArgument", message);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : String(value);
}
