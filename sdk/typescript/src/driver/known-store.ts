/** Where what a client knows of its chats outlives the page. */

import type { Chat, ChatId, Place } from "../protocol/index.js";
import type { Mark } from "./messages.js";

/** A chat as it was, and up to which place. */
export interface KnownChat {
  id: ChatId;
  chat: Chat;
  place: Place;
}

/** What is kept: as a whole at least as new as the token, so that a sync from there misses nothing. */
export interface Known {
  /** The token of the last sync; without one the chats are worth nothing. */
  token?: string;
  chats: KnownChat[];
  /** Read marks that the server may not have. */
  marks: Mark[];
}

/** What is kept from now on, all of it or nothing. */
export interface KnownChange {
  token?: string | undefined;
  put?: KnownChat[];
  remove?: ChatId[];
  mark?: Mark;
  /** The chat whose mark the server has. */
  unmark?: ChatId;
}

/** Keeps what one user's client knows; calls come in order and each takes effect after those before it. */
export interface KnownStore {
  load(): Promise<Known>;
  save(change: KnownChange): void;
  /** Forgets the chats and the token; marks stay, as what waits to be sent does. */
  forget(): void;
}
