/** What of a message is shown where it was found. */

/** A piece of a text; whether it is what was searched for. */
export interface Piece {
  text: string;
  isMatch: boolean;
}

/** Shown before the first match, and in all. */
const BEFORE = 40;
const MOST = 240;

/** Splits a content at the matches: ranges in UTF-16 code units, rising. */
export function marked(content: string, matches: readonly (readonly [number, number])[]): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const [from, to] of matches) {
    if (from < end || to > content.length) continue;
    if (from > end) pieces.push({ text: content.slice(end, from), isMatch: false });
    pieces.push({ text: content.slice(from, to), isMatch: true });
    end = to;
  }
  if (end < content.length) pieces.push({ text: content.slice(end), isMatch: false });
  return pieces;
}

/** Shortens pieces so that the first match is among them. */
export function snippet(pieces: readonly Piece[]): Piece[] {
  const shown: Piece[] = [];
  let length = 0;
  for (const [index, piece] of pieces.entries()) {
    const isBefore = index === 0 && !piece.isMatch && pieces.length > 1;
    const text = isBefore ? ending(piece.text) : piece.text;
    shown.push({ text: text.slice(0, MOST - length), isMatch: piece.isMatch });
    length += text.length;
    if (length >= MOST) return [...shown, { text: "…", isMatch: false }];
  }
  return shown;
}

/** The end of a text, from the beginning of a word where there is one. */
function ending(text: string): string {
  if (text.length <= BEFORE) return text;
  const end = text.slice(-BEFORE);
  return `…${end.slice(end.search(/\s/) + 1)}`;
}
