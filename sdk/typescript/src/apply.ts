/** What a change of a chat's log makes of a message: the same in lists and in timelines. */

import type { LogFrame, Message, ReactionEvent, UserId } from "./protocol/index.js";

/**
 * Returns the message after a later frame, or the message itself where the frame doesn't change it.
 *
 * Changes at or below `changeSeq` are in the message already.
 */
export function changed(message: Message, frame: LogFrame, me: UserId | undefined): Message {
  if (frame.seq <= message.changeSeq) return message;
  switch (frame.type) {
    case "messageEdited":
    case "messageDeleted":
      return frame.message.id === message.id ? newer(message, frame.message) : message;
    case "reaction": {
      const event = frame.event as ReactionEvent;
      return event.messageId === message.id ? reacted(message, event, frame.seq, me) : message;
    }
    default:
      return message;
  }
}

/** Returns the newer of two states of a message; frames don't say which reactions are the user's own. */
export function newer(known: Message, other: Message): Message {
  if (other.changeSeq < known.changeSeq) return known;
  const mine = new Set(known.reactions.filter((reaction) => reaction.mine).map(({ key }) => key));
  const reactions = other.reactions.map((one) => ({ ...one, mine: one.mine ?? mine.has(one.key) }));
  return { ...other, reactions };
}

function reacted(message: Message, event: ReactionEvent, seq: number, me: UserId | undefined): Message {
  const { key, count, on, userId } = event;
  const before = message.reactions.find((reaction) => reaction.key === key);
  const after = { key, count, mine: userId === me ? on : (before?.mine ?? false) };
  const reactions = before
    ? message.reactions.map((reaction) => (reaction === before ? after : reaction))
    : [...message.reactions, after];
  return { ...message, reactions: reactions.filter((reaction) => reaction.count > 0), changeSeq: seq };
}
