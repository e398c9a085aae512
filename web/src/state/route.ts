/** Where the person is: the address says it, so that back, reload and links work. */

import type { protocol } from "@chinwag/client";
import { signal } from "@preact/signals";

/** A view; the server knows the same addresses. */
export type Route =
  | { view: "chats" }
  | { view: "chat"; chatId: protocol.ChatId; messageId?: protocol.EventId; details?: boolean }
  | SideRoute
  /** No address of the client's. */
  | { view: "nowhere" };

/** A view in the place of the chat list. `beside`: the chat that was open, which stays where there is room. */
type SideRoute = ({ view: "new" } | { view: "search"; chatId?: protocol.ChatId } | { view: "settings" }) & {
  beside?: protocol.ChatId;
};

/** What the browser's history keeps of a place, apart from its address. */
interface Kept {
  /** Whether one came there from within the client. */
  ours?: boolean;
  beside?: protocol.ChatId;
}

/** Where the person is now. */
export const route = signal<Route>(here());

addEventListener("popstate", () => {
  route.value = here();
});

function here(): Route {
  return withBeside(parse(location), (history.state as Kept | null)?.beside);
}

/** Returns the chat that is open, or stays open beside what is. */
export function openChat(now: Route): protocol.ChatId | undefined {
  if (now.view === "chat") return now.chatId;
  return isSide(now) ? now.beside : undefined;
}

function isSide(now: Route): now is SideRoute {
  return now.view === "new" || now.view === "search" || now.view === "settings";
}

function withBeside(to: Route, beside: protocol.ChatId | undefined): Route {
  return beside !== undefined && isSide(to) ? { ...to, beside } : to;
}

/** Goes somewhere; `replace`: without a way back to where one was. */
export function go(to: Route, how: "push" | "replace" = "push"): void {
  const address = addressOf(to);
  if (address === location.pathname + location.search) how = "replace";
  const next = withBeside(to, openChat(route.peek()));
  const ours = how === "push" || (history.state as Kept | null)?.ours;
  const beside = isSide(next) ? next.beside : undefined;
  const kept: Kept = { ...(ours && { ours }), ...(beside !== undefined && { beside }) };
  if (how === "push") history.pushState(kept, "", address);
  else history.replaceState(kept, "", address);
  route.value = next;
}

/** Goes back to where one came from within the client; else to a place. */
export function back(otherwise: Route = { view: "chats" }): void {
  if ((history.state as Kept | null)?.ours) history.back();
  else go(otherwise, "replace");
}

/** Returns a view's address. */
export function addressOf(to: Route): string {
  switch (to.view) {
    case "chats":
    case "nowhere":
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
  return { view: pathname === "/" ? "chats" : "nowhere" };
}
