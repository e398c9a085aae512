/** A page's life, as far as a connection cares. */

/** Follows a page's life: to the front, away, back. Nothing where there is no page. */
export function followPage(page: { wake(): void; hide(): void; show(): void }): () => void {
  if (typeof document === "undefined") return () => {};
  const look = () => {
    if (document.visibilityState === "visible") page.wake();
  };
  const back = (event: PageTransitionEvent) => {
    if (event.persisted) page.show();
  };
  document.addEventListener("visibilitychange", look);
  // Either way it is worth a look: the system says so before the socket does.
  for (const change of ["online", "offline"]) addEventListener(change, page.wake);
  addEventListener("pagehide", page.hide);
  addEventListener("pageshow", back);
  return () => {
    document.removeEventListener("visibilitychange", look);
    for (const change of ["online", "offline"]) removeEventListener(change, page.wake);
    removeEventListener("pagehide", page.hide);
    removeEventListener("pageshow", back);
  };
}
