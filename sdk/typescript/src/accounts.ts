/** Accounts of a stand-alone server: registering, signing in, and tokens that renew themselves. */

import { checkText, checkUrl } from "./arguments.js";
import { platform } from "./environment.js";
import { Http } from "./http.js";
import type { TokenCallback } from "./page/tokens.js";
import type { TokenAnswer } from "./protocol/index.js";

/** A token is renewed when less than this part of its life is left. */
const RENEW_AT = 0.5;

/** Makes an account and signs in. */
export function register(
  url: string,
  account: { userId: string; password: string; name?: string },
): Promise<TokenAnswer> {
  checkText("userId", account.userId);
  checkText("password", account.password);
  return http(url).request("POST /v1/auth/register", { body: account });
}

/** Signs in. */
export function login(url: string, account: { userId: string; password: string }): Promise<TokenAnswer> {
  checkText("userId", account.userId);
  checkText("password", account.password);
  return http(url).request("POST /v1/auth/login", { body: account });
}

/** Changes the password; all other sessions close. */
export function changePassword(
  url: string,
  token: string,
  passwords: { password: string; newPassword: string },
): Promise<TokenAnswer> {
  return http(url, token).request("POST /v1/auth/password", { body: passwords });
}

/** Ends a token and its sessions. */
export async function logout(url: string, token: string): Promise<void> {
  await http(url, token).request("POST /v1/auth/logout", {});
}

/**
 * Makes a client's `token` of a sign-in: renewed in good time, as long as the client runs.
 *
 * `keep` is called with each new token, so that the app can store it over a reload.
 */
export function signedIn(
  url: string,
  answer: Pick<TokenAnswer, "token" | "expiresAt">,
  keep: (answer: TokenAnswer) => void = () => {},
): TokenCallback {
  let current = answer;
  let lifeMs = Date.parse(answer.expiresAt) - Date.now();
  return async () => {
    const leftMs = Date.parse(current.expiresAt) - Date.now();
    if (leftMs > lifeMs * RENEW_AT && leftMs > 0) return current.token;
    const renewed = await http(url, current.token).request("POST /v1/auth/refresh", {});
    current = renewed;
    lifeMs = Date.parse(renewed.expiresAt) - Date.now();
    keep(renewed);
    return renewed.token;
  };
}

function http(url: string, token?: string): Http {
  return new Http(platform(), checkUrl(url), token === undefined ? undefined : async () => token);
}
