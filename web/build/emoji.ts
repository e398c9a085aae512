/** Makes the list of emoji of the Unicode data: characters and words, without what the picker doesn't need. */

import emoji from "emojibase-data/en/compact.json" with { type: "json" };
import type { Plugin } from "vite";

const MODULE = "virtual:emoji";
/** Groups by their number in the data; components (number 2) are no emoji of their own. */
const GROUPS: [number, string][] = [
  [0, "Smileys"],
  [1, "People"],
  [3, "Animals and nature"],
  [4, "Food and drink"],
  [5, "Travel and places"],
  [6, "Activities"],
  [7, "Objects"],
  [8, "Symbols"],
  [9, "Flags"],
];

/** Provides the list as a module. */
export function emojiList(): Plugin {
  return {
    name: "emoji-list",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) => (id === `\0${MODULE}` ? `export default ${JSON.stringify(groups())}` : undefined),
  };
}

function groups() {
  return GROUPS.map(([number, name]) => {
    const members = emoji
      .filter(({ group }) => group === number)
      .sort((one, other) => order(one) - order(other));
    return { name, emoji: members.map(({ unicode, label, tags }) => [unicode, words(label, tags)]) };
  });
}

function words(label: string, tags: string[] | undefined): string {
  return [label, ...(tags ?? []).filter((tag) => !label.includes(tag))].join(" ").toLowerCase();
}

function order({ order }: { order?: number }): number {
  return order ?? 0;
}
