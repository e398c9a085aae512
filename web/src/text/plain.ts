/** Texts in one line, and names as a picture. */

/** Longer previews are cut anyway. */
const PREVIEW = 200;

/** Returns a content in one line, without the marks of its layout. */
export function preview(content: string): string {
  return content
    .slice(0, PREVIEW * 2)
    .replace(/```\w*\n?/g, "")
    .replace(PAIRED, "$2")
    .replace(PAIRED, "$2")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, PREVIEW);
}

/** Marks around a word or more, as Markdown has them: underscores within a word are its own. */
const PAIRED =
  /(\*\*|~~|`|\*|(?<![\p{L}\p{N}_])__?(?=[^_]))(?=\S)([^\n]+?)(?<=\S)\1(?!(?<=_)[\p{L}\p{N}_])/gu;

/** Returns one or two letters that stand for a name. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = (words.length > 1 ? [words[0], words.at(-1)] : [words[0]]).map((word) =>
    first(word ?? "?"),
  );
  return letters.join("").toUpperCase();
}

/** Returns a number from 0 to 11, the same for the same text: a colour of a name. */
export function hueOf(id: string): number {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 12;
}

/** Whether a text is nothing but up to three emoji. */
export function isFewEmoji(text: string): boolean {
  return FEW_EMOJI.test(text);
}

const FEW_EMOJI = /^\s*(?:\p{RGI_Emoji}\s*){1,3}$/v;

function first(word: string): string {
  const found = new Intl.Segmenter().segment(word)[Symbol.iterator]().next();
  return found.done ? "?" : found.value.segment;
}
