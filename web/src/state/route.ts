/** Where the person is: the address says it, so that back, reload and links work. */

import type { protocol } from "@chinwag/client";
import { signal } from "@preact/signals";

/** A view; the server knows the same addresses. */
export type Route =
  | { view: "chats" }
  | { view: "chat"; chatId: protocol.ChatId; messageId?: protocol.EventId; details?: boolean }
  | { view: "new" }
  | { view: "search"; chatId?: protocol.ChatId }
  | { view: "settings" };

/** Where the person is now. */
export const route = signal<Route>(parse(location));

addEventListener("popstate", () => {
  route.value = parse(location);
});

/** Goes somewhere; `replace`: without a way back to where one was. */
export function go(to: Route, how: "push" | "replace" = "push"): void {
  const address = addressOf(to);
  if (address === location.pathname + location.search) how = "replace";
  if (how === "push") history.pushState({ ours: true }, "", address);
  else history.replaceState(history.state, "", address);
  route.value = to;
}

/** Goes back to where one came from within the client; else to a place. */
export function back(otherwise: Route = { view: "chats" }): void {
  if ((history.state as { ours?: boolean } | null)?.ours) history.back();
  else go(otherwise, "replace");
}

/** Returns a view's address. */
export function addressOf(to: Route): string {
  switch (to.view) {
    case "chats":
      return "/";
    case "chat": {
      const message = to.messageId ? `/${to.messageId}` : "";
      return `/chat/${to.chatId}${message}${to.details ? "?details" : ""}`;
    }
    case "search":
      return to.chatId ? `/search?in=${to.chatId}` : "/search";
    default:
      return `/${to.view}`;
  }
}

/** Returns which view an address names. */
export function parse({ pathname, search }: { pathname: string; search: string }): Route {
  const query = new URLSearchParams(search);
  const chat = /^\/chat\/(\d+)(?:\/(\d+))?$/.exec(pathname);
  if (chat?.[1]) {
    return {
      view: "chat",
      chatId: chat[1],
      ...(chat[2] && { messageId: chat[2] }),
      ...(query.has("details") && { details: true }),
    };
  }
  const chatId = query.get("in");
  if (pathname === "/search") return { view: "search", ...(chatId && /^\d+$/.test(chatId) && { chatId }) };
  if (pathname === "/new" || pathname === "/settings")
    return { view: pathname.slice(1) as "new" | "settings" };
  return { view: "chats" };
}
