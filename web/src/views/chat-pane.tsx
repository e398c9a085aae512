/** A chat: head, history, composer. */

import { useEffect, useState } from "preact/hooks";
import { Conversation } from "../state/conversation";
import { go, type Route } from "../state/route";
import { useSignedIn } from "../state/signed-in";
import { ChatHead } from "./chat-head";
import { Composer } from "./composer";
import { History } from "./history";
import { Icon } from "./icon";
import { lazy } from "./lazy";
import { MessageMenu } from "./message-menu";

const Details = lazy(async () => (await import("./details")).Details);
const MessageDialogs = lazy(async () => (await import("./message-dialogs")).MessageDialogs);

/** What is shown where no chat is open. */
export function NoChat() {
  return (
    <main class="chat empty-chat">
      <div class="empty">
        <Icon name="chat" />
        <h2>Choose a chat</h2>
        <p>Or start a new one.</p>
      </div>
    </main>
  );
}

/** The chat that the address names. */
export function ChatPane({ route }: { route: Extract<Route, { view: "chat" }> }) {
  const signedIn = useSignedIn();
  const { chatId, messageId } = route;
  const isThere = signedIn.chat(chatId) !== undefined;
  if (isThere) {
    return <OpenChat chatId={chatId} {...(messageId && { messageId })} hasDetails={route.details ?? false} />;
  }
  return signedIn.isLoaded.value ? <GoneChat /> : <main class="chat" aria-busy="true" />;
}

function OpenChat(properties: { chatId: string; messageId?: string; hasDetails: boolean }) {
  const { chatId, messageId, hasDetails } = properties;
  const signedIn = useSignedIn();
  const conversation = useConversation(chatId, messageId);
  const chat = signedIn.chat(chatId);
  if (!conversation || !chat) return <main class="chat" aria-busy="true" />;
  return (
    <main class={`chat ${hasDetails ? "has-details" : ""}`}>
      <div class="conversation">
        <ChatHead chat={chat} />
        <History conversation={conversation} chat={chat} />
        <Composer conversation={conversation} chat={chat} />
      </div>
      {hasDetails && <Details chat={chat} />}
      <MessageMenu conversation={conversation} chat={chat} />
      {conversation.dialog.value && <MessageDialogs conversation={conversation} chat={chat} />}
    </main>
  );
}

/** The conversation as long as it is on the screen; a message in the address is jumped to. */
function useConversation(chatId: string, messageId: string | undefined): Conversation | undefined {
  const signedIn = useSignedIn();
  const [conversation, setConversation] = useState<Conversation>();
  // A later message of the same chat is jumped to below.
  useEffect(() => {
    const opened = new Conversation(signedIn, chatId, messageId);
    setConversation(opened);
    return () => opened.close();
  }, [signedIn, chatId]);
  useEffect(() => {
    if (conversation && messageId && conversation.highlighted.peek() !== messageId)
      void conversation.show(messageId);
  }, [conversation, messageId]);
  return conversation;
}

function GoneChat() {
  return (
    <Missing title="This chat isn't there" because="It was deleted, or you are not a member (any more)." />
  );
}

/** What is shown at an address that isn't the client's. */
export function Nowhere() {
  return <Missing title="There is nothing here" because="The link is wrong, or it is of another version." />;
}

function Missing({ title, because }: { title: string; because: string }) {
  return (
    <main class="chat empty-chat">
      <div class="empty">
        <Icon name="info" />
        <h2>{title}</h2>
        <p>{because}</p>
        <button type="button" class="primary" onClick={() => go({ view: "chats" }, "replace")}>
          Show my chats
        </button>
      </div>
    </main>
  );
}
