/** Searching messages, everywhere or in one chat; a hit leads to the message in its context. */

import type { protocol } from "@chinwag/client";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { addressOf, go } from "../state/route";
import { type SignedIn, useSignedIn } from "../state/signed-in";
import { legible } from "../text/legible";
import { marked, snippet } from "../text/snippet";
import { fullTime, shortTime } from "../text/time";
import { chatName } from "./chat-name";
import { Failed } from "./failed";
import { Pane } from "./pane";

/** A pause in typing of this length asks. */
const PAUSE_MS = 250;
const PAGE = 30;

interface Found {
  words: string;
  hits: readonly protocol.SearchHit[];
  total: number;
  nextCursor?: string;
}

/** The last search, so that one finds it as it was when coming back from a hit. */
const last: { words: string; chatId?: protocol.ChatId; found?: Found } = { words: "" };

/** The view. */
export function Search({ chatId }: { chatId?: protocol.ChatId }) {
  const signedIn = useSignedIn();
  const isSame = last.chatId === chatId;
  const words = useSignal(isSame ? last.words : "");
  const found = useSignal<Found | undefined>(isSame ? last.found : undefined);
  const error = useSignal<unknown>(undefined);
  const isBusy = useSignal(false);

  const ask = async (more?: Found) => {
    const asked = words.peek().trim();
    if (asked === "") return;
    isBusy.value = true;
    try {
      const cursor = more?.nextCursor;
      const answer = await signedIn.client.search(asked, {
        limit: PAGE,
        ...(chatId && { chatId }),
        ...(cursor !== undefined && { cursor }),
      });
      // An answer to what is no longer asked.
      if (words.peek().trim() !== asked) return;
      error.value = undefined;
      found.value = { ...answer, words: asked, hits: [...(more?.hits ?? []), ...answer.hits] };
      Object.assign(last, { words: asked, chatId, found: found.value });
    } catch (failed) {
      if (words.peek().trim() === asked) error.value = failed;
    } finally {
      isBusy.value = false;
    }
  };
  const asked = words.value.trim();
  // Typing on asks anew, once it pauses.
  useEffect(() => {
    error.value = undefined;
    if (asked === "") found.value = undefined;
    if (asked === "" || asked === found.peek()?.words) return;
    const pause = setTimeout(() => void ask(), PAUSE_MS);
    return () => clearTimeout(pause);
  }, [asked, chatId]);

  const chat = chatId && signedIn.chat(chatId);
  return (
    <Pane title="Search">
      <search class="people-search">
        <input
          type="search"
          class="search-field"
          dir="auto"
          placeholder={chat ? `Search in ${chatName(signedIn, chat)}` : "Search in all chats"}
          aria-label="Search messages"
          autoFocus
          value={words.value}
          onInput={(event) => {
            words.value = event.currentTarget.value;
          }}
        />
        {chat && (
          <button type="button" class="link pane-note" onClick={() => go({ view: "search" }, "replace")}>
            Search in all chats
          </button>
        )}
      </search>
      {error.value !== undefined && <Failed error={error.value} onRetry={() => void ask()} />}
      <Hits found={found.value} signedIn={signedIn} isBusy={isBusy.value} onMore={(now) => void ask(now)} />
    </Pane>
  );
}

function Hits(properties: {
  found: Found | undefined;
  signedIn: SignedIn;
  isBusy: boolean;
  onMore: (found: Found) => void;
}) {
  const { found, signedIn, isBusy, onMore } = properties;
  if (!found) {
    return (
      <p class="quiet pane-note">
        {isBusy
          ? "Searching…"
          : 'Words find messages that hold all of them; "words in quotes" stand next to each other.'}
      </p>
    );
  }
  return (
    <>
      <p class="quiet pane-note" role="status">
        {found.total === 0 ? "Nothing found." : `${found.total.toLocaleString()} found`}
      </p>
      <ul class="hits">
        {found.hits.map((hit) => (
          <Hit key={hit.message.id} hit={hit} signedIn={signedIn} />
        ))}
      </ul>
      {found.nextCursor !== undefined && (
        <button type="button" class="pane-more" disabled={isBusy} onClick={() => onMore(found)}>
          {isBusy ? "One moment…" : "Show more"}
        </button>
      )}
    </>
  );
}

function Hit({ hit, signedIn }: { hit: protocol.SearchHit; signedIn: SignedIn }) {
  const { message, matches } = hit;
  const chat = signedIn.chat(message.chatId);
  const to = { view: "chat", chatId: message.chatId, messageId: message.id } as const;
  const isMine = message.senderId === signedIn.userId;
  return (
    <li>
      <a
        href={addressOf(to)}
        class="hit"
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          go(to);
        }}
      >
        <span class="chat-row-line">
          <bdi class="chat-row-name">{isMine ? "You" : signedIn.people.name(message.senderId)}</bdi>
          {chat?.type === "group" && <span class="quiet hit-chat">in {chatName(signedIn, chat)}</span>}
          <time dateTime={message.timestamp} title={fullTime(message.timestamp)}>
            {shortTime(message.timestamp)}
          </time>
        </span>
        <span class="hit-text" dir="auto">
          {snippet(marked(message.content, matches, legible(message.content))).map((piece, index) =>
            piece.isMatch ? <mark key={index}>{piece.text}</mark> : piece.text,
          )}
        </span>
      </a>
    </li>
  );
}
