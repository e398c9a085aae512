/** Short notices at the edge of the screen: what went wrong, what was done. */

import { signal } from "@preact/signals";
import { sentence } from "./problem";

/** One notice. */
export interface Notice {
  id: number;
  kind: "error" | "done";
  text: string;
}

/** How many are shown at once; older ones go first. */
const MOST = 3;
const SHOWN_MS = 7_000;

/** What is shown now. */
export const notices = signal<readonly Notice[]>([]);

let count = 0;

/** Shows a notice for a while. */
export function notify(text: string, kind: Notice["kind"] = "done"): void {
  count += 1;
  const id = count;
  const others = notices.value.filter((notice) => notice.text !== text);
  notices.value = [...others, { id, kind, text }].slice(-MOST);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Takes a notice away. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Shows what went wrong. */
export function complain(error: unknown): void {
  notify(sentence(error), "error");
}

/** Does something and shows what goes wrong; resolves to whether it went well. */
export async function attempt(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}
