/** Says that there is no connection, once that lasts. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useSignedIn } from "../state/signed-in";
import { Icon } from "./icon";

/** A short break is nobody's business. */
const PATIENCE_MS = 1_500;

/** The banner at the top. */
export function ConnectionBanner() {
  const { connection, isLoaded, waiting } = useSignedIn();
  const isLate = useSignal(false);
  const isAway = connection.value !== "online";
  useEffect(() => {
    isLate.value = false;
    if (!isAway) return;
    const late = setTimeout(() => {
      isLate.value = true;
    }, PATIENCE_MS);
    return () => clearTimeout(late);
  }, [isAway, isLate]);
  return (
    <div class="banner-place" role="status">
      {isAway && isLate.value && (
        <div class="banner">
          <Icon name="wait" />
          <span>
            {navigator.onLine ? "Connecting to the server…" : "You are offline."}{" "}
            {isLoaded.value && "What you send goes out as soon as you are back."}
            {waiting.value > 0 && ` ${waiting.value} waiting.`}
          </span>
        </div>
      )}
    </div>
  );
}
