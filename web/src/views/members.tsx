/** A group's members: who they are, what they may do. */

import type { protocol } from "@chinwag/client";
import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { attempt, notify } from "../state/notices";
import { go } from "../state/route";
import { useSignedIn } from "../state/signed-in";
import { Avatar, PresenceDot } from "./avatar";
import { Confirm, Dialog } from "./dialog";
import { Failed } from "./failed";
import { Icon } from "./icon";
import { Chosen } from "./new-chat";
import { PeopleSearch } from "./people-search";

/** Members shown at first, and added by the button at the end. */
const STEP = 50;
const ROLES: Record<protocol.Role, string> = { owner: "Owner", admin: "Admin", member: "Member" };

/** The list, and the way to add somebody. */
export function Members({ chat }: { chat: protocol.Chat }) {
  const [shown, setShown] = useState(STEP);
  const { members, error, retry } = useMembers(chat, shown);
  const isAdding = useSignal(false);
  return (
    <section class="pane-section">
      <h3>{chat.memberCount.toLocaleString()} members</h3>
      {chat.role !== "member" && (
        <button type="button" class="pane-action" onClick={() => (isAdding.value = true)}>
          <Icon name="add" /> Add people
        </button>
      )}
      {error !== undefined && <Failed error={error} onRetry={retry} />}
      <ul class="people">
        {members.map((member) => (
          <Row key={member.userId} member={member} chat={chat} />
        ))}
      </ul>
      {members.length < chat.memberCount && members.length >= shown && (
        <button type="button" class="pane-more" onClick={() => setShown(shown + STEP)}>
          Show more
        </button>
      )}
      {isAdding.value && (
        <AddPeople
          chat={chat}
          without={members.map(({ userId }) => userId)}
          onClose={() => (isAdding.value = false)}
        />
      )}
    </section>
  );
}

/** The first members; read again when somebody comes, goes or gets another role. */
function useMembers(
  chat: protocol.Chat,
  most: number,
): { members: protocol.Member[]; error?: unknown; retry: () => void } {
  const { client, people } = useSignedIn();
  const [tries, setTries] = useState(0);
  const [state, setState] = useState<{ members: protocol.Member[]; error?: unknown }>({ members: [] });
  useEffect(() => {
    let isOld = false;
    const read = async () => {
      const members: protocol.Member[] = [];
      try {
        for await (const member of client.chat(chat.id).members()) {
          members.push(member);
          if (members.length >= most) break;
        }
        people.learn(members);
        if (!isOld) setState({ members });
      } catch (error) {
        if (!isOld) setState((now) => ({ ...now, error }));
      }
    };
    void read();
    const stops = [
      client.chat(chat.id).on("membership", () => void read()),
      client.chat(chat.id).on("restart", () => void read()),
    ];
    return () => {
      isOld = true;
      for (const stop of stops) stop();
    };
  }, [client, people, chat.id, most, tries]);
  return { ...state, retry: () => setTries(tries + 1) };
}

function Row({ member, chat }: { member: protocol.Member; chat: protocol.Chat }) {
  const { client, people, userId: me } = useSignedIn();
  const { userId } = member;
  const name = people.name(userId);
  const isMe = userId === me;
  return (
    <li class="person">
      <span class="avatar-place">
        <Avatar id={userId} name={name} />
        {!isMe && <PresenceDot userId={userId} />}
      </span>
      <button
        type="button"
        class="person-name plain"
        disabled={isMe}
        title={isMe ? "" : `Write to ${name}`}
        onClick={() =>
          void attempt(async () => go({ view: "chat", chatId: (await client.direct(userId)).id }))
        }
      >
        <bdi>{isMe ? `${name} (you)` : name}</bdi>
        <small class="quiet">@{userId}</small>
      </button>
      <span class="spring" />
      <MayChange member={member} chat={chat} name={name} isMe={isMe} />
    </li>
  );
}

/** Another's role, as far as one's own allows to change it: owners all, admins members. */
function MayChange(properties: {
  member: protocol.Member;
  chat: protocol.Chat;
  name: string;
  isMe: boolean;
}) {
  const { member, chat, name, isMe } = properties;
  const { client } = useSignedIn();
  const isAsked = useSignal(false);
  const its = client.chat(chat.id);
  const { userId, role } = member;
  const mayRemove = !isMe && (chat.role === "owner" || (chat.role === "admin" && role === "member"));
  const mayRoles = !isMe && chat.role === "owner";
  if (!mayRemove) return <span class="quiet">{ROLES[role]}</span>;
  return (
    <>
      {mayRoles ? (
        <select
          aria-label={`Role of ${name}`}
          value={role}
          onChange={(event) => {
            const next = event.currentTarget.value as protocol.Role;
            void attempt(() => its.setRole(userId, next));
          }}
        >
          {Object.entries(ROLES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      ) : (
        <span class="quiet">{ROLES[role]}</span>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={`Remove ${name}`}
        title={`Remove ${name}`}
        onClick={() => (isAsked.value = true)}
      >
        <Icon name="close" />
      </button>
      {isAsked.value && (
        <Confirm
          title={`Remove ${name}?`}
          text="They can't read this group any more, until somebody adds them again."
          action="Remove"
          onConfirm={() => void attempt(() => its.remove(userId))}
          onClose={() => (isAsked.value = false)}
        />
      )}
    </>
  );
}

function AddPeople(properties: { chat: protocol.Chat; without: protocol.UserId[]; onClose: () => void }) {
  const { chat, without, onClose } = properties;
  const { client } = useSignedIn();
  const [chosen, setChosen] = useState<protocol.User[]>([]);
  const toggle = (user: protocol.User) =>
    setChosen(
      chosen.some(({ id }) => id === user.id) ? chosen.filter(({ id }) => id !== user.id) : [...chosen, user],
    );
  const add = () =>
    attempt(async () => {
      await client.chat(chat.id).add(...chosen.map(({ id }) => id));
      notify(chosen.length === 1 ? "Added" : `${chosen.length} people added`);
      onClose();
    });
  return (
    <Dialog title="Add people" onClose={onClose}>
      <Chosen members={chosen} onRemove={toggle} />
      <PeopleSearch
        label="Find somebody by name"
        without={without}
        onChoose={toggle}
        mark={(user) => chosen.some(({ id }) => id === user.id) && <Icon name="check" />}
      />
      <div class="dialog-actions">
        <button type="button" class="primary" disabled={chosen.length === 0} onClick={() => void add()}>
          {chosen.length > 1 ? `Add ${chosen.length} people` : "Add"}
        </button>
      </div>
    </Dialog>
  );
}
