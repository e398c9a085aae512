/** Work that is done once for many changes. */

const FRAME_MS = 16;

/** Makes a function that runs `run` soon, once for all calls until then. */
export function soon(run: () => void, afterMs = FRAME_MS): () => void {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      run();
    }, afterMs);
  };
}
