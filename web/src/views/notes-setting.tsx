/** Turns notes on and off in the settings. */

import { notes, turnOff, turnOn } from "../state/notes";
import { attempt } from "../state/notices";
import { useSignedIn } from "../state/signed-in";

/** The setting; nothing where this browser or this server can't. */
export function NotesSetting() {
  const { client } = useSignedIn();
  const now = notes.value;
  if (now === "unable") return null;
  return (
    <fieldset class="pane-section">
      <legend>Notifications</legend>
      {now === "blocked" ? (
        <p class="quiet">
          This browser blocks notifications from here. Allow them in the browser's settings for this page.
        </p>
      ) : (
        <label class="choice">
          <input
            type="checkbox"
            role="switch"
            checked={now === "on"}
            onChange={({ currentTarget }) => {
              const change = currentTarget.checked ? turnOn : turnOff;
              void attempt(() => change(client));
            }}
          />
          <span>Tell me about messages while this page is closed</span>
        </label>
      )}
    </fieldset>
  );
}
