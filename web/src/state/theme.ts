/** Dark or light: as the system has it, unless the person chose. */

import { effect, signal } from "@preact/signals";
import { keep, read } from "./kept";

/** What can be chosen. */
export type Theme = "system" | "light" | "dark";

/** What was chosen. */
export const theme = signal<Theme>(read<Theme>("theme") ?? "system");

/** Shows the page as was chosen, from now on. */
export function followTheme(): void {
  effect(() => {
    const chosen = theme.value;
    keep("theme", chosen === "system" ? undefined : chosen);
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  });
}
