/** Which links a message may hold. */

const SCHEMES = ["http:", "https:", "mailto:"];

/** Returns a link's address where it can be followed without harm; nothing where it stays text. */
export function safeLink(href: string, label: string): string | undefined {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return undefined;
  }
  if (!SCHEMES.includes(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return pretends(label, url) ? undefined : url.href;
}

/** Whether a label names another host than the one that its link leads to. */
function pretends(label: string, url: URL): boolean {
  const named = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?=[/:?#\s]|$)/u.exec(label)?.[1];
  if (named === undefined || url.protocol === "mailto:") return false;
  try {
    const host = new URL(`https://${named}`).hostname;
    return host.replace(/^www\./, "") !== url.hostname.replace(/^www\./, "");
  } catch {
    return true;
  }
}
