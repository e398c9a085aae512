/** Completion of mentions: who is meant by the letters after an `@`. */

import type { protocol } from "@chinwag/client";
import { useSignal } from "@preact/signals";
import type { ComponentChildren, RefObject } from "preact";
import { useId, useRef } from "preact/hooks";
import { useSignedIn } from "../state/signed-in";
import { mentionBefore } from "../text/mentions";
import { Avatar } from "./avatar";

/** People shown at once. */
const MOST = 8;
/** Members read to find them among. */
const MOST_READ = 1_000;

interface Choice {
  from: number;
  people: protocol.Member[];
  active: number;
}

/** What a composer does for mentions. */
export interface Mentions {
  list: ComponentChildren;
  attributes: Record<string, unknown>;
  /** Takes a key; whether it was for the list. */
  press(event: KeyboardEvent): boolean;
  look(): void;
  close(): void;
}

/** Completes mentions in a text area; `chosen` learns what stands for whom. */
export function useMentions(
  area: RefObject<HTMLTextAreaElement | null>,
  chat: protocol.Chat,
  put: (text: string) => void,
  chosen: (label: string, userId: protocol.UserId) => void,
): Mentions {
  const signedIn = useSignedIn();
  const choice = useSignal<Choice | undefined>(undefined);
  const members = useMembers(chat);
  const id = useId();

  const begun = () => {
    const { current } = area;
    return current && chat.type === "group" ? mentionBefore(current.value, current.selectionEnd) : undefined;
  };
  const look = async () => {
    const all = begun() && (await members());
    // What is written by now: somebody may be chosen, or the message sent, when the members come.
    const now = begun();
    const people = now && all ? matching(all, now.letters, signedIn.userId) : [];
    choice.value = now && people.length > 0 ? { from: now.from, people, active: 0 } : undefined;
  };
  const take = (member: protocol.Member) => {
    const { current } = area;
    const now = choice.peek();
    if (!current || !now) return;
    const label = `@${member.name || member.userId}`;
    const after = current.value.slice(current.selectionEnd);
    const before = `${current.value.slice(0, now.from)}${label} `;
    choice.value = undefined;
    chosen(label, member.userId);
    // At once, for a look that is still under way.
    current.value = before + after;
    put(before + after);
    requestAnimationFrame(() => {
      current.focus();
      current.setSelectionRange(before.length, before.length);
    });
  };
  const press = (event: KeyboardEvent): boolean => {
    const now = choice.peek();
    if (!now) return false;
    const count = now.people.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const active = now.people[now.active];
    if (step) choice.value = { ...now, active: (now.active + step + count) % count };
    else if ((event.key === "Enter" || event.key === "Tab") && active) take(active);
    else if (event.key === "Escape") choice.value = undefined;
    else return false;
    event.preventDefault();
    return true;
  };

  const shown = choice.value;
  const list = shown && (
    <ul class="mention-list" role="listbox" id={id} aria-label="People to mention">
      {shown.people.map((member, index) => (
        <li
          key={member.userId}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === shown.active}
          onPointerDown={(event) => {
            event.preventDefault();
            take(member);
          }}
        >
          <Avatar id={member.userId} name={member.name || member.userId} />
          <bdi>{member.name || member.userId}</bdi>
          <span class="quiet">@{member.userId}</span>
        </li>
      ))}
    </ul>
  );
  return {
    list,
    press,
    look: () => void look(),
    close: () => {
      choice.value = undefined;
    },
    attributes: {
      "aria-autocomplete": "list",
      ...(shown && { "aria-controls": id, "aria-activedescendant": `${id}-${shown.active}` }),
    },
  };
}

/** The chat's members, read once when they are first needed; the first thousand of a huge group. */
function useMembers(chat: protocol.Chat): () => Promise<protocol.Member[]> {
  const { client, people } = useSignedIn();
  const known = useRef<{ count: number; members: Promise<protocol.Member[]> }>(undefined);
  const read = async () => {
    const members: protocol.Member[] = [];
    for await (const member of client.chat(chat.id).members()) {
      members.push(member);
      if (members.length >= MOST_READ) break;
    }
    people.learn(members);
    return members;
  };
  return () => {
    const now = known.current;
    if (now?.count === chat.memberCount) return now.members;
    const members = read().catch(() => {
      // The next letter tries again.
      known.current = undefined;
      return [];
    });
    known.current = { count: chat.memberCount, members };
    return members;
  };
}

function matching(members: protocol.Member[], letters: string, me: protocol.UserId): protocol.Member[] {
  const wanted = letters.toLocaleLowerCase();
  const begins = (text: string) =>
    text
      .toLocaleLowerCase()
      .split(/[\s._-]/)
      .some((_, index, words) => words.slice(index).join(" ").startsWith(wanted));
  return members
    .filter(({ userId, name = "" }) => userId !== me && (begins(name) || begins(userId)))
    .slice(0, MOST);
}
