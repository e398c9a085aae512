/** Says that there is no connection, once that lasts. */

import { useSignedIn } from "../state/signed-in";
import { Icon } from "./icon";

/** The banner at the top. */
export function ConnectionBanner() {
  const { chats, client, isAway, isLoaded, waiting } = useSignedIn();
  return (
    <div class="banner-place" role="status">
      {isAway.value && (
        <div class="banner">
          <Icon name="wait" />
          <span>
            {navigator.onLine ? "Connecting to the server…" : "You are offline."}{" "}
            {(isLoaded.value || chats.value.length > 0) && "What you send goes out as soon as you are back."}
            {waiting.value > 0 && ` ${waiting.value} waiting.`}
          </span>
          <button type="button" class="link" onClick={() => client.wake()}>
            Try now
          </button>
        </div>
      )}
    </div>
  );
}
