/** The list of chats, latest first. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { go, route } from "../state/route";
import { useSignedIn } from "../state/signed-in";
import { ChatRow } from "./chat-row";
import { Icon, IconButton } from "./icon";

/** Rows shown at first, and added when the end comes near. */
const STEP = 60;

/** The list with its head. */
export function ChatListPane() {
  const { people, userId } = useSignedIn();
  return (
    <>
      <header class="pane-head">
        <h1>Chats</h1>
        <span class="spring" />
        <IconButton icon="search" label="Search messages" onClick={() => go({ view: "search" })} />
        <IconButton icon="add" label="New chat" onClick={() => go({ view: "new" })} />
        <IconButton
          icon="settings"
          label={`Settings of ${people.name(userId)}`}
          onClick={() => go({ view: "settings" })}
        />
      </header>
      <ChatList />
    </>
  );
}

function ChatList() {
  const { chats, isLoaded } = useSignedIn();
  const shown = useSignal(STEP);
  const all = chats.value;
  const now = route.value;
  if (all.length === 0) return isLoaded.value ? <NoChats /> : <Loading />;
  const open = now.view === "chat" ? now.chatId : undefined;
  return (
    <nav class="chat-list" aria-label="Chats">
      <ul onKeyDown={walk}>
        {all.slice(0, shown.value).map((chat) => (
          <ChatRow key={chat.id} chat={chat} isOpen={chat.id === open} />
        ))}
      </ul>
      {shown.value < all.length && <More key={shown.value} onShow={() => (shown.value += STEP)} />}
    </nav>
  );
}

/** Up and down between the chats. */
function walk(event: KeyboardEvent): void {
  if (event.altKey || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const row = (event.target as HTMLElement).closest("li");
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector("a");
  if (!link) return;
  event.preventDefault();
  link.focus();
}

/** The end of what is shown: shows more once it comes into sight. */
function More({ onShow }: { onShow: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onShow(), {
      rootMargin: "600px",
    });
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, [onShow]);
  return <div ref={place} class="more" />;
}

function NoChats() {
  return (
    <div class="empty">
      <Icon name="chat" />
      <h2>No chats yet</h2>
      <p>Write to somebody, or make a group for your team.</p>
      <button type="button" class="primary" onClick={() => go({ view: "new" })}>
        Start a chat
      </button>
    </div>
  );
}

function Loading() {
  return (
    <div class="skeletons" role="status" aria-label="Loading your chats">
      {Array.from({ length: 8 }, (_, index) => (
        <div key={index} class="skeleton-row">
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
