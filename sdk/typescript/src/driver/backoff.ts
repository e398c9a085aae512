/** When to try again. */

/** Long enough that of the many who lose a server at once no tenth of a second sees more than a few. */
const FIRST_MS = 1_000;
const CAP_MS = 30_000;

/** Pauses with full jitter: each is drawn from zero to a bound that doubles up to a cap. */
export class Backoff {
  #failures = 0;

  /** Draws the next pause, milliseconds; `random` lies in 0 to 1. */
  next(random: number): number {
    const bound = Math.min(FIRST_MS * 2 ** Math.min(this.#failures, 16), CAP_MS);
    this.#failures += 1;
    return bound * random;
  }

  /** Starts anew, after a connection that has stood for a while. */
  reset(): void {
    this.#failures = 0;
  }
}
