/** Choosing an emoji; the list is loaded when it is first needed. */

import { useEffect, useState } from "preact/hooks";
import type { EmojiGroup } from "../emoji/list";
import { Dialog } from "./dialog";

/** Found at once, at most. */
const MOST = 120;

/** A dialog with every emoji, to look through or to search. */
export function EmojiDialog(properties: {
  title: string;
  onClose: () => void;
  onChoose: (emoji: string) => void;
}) {
  const { title, onClose, onChoose } = properties;
  const [groups, setGroups] = useState<readonly EmojiGroup[]>();
  const [words, setWords] = useState("");
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    import("../emoji/list").then(
      ({ EMOJI }) => setGroups(EMOJI),
      () => setMissing(true),
    );
  }, []);
  const wanted = words.trim().toLowerCase();
  const all = groups?.flatMap(({ emoji }) => emoji) ?? [];
  const found = wanted ? all.filter(([, name]) => name.includes(wanted)).slice(0, MOST) : undefined;
  return (
    <Dialog title={title} onClose={onClose} class="emoji-dialog">
      <input
        type="search"
        class="search-field"
        placeholder="Search"
        aria-label="Search emoji"
        autoFocus
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      <div class="emoji-groups" tabIndex={0} role="group" aria-label="Emoji">
        {isMissing && (
          <p class="error">The list of emoji can't be loaded just now. Try again with a connection.</p>
        )}
        {found?.length === 0 && <p class="quiet">No emoji has this name.</p>}
        {found && <Grid emoji={found} onChoose={onChoose} />}
        {!found &&
          groups?.map(({ name, emoji }) => (
            <section key={name}>
              <h3>{name}</h3>
              <Grid emoji={emoji} onChoose={onChoose} />
            </section>
          ))}
      </div>
    </Dialog>
  );
}

function Grid({ emoji, onChoose }: { emoji: EmojiGroup["emoji"]; onChoose: (emoji: string) => void }) {
  return (
    <div class="emoji-grid">
      {emoji.map(([character, name]) => (
        <button
          key={character}
          type="button"
          title={name}
          aria-label={name}
          onClick={() => onChoose(character)}
        >
          {character}
        </button>
      ))}
    </div>
  );
}
