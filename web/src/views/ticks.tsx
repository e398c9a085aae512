/** How far a message of one's own has come. */

import type { TimelineItem } from "@chinwag/client";
import type { Conversation } from "../state/conversation";
import { Icon } from "./icon";

/** On its way, sent, delivered, read. */
export function Ticks(properties: { item: TimelineItem; others: number; conversation: Conversation }) {
  const { item, others, conversation } = properties;
  if (item.state === "pending") return <Mark label="Waiting to be sent" kind="waiting" />;
  if (item.state === "failed") return <Mark label="Not sent" kind="failed" />;
  const { id, status } = item.message;
  if (id === undefined || status === "deleted") return null;
  const reach = conversation.receipts.value?.of(id) ?? { delivered: 0, read: 0 };
  const all = Math.max(1, others);
  if (reach.read >= all) return <Mark label={others > 1 ? "Read by all" : "Read"} kind="read" />;
  const readers = others > 1 && reach.read > 0 ? `, read by ${reach.read}` : "";
  if (reach.delivered >= all) return <Mark label={`Delivered${readers}`} kind="delivered" />;
  return <Mark label={`Sent${readers}`} kind="sent" />;
}

function Mark({
  label,
  kind,
}: {
  label: string;
  kind: "waiting" | "failed" | "sent" | "delivered" | "read";
}) {
  return (
    <span class={`ticks ${kind}`} role="img" aria-label={label} title={label}>
      {kind === "waiting" ? (
        <Icon name="wait" />
      ) : kind === "failed" ? (
        <Icon name="alert" />
      ) : (
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
          <path d={kind === "sent" ? "M6 12.5l4.5 4.5L19 7" : "M2 12.5l4.5 4.5L15 7M11.5 16.5l.5.5L21.5 7"} />
        </svg>
      )}
    </span>
  );
}
