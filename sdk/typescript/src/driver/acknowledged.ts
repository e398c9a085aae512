/** An acknowledgement is a place of the log too. */

import type { ChatId, FrameOf, LogFrame } from "../protocol/index.js";

/**
 * Returns the log frame that an acknowledgement stands for: the session that asked gets no other of it.
 *
 * Nothing for what was so already: it took no place, and its event bears the id of the message it would have changed.
 */
export function logFrameOf(
  chatId: ChatId,
  { epoch, seq, message, event }: FrameOf<"ack">,
): LogFrame | undefined {
  const place = { chatId, epoch, seq };
  if (!event) return message && { ...place, type: "message", message };
  if ("messageId" in event) {
    return event.messageId === event.id ? undefined : { ...place, type: "reaction", event };
  }
  if (!message || message.id === event.id) return undefined;
  const type = message.status === "deleted" ? "messageDeleted" : "messageEdited";
  return { ...place, type, eventId: event.id, message };
}
