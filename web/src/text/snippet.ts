/** What of a message is shown where it was found. */

/** A piece of a text; whether it is what was searched for. */
export interface Piece {
  text: string;
  isMatch: boolean;
}

/** Shown before the first match, and in all. */
const BEFORE = 40;
const MOST = 240;

/** From where to where in a text, in UTF-16 code units. */
export type Range = readonly [from: number, to: number];

/** Splits what one reads of a content at the matches; ranges rise. */
export function marked(
  content: string,
  matches: readonly Range[],
  legible: readonly Range[] = [[0, content.length]],
): Piece[] {
  const pieces: Piece[] = [];
  const add = (text: string, isMatch: boolean) => {
    const last = pieces.at(-1);
    if (text === "") return;
    if (last?.isMatch === isMatch) last.text += text;
    else pieces.push({ text, isMatch });
  };
  let before = 0;
  for (const [from, to] of legible) {
    if (pieces.length > 0 && content.slice(before, from).includes("\n")) add(" ", false);
    let end = from;
    for (const match of matches) {
      const [begin, stop] = [Math.max(match[0], end), Math.min(match[1], to)];
      if (begin >= stop) continue;
      add(content.slice(end, begin), false);
      add(content.slice(begin, stop), true);
      end = stop;
    }
    add(content.slice(end, to), false);
    before = to;
  }
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
