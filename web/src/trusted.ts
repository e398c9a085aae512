/** Addresses of scripts: only the client's own, as the page's policy demands (Trusted Types). */

import workerUrl from "@chinwag/client/worker?worker&url";

interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

const OWN = [workerUrl, "/sw.js"];

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy = factory?.createPolicy("chinwag", {
  createScriptURL(url) {
    if (!OWN.includes(url)) throw new TypeError(`${url} is no script of this client`);
    return url;
  },
});

function trusted(url: string): string {
  // Where there are no Trusted Types, a plain text is taken.
  return (policy?.createScriptURL(url) ?? url) as string;
}

/** Makes the worker that keeps the connection. */
export function makeWorker(kind: "shared" | "dedicated", name: string): SharedWorker | Worker {
  const url = trusted(workerUrl);
  return kind === "shared"
    ? new SharedWorker(url, { type: "module", name })
    : new Worker(url, { type: "module", name });
}

/** Lets the client open without a network; where the browser allows it. */
export async function registerServiceWorker(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  try {
    await navigator.serviceWorker.register(trusted("/sw.js"));
  } catch {
    // Private windows and full disks refuse it: the client works all the same, with a network.
  }
}
