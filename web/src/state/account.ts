/** Who is signed in on this browser: kept over a reload, the same in every tab. */

import {
  changePassword,
  login,
  logout,
  type protocol,
  register,
  signedIn as signedInTokens,
} from "@chinwag/client";
import { signal } from "@preact/signals";
import { forget, keep, read, watch } from "./kept";

/** A sign-in. */
export interface Account {
  userId: string;
  token: string;
  expiresAt: string;
}

/** The server that this page came from. */
export const SERVER = location.origin;

/** Who is signed in. */
export const account = signal<Account | undefined>(read<Account>("account"));

/** Why nobody is signed in any more, where it wasn't the person's own wish. */
export const signedOutBecause = signal<string | undefined>(undefined);

watch("account", () => {
  const now = read<Account>("account");
  // A fresh token of the same person changes nothing for this tab.
  if (now?.userId !== account.peek()?.userId) account.value = now;
});

/** Keeps a token that the server gave. */
export function keepToken(answer: protocol.TokenAnswer): void {
  keep("account", { userId: answer.user.id, token: answer.token, expiresAt: answer.expiresAt });
}

function enter(answer: protocol.TokenAnswer): void {
  keepToken(answer);
  signedOutBecause.value = undefined;
  account.value = { userId: answer.user.id, token: answer.token, expiresAt: answer.expiresAt };
}

/** Signs in. */
export async function signIn(userId: string, password: string): Promise<void> {
  enter(await login(SERVER, { userId, password }));
}

/** Makes an account and signs in. */
export async function signUp(userId: string, password: string, name: string): Promise<void> {
  enter(await register(SERVER, { userId, password, ...(name !== "" && { name }) }));
}

let changing: Promise<unknown> | undefined;

/** Changes the password; every token so far is void, and the server ends what used it. */
export async function newPassword(password: string, next: string): Promise<void> {
  const token = read<Account>("account")?.token ?? "";
  changing = changePassword(SERVER, token, { password, newPassword: next }).then(keepToken);
  await changing;
}

/** Takes that the server ended the session of a token: goes on with a newer one where there is one. */
export async function ended(token: string, because: string): Promise<void> {
  await changing?.catch(() => {});
  const now = read<Account>("account");
  if (now && now.token !== token) account.value = now;
  else leave(because);
}

/** Makes what gives a client its token: renewed in good time, and the one of whichever tab did so last. */
export function tokensOf(signedIn: Account): () => Promise<string> {
  let used = signedIn;
  let renew = signedInTokens(SERVER, used, keepToken);
  return async () => {
    const kept = read<Account>("account");
    if (kept?.userId === used.userId && kept.token !== used.token) {
      used = kept;
      renew = signedInTokens(SERVER, used, keepToken);
    }
    return renew();
  };
}

/** Signs out, here and in every tab; the token ends, as far as the server can be reached. */
export function signOut(): void {
  const token = read<Account>("account")?.token;
  leave(undefined);
  if (token) logout(SERVER, token).catch(() => {});
}

/** Takes that the server wants a new sign-in. */
export function leave(because: string | undefined): void {
  keep("account", undefined);
  forget("draft.");
  signedOutBecause.value = because;
  account.value = undefined;
}

/** Names this browser among the user's sessions. */
export function deviceId(): string {
  const known = read<string>("device");
  if (known) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const made = `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  keep("device", made);
  return made;
}
