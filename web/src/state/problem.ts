/** What goes wrong, in a sentence for the person: what happened, and what they can do. */

import { ChinwagError, type ErrorName } from "@chinwag/client";

const SENTENCES: Partial<Record<ErrorName, string>> = {
  network: "The server can't be reached. Check your connection and try again.",
  notConnected: "There is no connection to the server just now. Try again in a moment.",
  rateLimited: "That was too much at once. Wait a moment and try again.",
  overloaded: "The server is busy. Try again in a moment.",
  unavailable: "The server is busy. Try again in a moment.",
  unknownOutcome: "The server didn't say in time whether that worked. Try again: nothing happens twice.",
  storageFull: "The server has no room left to store messages. Tell whoever runs it.",
  readOnly: "The server only lets people read just now. Try again later.",
  internal: "The server made a mistake. Try again; if it stays so, tell whoever runs it.",
  badCredentials: "That name and password don't go together.",
  nameTaken: "This username is taken. Choose another one.",
  disabled: "This account is locked. Ask whoever runs this server.",
  unauthorized: "Your sign-in has ended. Sign in again.",
  forbidden: "You may not do that here.",
  notFound: "That isn't there any more, or you are no longer a member.",
  unknownUser: "There is nobody with this name.",
  messageDeleted: "This message was deleted meanwhile.",
  outboxFull: "Too many messages wait to be sent already. They go out as soon as there is a connection.",
  closed: "Your sign-in has ended. Sign in again.",
  storage:
    "This browser can't keep unsent messages: they are lost if you close the page before they are sent.",
  wrongVersion: "The server is newer than this page. Reload it.",
  forbiddenOrigin:
    "This server doesn't accept this page's address. Whoever runs it must add it to public.origins.",
};

/** Returns the sentence of an error; the server's own words where they say more. */
export function sentence(error: unknown): string {
  if (!(error instanceof ChinwagError)) return "Something went wrong. Try again.";
  const first = error.errors[0]?.detail;
  if (error.code === "badRequest" && first) return capital(first);
  return SENTENCES[error.code] ?? capital(error.message);
}

/** Returns what the server says about one field, such as `/userId`. */
export function fieldSentence(error: unknown, pointer: string): string | undefined {
  if (!(error instanceof ChinwagError)) return undefined;
  const found = error.errors.find((one) => one.pointer === pointer);
  return found && capital(found.detail);
}

function capital(text: string): string {
  const sentenceLike = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentenceLike) ? sentenceLike : `${sentenceLike}.`;
}
