/** What a history shows: messages, with lines between the days and before what is new. */

import { compareIds, type protocol, type TimelineItem } from "@chinwag/client";
import { dayOf } from "../text/time";

/** Messages of one sender within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

/** A row of a history. */
export type Row =
  | { kind: "day"; key: string; timestamp: string }
  | { kind: "new"; key: "new" }
  | { kind: "message"; key: string; item: TimelineItem; isFirst: boolean; isLast: boolean };

/** Returns the rows of messages; `newAfter`: messages of others after that one are new. */
export function rowsOf(items: readonly TimelineItem[], newAfter: protocol.EventId | undefined): Row[] {
  const rows: Row[] = [];
  let previous: TimelineItem | undefined;
  let isNewShown = newAfter === undefined;
  for (const item of items) {
    const { timestamp } = item.message;
    const day = dayOf(timestamp);
    const startsDay = !previous || dayOf(previous.message.timestamp) !== day;
    if (startsDay) rows.push({ kind: "day", key: `day ${day}`, timestamp });
    const isNew = !isNewShown && isAfter(item, newAfter ?? "");
    if (isNew) {
      rows.push({ kind: "new", key: "new" });
      isNewShown = true;
    }
    const isFirst = startsDay || isNew || !previous || !together(previous, item);
    if (isFirst) endGroup(rows);
    rows.push({ kind: "message", key: item.key, item, isFirst, isLast: false });
    previous = item;
  }
  endGroup(rows, rows.length);
  return rows;
}

/** The last message before the end of the rows ends a group. */
function endGroup(rows: Row[], from = rows.length): void {
  for (let index = from - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row?.kind !== "message") continue;
    rows[index] = { ...row, isLast: true };
    return;
  }
}

function isAfter({ mine, message }: TimelineItem, mark: protocol.EventId): boolean {
  if (mine || message.id === undefined) return false;
  return mark === "" || compareIds(message.id, mark) > 0;
}

function together(one: TimelineItem, next: TimelineItem): boolean {
  const apart = Date.parse(next.message.timestamp) - Date.parse(one.message.timestamp);
  return one.message.senderId === next.message.senderId && apart < TOGETHER_MS;
}
