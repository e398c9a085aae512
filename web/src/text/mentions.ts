/** Mentions: what stands for a user in a text. */

import type { protocol } from "@chinwag/client";

/** A piece of a text; with a user where it mentions one. */
export interface Piece {
  text: string;
  userId?: protocol.UserId;
}

/** Splits a text at the labels (such as `@Ana`) that stand in it as words. */
export function pieces(text: string, labels: ReadonlyMap<string, protocol.UserId>): Piece[] {
  if (labels.size === 0 || !text.includes("@")) return [{ text }];
  // The longest first: @Ana Lind before @Ana.
  const byLength = [...labels.keys()].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}_])(?:${byLength.map(escaped).join("|")})(?![\\p{L}\\p{N}_])`,
    "gu",
  );
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    const userId = labels.get(match[0]);
    found.push({ text: match[0], ...(userId !== undefined && { userId }) });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** Returns whom a text mentions, of those whose labels were put into it. */
export function mentioned(
  text: string,
  labels: Readonly<Record<string, protocol.UserId>>,
): protocol.UserId[] {
  const found = pieces(text, new Map(Object.entries(labels)));
  return [...new Set(found.flatMap(({ userId }) => (userId === undefined ? [] : [userId])))];
}

/** What the person is about to mention: the letters after the `@` before the caret. */
export function mentionBefore(text: string, caret: number): { from: number; letters: string } | undefined {
  const match = /(?:^|[\s(])@([\p{L}\p{N}_.-]*(?: [\p{L}\p{N}_.-]+)?)$/u.exec(text.slice(0, caret));
  if (match?.[1] === undefined) return undefined;
  return { from: caret - match[1].length - 1, letters: match[1] };
}

function escaped(label: string): string {
  return label.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
