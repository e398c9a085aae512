/** What one can change about oneself and this browser. */

import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { newPassword, signOut } from "../state/account";
import { attempt, notify } from "../state/notices";
import { fieldSentence, sentence } from "../state/problem";
import { useSignedIn } from "../state/signed-in";
import { type Theme, theme } from "../state/theme";
import { Avatar } from "./avatar";
import { Confirm } from "./dialog";
import { Icon } from "./icon";
import { NotesSetting } from "./notes-setting";
import { Pane } from "./pane";
import { Field } from "./sign-in";

/** The view. */
export function Settings() {
  return (
    <Pane title="Settings">
      <Profile />
      <Appearance />
      <NotesSetting />
      <Password />
      <Keys />
      <Leaving />
    </Pane>
  );
}

function Profile() {
  const { client, people, userId } = useSignedIn();
  const name = people.user(userId).value.name ?? "";
  // A name that comes while one types takes nothing away.
  const typed = useSignal<string | undefined>(undefined);
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    void attempt(async () => {
      const user = await client.rename((typed.peek() ?? name).trim());
      people.learn([{ userId, ...(user.name !== undefined && { name: user.name }) }]);
      typed.value = undefined;
      notify("Others see your new name from now on");
    });
  };
  return (
    <section class="pane-section">
      <div class="profile">
        <Avatar id={userId} name={name || userId} />
        <span class="person-name">
          <bdi>{name || userId}</bdi>
          <small class="quiet">@{userId}</small>
        </span>
      </div>
      <form onSubmit={save}>
        <Field
          name="name"
          label="Name that others see"
          autocomplete="name"
          value={typed.value ?? name}
          onType={(text) => {
            typed.value = text;
          }}
        />
        <button type="submit">Save the name</button>
      </form>
    </section>
  );
}

function Appearance() {
  const choices: [Theme, string][] = [
    ["system", "System"],
    ["light", "Light"],
    ["dark", "Dark"],
  ];
  return (
    <fieldset class="pane-section">
      <legend>Appearance</legend>
      <div class="segments">
        {choices.map(([value, label]) => (
          <label key={value}>
            <input
              type="radio"
              name="theme"
              value={value}
              checked={theme.value === value}
              onChange={() => {
                theme.value = value;
              }}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Password() {
  const [error, setError] = useState<unknown>();
  const change = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setError(undefined);
    try {
      await newPassword(String(fields.get("now")), String(fields.get("next")));
      notify("Your password is changed; other devices must sign in again");
    } catch (failed) {
      setError(failed);
    }
  };
  const ofNext = fieldSentence(error, "/newPassword");
  return (
    <details class="pane-section">
      <summary>Change the password</summary>
      <form onSubmit={change}>
        <Field name="now" label="Password so far" type="password" autocomplete="current-password" />
        <Field
          name="next"
          label="New password"
          type="password"
          autocomplete="new-password"
          error={ofNext}
          hint="At least 8 characters."
        />
        {error !== undefined && !ofNext && (
          <p class="error" role="alert">
            {sentence(error)}
          </p>
        )}
        <button type="submit">Change it</button>
      </form>
    </details>
  );
}

const KEYS: [string, string][] = [
  ["Enter", "send"],
  ["Shift Enter", "new line"],
  ["↑ in an empty field", "change the last message"],
  ["Alt ↑ / Alt ↓", "previous, next chat"],
  ["Ctrl K", "search"],
  ["↑ / ↓ on a message", "previous, next message"],
  ["Enter on a message", "all that can be done with it"],
  ["R, E, C, U, +, Delete", "reply, change, copy, unread, react, delete"],
  ["Esc", "stop replying or changing, close"],
];

function Keys() {
  return (
    <details class="pane-section">
      <summary>Keyboard</summary>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Leaving() {
  const { client } = useSignedIn();
  const isAsked = useSignal(false);
  const [version, setVersion] = useState("");
  useEffect(() => {
    client.http.request("GET /healthz", {}).then(
      (report) => setVersion(report.version),
      () => {},
    );
  }, [client]);
  const unsent = client.outbox.length;
  return (
    <section class="pane-section">
      <button
        type="button"
        onClick={() => {
          if (unsent > 0) isAsked.value = true;
          else signOut();
        }}
      >
        <Icon name="leave" /> Sign out
      </button>
      <p class="quiet">Chinwag {version}</p>
      {isAsked.value && (
        <Confirm
          title="Sign out with unsent messages?"
          text={`${unsent} of your messages aren't sent yet. They stay in this browser and go out when you sign in here again.`}
          action="Sign out"
          onConfirm={signOut}
          onClose={() => {
            isAsked.value = false;
          }}
        />
      )}
    </section>
  );
}
