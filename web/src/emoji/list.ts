/** Every emoji with its name and words, in groups: a file of its own, loaded when it is first needed. */

import groups from "virtual:emoji";

/** A group of emoji: each with what it is found by, its name first. */
export interface EmojiGroup {
  name: string;
  emoji: readonly (readonly [character: string, words: string])[];
}

/** All groups. */
export const EMOJI: readonly EmojiGroup[] = groups;
