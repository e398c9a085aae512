/** The frame of a signed-in person: chats at one side, a conversation at the other; on a phone one of them. */

import { useEffect } from "preact/hooks";
import { go, openChat, type Route, route } from "../state/route";
import { useSignedIn } from "../state/signed-in";
import { isWide } from "../state/wide";
import { ConnectionBanner } from "./banner";
import { ChatListPane } from "./chat-list";
import { ChatPane, NoChat, Nowhere } from "./chat-pane";
import { lazy } from "./lazy";
import { NotesOffer } from "./notes-offer";
import { useTitle } from "./title";

const NewChat = lazy(async () => (await import("./new-chat")).NewChat);
const Search = lazy(async () => (await import("./search")).Search);
const Settings = lazy(async () => (await import("./settings")).Settings);

/** Everything but signing in. */
export function Shell() {
  const now = route.value;
  useTitle();
  useShortcuts();
  return (
    <div class={`shell ${now.view === "chat" || now.view === "nowhere" ? "shows-chat" : "shows-side"}`}>
      <div class="banner-place">
        <ConnectionBanner />
        <NotesOffer />
      </div>
      <aside class="side" aria-label="Chats">
        <Side route={now} />
      </aside>
      <Beside route={now} />
    </div>
  );
}

/** The conversation; while one searches, and the like, the one that was open. */
function Beside({ route: now }: { route: Route }) {
  const signedIn = useSignedIn();
  if (now.view === "nowhere") return <Nowhere />;
  if (now.view === "chat") return <ChatPane route={now} key={now.chatId} />;
  // Out of sight it would count as read.
  const chatId = isWide.value ? openChat(now) : undefined;
  if (chatId === undefined || !signedIn.chat(chatId)) return <NoChat />;
  return <ChatPane route={{ view: "chat", chatId }} key={chatId} />;
}

/** What stands beside the conversation. */
function Side({ route: now }: { route: Route }) {
  switch (now.view) {
    case "new":
      return <NewChat />;
    case "search":
      return <Search key={now.chatId} {...(now.chatId && { chatId: now.chatId })} />;
    case "settings":
      return <Settings />;
    default:
      return <ChatListPane />;
  }
}

/** Keys that work everywhere: search, the next and the previous chat. */
function useShortcuts(): void {
  const signedIn = useSignedIn();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "k") {
        event.preventDefault();
        go({ view: "search" });
      }
      if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        event.preventDefault();
        const chats = signedIn.chats.peek();
        const now = route.peek();
        const open = chats.findIndex(({ id }) => id === openChat(now));
        const next = chats[open + (event.key === "ArrowDown" ? 1 : -1)];
        if (next) go({ view: "chat", chatId: next.id });
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [signedIn]);
}
