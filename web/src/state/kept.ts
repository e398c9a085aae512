/** What this browser keeps over a reload; all of it is a comfort that may fail. */

/** Reads what was kept under a name. */
export function read<T>(name: string): T | undefined {
  try {
    const text = localStorage.getItem(`chinwag.${name}`);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Keeps something under a name; forgets it where it is undefined. */
export function keep(name: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(`chinwag.${name}`);
    else localStorage.setItem(`chinwag.${name}`, JSON.stringify(value));
  } catch {
    // No room, or a private window: it lives as long as the page.
  }
}

/** Calls `changed` when another tab keeps something else under a name. */
export function watch(name: string, changed: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === `chinwag.${name}` || event.key === null) changed();
  });
}

/** Forgets everything whose name begins so. */
export function forget(beginning: string): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(`chinwag.${beginning}`)) localStorage.removeItem(key);
    }
  } catch {
    // Nothing was kept.
  }
}
