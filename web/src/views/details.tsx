/** About a chat: its members and what can be changed. */

import type { protocol } from "@chinwag/client";
import { useSignal } from "@preact/signals";
import { attempt } from "../state/notices";
import { go } from "../state/route";
import { useSignedIn } from "../state/signed-in";
import { Avatar } from "./avatar";
import { chatName, isMuted, otherOf } from "./chat-name";
import { Confirm } from "./dialog";
import { Icon } from "./icon";
import { Members } from "./members";
import { Pane } from "./pane";

/** The panel beside a chat; on a phone in its place. */
export function Details({ chat }: { chat: protocol.Chat }) {
  const signedIn = useSignedIn();
  const name = chatName(signedIn, chat);
  const other = otherOf(signedIn, chat);
  return (
    <section class="details" aria-label="About this chat">
      <Pane title="About this chat">
        <div class="details-head">
          <Avatar id={other ?? chat.id} name={name} isGroup={chat.type === "group"} />
          {chat.type === "group" && chat.role !== "member" ? (
            <Rename chat={chat} />
          ) : (
            <h2 dir="auto">{name}</h2>
          )}
          {other !== undefined && <p class="quiet">@{other}</p>}
        </div>
        <Mute chat={chat} />
        {chat.type === "group" && (
          <>
            {chat.role !== "member" && <HistoryRule chat={chat} />}
            <Members chat={chat} />
            <Leaving chat={chat} />
          </>
        )}
      </Pane>
    </section>
  );
}

function Rename({ chat }: { chat: protocol.Chat }) {
  const { client } = useSignedIn();
  const isOpen = useSignal(false);
  if (!isOpen.value) {
    return (
      <div class="rename">
        <h2 dir="auto">{chat.name}</h2>
        <button type="button" class="link" onClick={() => (isOpen.value = true)}>
          Rename
        </button>
      </div>
    );
  }
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name")).trim();
    if (name !== "" && (name === chat.name || (await attempt(() => client.chat(chat.id).rename(name))))) {
      isOpen.value = false;
    }
  };
  return (
    <form class="rename" onSubmit={save}>
      <input
        name="name"
        aria-label="Name of the group"
        dir="auto"
        defaultValue={chat.name ?? ""}
        autoFocus
        required
      />
      <button type="submit" class="primary">
        Save
      </button>
      <button type="button" onClick={() => (isOpen.value = false)}>
        Cancel
      </button>
    </form>
  );
}

function Mute({ chat }: { chat: protocol.Chat }) {
  const { client } = useSignedIn();
  const muted = isMuted(chat);
  const toggle = () => {
    const its = client.chat(chat.id);
    void attempt(() => (muted ? its.unmute() : its.mute()));
  };
  return (
    <label class="choice">
      <input type="checkbox" role="switch" checked={muted} onChange={toggle} />
      <span>
        Muted
        <small class="quiet">New messages don't count on the page's title, and no device rings.</small>
      </span>
    </label>
  );
}

function HistoryRule({ chat }: { chat: protocol.Chat }) {
  const { client } = useSignedIn();
  const isAll = chat.historyVisible === "all";
  const toggle = () =>
    void attempt(() => client.chat(chat.id).update({ historyVisible: isAll ? "joined" : "all" }));
  return (
    <label class="choice">
      <input type="checkbox" role="switch" checked={isAll} onChange={toggle} />
      <span>
        Who comes later reads from the beginning
        <small class="quiet">Holds for those who are added from now on.</small>
      </span>
    </label>
  );
}

function Leaving({ chat }: { chat: protocol.Chat }) {
  const { client } = useSignedIn();
  const asked = useSignal<"leave" | "delete" | undefined>(undefined);
  const close = () => {
    asked.value = undefined;
  };
  const leave = (run: () => Promise<unknown>) =>
    void attempt(async () => {
      await run();
      go({ view: "chats" }, "replace");
    });
  return (
    <div class="pane-section">
      <button type="button" class="danger" onClick={() => (asked.value = "leave")}>
        <Icon name="leave" /> Leave the group
      </button>
      {chat.role === "owner" && (
        <button type="button" class="danger" onClick={() => (asked.value = "delete")}>
          <Icon name="delete" /> Delete the group
        </button>
      )}
      {asked.value === "leave" && (
        <Confirm
          title="Leave this group?"
          text={
            chat.role === "owner" && chat.memberCount > 1
              ? "You can't read it any more. Somebody else becomes its owner."
              : "You can't read it any more, until somebody adds you again."
          }
          action="Leave"
          onConfirm={() => leave(() => client.chat(chat.id).leave())}
          onClose={close}
        />
      )}
      {asked.value === "delete" && (
        <Confirm
          title="Delete this group for all?"
          text="Every message in it goes away for every member, and can't be brought back."
          action="Delete for all"
          onConfirm={() => leave(() => client.chat(chat.id).deleteForAll())}
          onClose={close}
        />
      )}
    </div>
  );
}
