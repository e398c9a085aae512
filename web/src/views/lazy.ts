/** Views that are loaded when they are first wanted. */

import { signal } from "@preact/signals";
import { type FunctionComponent, h } from "preact";
import { notify } from "../state/notices";

/** Makes a view of one that `load` brings. */
export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  const loaded = signal<FunctionComponent<P> | undefined>(undefined);
  let isAsked = false;
  const ask = async () => {
    if (isAsked) return;
    isAsked = true;
    try {
      const view = await load();
      loaded.value = view;
    } catch {
      // Nothing kept, and no network; or the server has a newer client.
      isAsked = false;
      notify("This part of the page can't be loaded. Reload the page when you have a connection.", "error");
    }
  };
  return function Lazy(properties: P) {
    const view = loaded.value;
    if (view) return h(view as FunctionComponent, properties);
    void ask();
    return null;
  };
}
