/** A person or a group as a small round picture. */

import type { protocol } from "@chinwag/client";
import { useEffect } from "preact/hooks";
import { useSignedIn } from "../state/signed-in";
import { hueOf, initials } from "../text/plain";
import { Icon } from "./icon";

/** Letters of a name on a colour of its own. */
export function Avatar({ id, name, isGroup = false }: { id: string; name: string; isGroup?: boolean }) {
  return (
    <span class={`avatar hue-${hueOf(id)}`} aria-hidden="true">
      {isGroup ? <Icon name="group" /> : initials(name)}
    </span>
  );
}

/** Whether a person is online, watched as long as it is on the screen. */
export function PresenceDot({ userId }: { userId: protocol.UserId }) {
  const { client, presence } = useSignedInPresence(userId);
  useEffect(() => client.presence.watch(userId), [client, userId]);
  if (presence?.status !== "online") return null;
  return <span class="presence-dot" role="img" aria-label="online" />;
}

function useSignedInPresence(userId: protocol.UserId) {
  const signedIn = useSignedIn();
  return { client: signedIn.client, presence: signedIn.presence(userId) };
}
