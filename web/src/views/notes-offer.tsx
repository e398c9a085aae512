/** Offers notes, once somebody has sent a message and is thus likely to want the answer. Never when the page opens. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { followNotes, hasChosen, notes, notNow, turnOn } from "../state/notes";
import { attempt } from "../state/notices";
import { useSignedIn } from "../state/signed-in";

/** The offer, and what keeps notes going. */
export function NotesOffer() {
  const signedIn = useSignedIn();
  const { client } = signedIn;
  const isOffered = useSignal(false);
  useEffect(() => followNotes(signedIn), [signedIn]);
  useEffect(
    () =>
      client.on("outgoing", () => {
        if (!hasChosen()) isOffered.value = true;
      }),
    [client, isOffered],
  );
  if (!isOffered.value || notes.value !== "off") return null;
  const choose = (isWanted: boolean) => {
    isOffered.value = false;
    if (isWanted) void attempt(() => turnOn(client));
    else notNow();
  };
  return (
    <section class="banner" aria-label="Notifications">
      <span>Shall this browser tell you when somebody answers?</span>
      <button type="button" onClick={() => choose(true)}>
        Turn on
      </button>
      <button type="button" onClick={() => choose(false)}>
        Not now
      </button>
    </section>
  );
}
