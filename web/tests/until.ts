/** Waiting for what must come. */

/** Generous, since the machine may be busy: only a failure waits so long. */
export const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 25;

/** Looks again and again until something holds, and returns it. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`in vain waited until ${look}`);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}
