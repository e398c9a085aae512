/** Finding people by the beginning of a name. */

import type { protocol } from "@chinwag/client";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useSignedIn } from "../state/signed-in";
import { Avatar, PresenceDot } from "./avatar";
import { Failed } from "./failed";

/** A pause in typing of this length asks. */
const PAUSE_MS = 200;
const MOST = 30;

/** A field and who is found; `children` is shown below each person's name, `onChoose` takes a person. */
export function PeopleSearch(properties: {
  label: string;
  without?: readonly protocol.UserId[];
  onChoose: (user: protocol.User) => void;
  mark?: (user: protocol.User) => ComponentChildren;
}) {
  const { label, without = [], onChoose, mark } = properties;
  const { userId } = useSignedIn();
  const [words, setWords] = useState("");
  const { users, error, retry } = useFound(words.trim());
  const shown = users?.filter(({ id, disabled }) => id !== userId && !disabled && !without.includes(id));
  return (
    <search class="people-search">
      <input
        type="search"
        class="search-field"
        dir="auto"
        placeholder={label}
        aria-label={label}
        autoFocus
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      {error !== undefined && <Failed error={error} onRetry={retry} />}
      <p class="hidden" role="status">
        {shown && `${shown.length} found`}
      </p>
      {shown?.length === 0 && <p class="quiet pane-note">{emptyNote(words)}</p>}
      <ul class="people">
        {shown?.map((user) => (
          <li key={user.id}>
            <button type="button" class="person choose" onClick={() => onChoose(user)}>
              <span class="avatar-place">
                <Avatar id={user.id} name={user.name || user.id} />
                <PresenceDot userId={user.id} />
              </span>
              <span class="person-name">
                <bdi>{user.name || user.id}</bdi>
                <small class="quiet">@{user.id}</small>
              </span>
              <span class="spring" />
              {mark?.(user)}
            </button>
          </li>
        ))}
      </ul>
    </search>
  );
}

function emptyNote(words: string): string {
  return words.trim() === ""
    ? "There is nobody else here yet."
    : "Nobody is called so. Try the beginning of a name or username.";
}

/** Who is found; the last answer stays until the next one. */
function useFound(words: string): { users?: protocol.User[]; error?: unknown; retry: () => void } {
  const { client, people } = useSignedIn();
  const [tries, setTries] = useState(0);
  const [found, setFound] = useState<{ users?: protocol.User[]; error?: unknown }>({});
  useEffect(() => {
    let isOld = false;
    const ask = async () => {
      try {
        const users = await client.findUsers(words, MOST);
        people.learn(users.map(({ id, name }) => ({ userId: id, ...(name !== undefined && { name }) })));
        if (!isOld) setFound({ users });
      } catch (error) {
        if (!isOld) setFound({ error });
      }
    };
    const pause = setTimeout(ask, words === "" ? 0 : PAUSE_MS);
    return () => {
      isOld = true;
      clearTimeout(pause);
    };
  }, [client, people, words, tries]);
  return { ...found, retry: () => setTries(tries + 1) };
}
