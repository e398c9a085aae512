/** The service worker: the client's own files without a network, and notes. It never touches the API. */

import "./push";

declare const self: ServiceWorkerGlobalScope;
/** What the client is made of; the build puts it before this script. */
declare const BUILT: { version: string; files: string[] };

const CACHE = `chinwag ${BUILT.version}`;
/** Every view begins with the same page. */
const PAGE = "/";
/** A network that takes longer is as good as none, where the page is at hand. */
const PATIENCE_MS = 3_000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll([PAGE, "/icon.svg", "/manifest.webmanifest", ...BUILT.files])),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && isView(url.pathname)) event.respondWith(page(request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(request));
});

/** The API describes itself at addresses that a person may open. */
function isView(path: string): boolean {
  return path === "/" || /^\/(chat\/|new$|search$|settings$)/.test(path);
}

/** The page as the server has it now; what was kept where the server can't be reached. */
async function page(request: Request): Promise<Response> {
  const kept = await caches.match(PAGE, { cacheName: CACHE });
  if (!kept) return fetch(request);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  const fresh = fetch(request).then(
    (response) => (response.status >= 500 ? kept : response),
    () => kept,
  );
  return Promise.race([fresh, late]);
}

/** Names change with contents, so what is kept is right. */
async function asset(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}
