/** The timelines that are open, chat by chat. */

import type { ChatId, LogFrame } from "../protocol/index.js";
import { Timeline, type TimelineOptions, type TimelineSource } from "./timeline.js";

/** Every open timeline. */
export class OpenTimelines {
  readonly #timelines = new Map<ChatId, Set<Timeline>>();

  /** Opens one; `closed` is called when it is closed. */
  open(
    chatId: ChatId,
    options: TimelineOptions,
    source: Omit<TimelineSource, "closed">,
    closed: () => void,
  ): Timeline {
    const timelines = this.#timelines.get(chatId) ?? new Set();
    const forget = (timeline: Timeline) => {
      timelines.delete(timeline);
      if (timelines.size === 0 && this.#timelines.get(chatId) === timelines) this.#timelines.delete(chatId);
      closed();
    };
    const timeline = new Timeline(chatId, { ...source, closed: forget }, options);
    this.#timelines.set(chatId, timelines.add(timeline));
    return timeline;
  }

  /** Takes a frame of a chat's log. */
  receive(frame: LogFrame): void {
    for (const timeline of this.#of(frame.chatId)) timeline.receive(frame);
  }

  /** Takes that some of a chat's log was missed. */
  restart(chatId: ChatId): void {
    for (const timeline of this.#of(chatId)) timeline.restart();
  }

  /** Takes that a message on its way changed. */
  show(chatId: ChatId): void {
    for (const timeline of this.#of(chatId)) timeline.show();
  }

  #of(chatId: ChatId): Iterable<Timeline> {
    return this.#timelines.get(chatId) ?? [];
  }
}
