/** Whether there is room for the chats and a conversation side by side. */

import { signal } from "@preact/signals";

/** As in `style/shell.css`. */
const media = matchMedia("(min-width: 720.02px)");

/** Whether there is, now. */
export const isWide = signal(media.matches);

media.addEventListener("change", () => {
  isWide.value = media.matches;
});
