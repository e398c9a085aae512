/** What the views of a signed-in person share: the connection, chats, names, drafts. */

import { Client, type ConnectionState, type protocol, type TypingState } from "@chinwag/client";
import { type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { makeWorker } from "../trusted";
import { type Account, deviceId, ended, SERVER, tokensOf } from "./account";
import { Drafts } from "./drafts";
import { soon } from "./later";
import { complain } from "./notices";
import { People } from "./people";
import { sentence } from "./problem";

/** A shorter break of the connection is nobody's business. */
const PATIENCE_MS = 1_500;
const NOBODY: TypingState = { chatId: "", userIds: [], count: 0 };

/** A signed-in person. */
export class SignedIn {
  readonly client: Client;
  readonly userId: protocol.UserId;
  readonly people: People;
  readonly drafts: Drafts;
  /** How the connection is. */
  readonly connection = signal<ConnectionState>("connecting");
  /** Whether there has been no connection for a while: what others do is unknown. */
  readonly isAway = signal(false);
  /** The chats, latest first. */
  readonly chats = signal<readonly protocol.Chat[]>([]);
  /** How many messages wait to be sent. */
  readonly waiting = signal(0);
  /** Whether the chats have come: an empty list is empty only then. */
  readonly isLoaded = signal(false);
  readonly #typing = new Map<protocol.ChatId, Signal<TypingState>>();
  readonly #presence = new Map<protocol.UserId, Signal<protocol.Presence | undefined>>();
  readonly #stops: (() => void)[];
  #late: ReturnType<typeof setTimeout> | undefined;

  /** The token used last. */
  #token: string;

  constructor(readonly account: Account) {
    this.userId = account.userId;
    this.#token = account.token;
    const tokens = tokensOf(account);
    this.client = new Client({
      url: SERVER,
      userId: account.userId,
      token: async () => {
        this.#token = await tokens();
        return this.#token;
      },
      deviceId: deviceId(),
      worker: makeWorker,
    });
    this.people = new People(this.client);
    this.drafts = new Drafts(account.userId);
    const show = soon(() => this.#showChats());
    const flush = () => this.drafts.flush();
    addEventListener("pagehide", flush);
    this.#stops = [
      this.client.on("state", () => this.#turned()),
      this.client.on("chats", show),
      this.client.on(
        "outgoing",
        soon(() => {
          this.waiting.value = this.client.outbox.filter(({ state }) => state === "pending").length;
        }),
      ),
      this.client.on("typing", (typing) => {
        this.typing(typing.chatId).value = typing;
      }),
      this.client.on("presence", (presence) => {
        this.#presenceOf(presence.userId).value = presence;
      }),
      this.client.on("error", complain),
      () => removeEventListener("pagehide", flush),
    ];
    this.#turned();
  }

  /** Who is typing in a chat. */
  typing(chatId: protocol.ChatId): Signal<TypingState> {
    const known = this.#typing.get(chatId) ?? signal(NOBODY);
    this.#typing.set(chatId, known);
    return known;
  }

  /** A user's presence, as long as somebody watches it and there is a connection; read within a view, it keeps the view up to date. */
  presence(userId: protocol.UserId): protocol.Presence | undefined {
    const presence = this.#presenceOf(userId).value;
    return this.isAway.value ? undefined : presence;
  }

  /** Returns a chat as it is now; read within a view, it keeps the view up to date. */
  chat(chatId: protocol.ChatId): protocol.Chat | undefined {
    return this.chats.value.find(({ id }) => id === chatId);
  }

  /** Ends the connection. */
  close(): void {
    this.#stop();
    this.client.close();
  }

  /** Ends the connection, and leaves no chats behind on this device. */
  leave(): void {
    this.#stop();
    this.client.forget();
  }

  #stop(): void {
    this.drafts.flush();
    clearTimeout(this.#late);
    for (const stop of this.#stops) stop();
  }

  #turned(): void {
    const { state, error } = this.client;
    this.connection.value = state;
    clearTimeout(this.#late);
    if (state === "online") this.isAway.value = false;
    else this.#late = setTimeout(() => (this.isAway.value = true), PATIENCE_MS);
    if (state === "online") this.#showChats();
    // The server ended it for good (what this page ends is heard no more): only a new sign-in helps.
    if (state === "closed") void ended(this.#token, sentence(error));
  }

  #showChats(): void {
    const { list } = this.client.chats;
    for (const chat of list) if (chat.members) this.people.learn(chat.members);
    this.chats.value = list;
    if (this.client.state === "online") this.isLoaded.value = true;
  }

  #presenceOf(userId: protocol.UserId): Signal<protocol.Presence | undefined> {
    const known = this.#presence.get(userId) ?? signal(this.client.presence.of(userId));
    this.#presence.set(userId, known);
    return known;
  }
}

/** Gives the signed-in person to the views. */
export const SignedInContext = createContext<SignedIn | undefined>(undefined);

/** Returns the signed-in person; only for views below `SignedInContext`. */
export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (!signedIn) throw new Error("this view is for people who signed in");
  return signedIn;
}
