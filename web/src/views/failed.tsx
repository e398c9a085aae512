/** What went wrong where something was to be shown, and the way on. */

import { sentence } from "../state/problem";

/** A sentence, and a button that tries again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <p class="error pane-note" role="alert">
      {sentence(error)}{" "}
      <button type="button" class="link" onClick={onRetry}>
        Try again
      </button>
    </p>
  );
}
