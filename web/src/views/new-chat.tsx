/** Beginning a chat: with one person, or a group. */

import type { protocol } from "@chinwag/client";
import { useState } from "preact/hooks";
import { attempt } from "../state/notices";
import { go } from "../state/route";
import { useSignedIn } from "../state/signed-in";
import { Icon } from "./icon";
import { Pane } from "./pane";
import { PeopleSearch } from "./people-search";
import { Field } from "./sign-in";

/** The view. */
export function NewChat() {
  const [isGroup, setGroup] = useState(false);
  return isGroup ? <NewGroup onBack={() => setGroup(false)} /> : <NewDirect onGroup={() => setGroup(true)} />;
}

function NewDirect({ onGroup }: { onGroup: () => void }) {
  const { client } = useSignedIn();
  const open = (user: protocol.User) =>
    attempt(async () => {
      const chat = await client.direct(user.id);
      go({ view: "chat", chatId: chat.id });
    });
  return (
    <Pane title="New chat">
      <button type="button" class="pane-action" onClick={onGroup}>
        <Icon name="group" /> New group
      </button>
      <PeopleSearch label="Find somebody by name" onChoose={open} />
    </Pane>
  );
}

function NewGroup({ onBack }: { onBack: () => void }) {
  const { client } = useSignedIn();
  const [members, setMembers] = useState<protocol.User[]>([]);
  const [isBusy, setBusy] = useState(false);
  const toggle = (user: protocol.User) =>
    setMembers(
      members.some(({ id }) => id === user.id)
        ? members.filter(({ id }) => id !== user.id)
        : [...members, user],
    );
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    const made = await attempt(async () => {
      const chat = await client.createGroup({
        name: String(fields.get("name")).trim(),
        members: members.map(({ id }) => id),
        historyVisible: fields.has("history") ? "all" : "joined",
      });
      go({ view: "chat", chatId: chat.id });
    });
    if (!made) setBusy(false);
  };
  return (
    <Pane title="New group">
      <form onSubmit={make} class="pane-form">
        <Field name="name" label="Name of the group" autocomplete="off" focused />
        <label class="choice">
          <input type="checkbox" name="history" defaultChecked />
          <span>
            Who comes later reads from the beginning
            <small class="quiet">Otherwise from the moment when they join.</small>
          </span>
        </label>
        <Chosen members={members} onRemove={toggle} />
        <div class="pane-buttons">
          <button type="button" onClick={onBack}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            {members.length === 0 ? "Make the group" : `Make the group of ${members.length + 1}`}
          </button>
        </div>
      </form>
      <PeopleSearch
        label="Add people by name"
        onChoose={toggle}
        mark={(user) => members.some(({ id }) => id === user.id) && <Icon name="check" />}
      />
    </Pane>
  );
}

/** Who is chosen, each to be taken away again. */
export function Chosen({
  members,
  onRemove,
}: {
  members: readonly protocol.User[];
  onRemove: (user: protocol.User) => void;
}) {
  if (members.length === 0) return null;
  return (
    <ul class="chosen" aria-label="Chosen">
      {members.map((user) => (
        <li key={user.id}>
          <button
            type="button"
            onClick={() => onRemove(user)}
            aria-label={`Take ${user.name || user.id} away`}
          >
            <bdi>{user.name || user.id}</bdi> <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
