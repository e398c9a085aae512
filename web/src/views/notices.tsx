/** Short notices at the edge of the screen. */

import { dismiss, notices } from "../state/notices";
import { Icon, IconButton } from "./icon";

/** Every notice; a screen reader hears each as it comes. */
export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, text }) => (
        <div key={id} class={`notice ${kind}`}>
          <Icon name={kind === "error" ? "alert" : "check"} />
          <span>{text}</span>
          <IconButton icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
