/** Many real messages to try the client with: years of a support channel; where the file isn't there, as many made-up ones. */

import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const FILE = "../shared/data/irc-support.jsonl.zst";
const ROOT = join(import.meta.dirname, "../../../../..");
/** As in the file. */
const LINES = 225_976;
const CHATS = 182;
const USERS = 17_852;
const FIRST_AT = Date.parse("2004-11-15T12:18:00Z");
const APART_MS = 30 * 60_000;
const WORDS = "so the disk was full and nobody had looked at its log for a week try it again with less".split(
  " ",
);

/** Returns a file that `chinwag import` takes; `folder` is where a made-up one is written. */
export async function corpus(folder: string): Promise<string> {
  const given = resolve(ROOT, process.env.CHINWAG_CORPUS ?? FILE);
  if (existsSync(given)) return given;
  const made = join(folder, "corpus.jsonl");
  await writeFile(made, lines());
  return made;
}

function* lines(): Generator<string> {
  const perChat = Math.ceil(LINES / CHATS);
  for (let number = 0; number < LINES; number += 1) {
    const chat = `day ${Math.floor(number / perChat)}`;
    const at = new Date(FIRST_AT + number * APART_MS).toISOString();
    // Few say much, and many say a little.
    const user = `u${Math.floor(USERS * ((number * 7919) % 1_000) ** 2 * 1e-6) + (number % 18)}`;
    const from = (number * 31) % WORDS.length;
    const text = [`${number}:`, ...WORDS, ...WORDS].slice(0, 2 + ((from * 7) % 37)).join(" ");
    yield `${JSON.stringify({ chat, at, user, text })}\n`;
  }
}
