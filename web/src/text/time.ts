/** Times as the person reads them: in their language and zone. */

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const dayAndMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const longDate = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const numeric = new Intl.DateTimeFormat(undefined, { dateStyle: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const DAY_MS = 24 * 3_600_000;

/** Returns the time of day, such as 14:05. */
export function timeOf(timestamp: string): string {
  return time.format(new Date(timestamp));
}

/** Returns date and time in full, for who wants to know exactly. */
export function fullTime(timestamp: string): string {
  return full.format(new Date(timestamp));
}

/** Returns the day in the person's zone, the same text for the same day. */
export function dayOf(timestamp: string): string {
  const date = new Date(timestamp);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** Returns what to call a day in a history: today, yesterday, a date. */
export function dayName(timestamp: string, now = new Date()): string {
  const days = daysAgo(timestamp, now);
  if (days <= 1) return capital(relative.format(-days, "day"));
  const sameYear = new Date(timestamp).getFullYear() === now.getFullYear();
  return (sameYear ? longDay : longDate).format(new Date(timestamp));
}

/** Returns when something was, as short as it can be: 14:05, Tuesday, 3 Mar, a date. */
export function shortTime(timestamp: string, now = new Date()): string {
  const date = new Date(timestamp);
  const days = daysAgo(timestamp, now);
  if (days <= 0) return time.format(date);
  if (days === 1) return capital(relative.format(-1, "day"));
  if (days < 7) return weekday.format(date);
  return (date.getFullYear() === now.getFullYear() ? dayAndMonth : numeric).format(date);
}

/** Returns how long ago something was, in words. */
export function ago(timestamp: string, now = Date.now()): string {
  const minutes = Math.max(0, Math.round((now - Date.parse(timestamp)) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 24 * 60) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / (24 * 60)), "day");
}

/** Days by the calendar; a clock that is behind makes no tomorrow. */
function daysAgo(timestamp: string, now: Date): number {
  const date = new Date(timestamp);
  const midnight = (one: Date) => Date.UTC(one.getFullYear(), one.getMonth(), one.getDate());
  return Math.max(0, Math.round((midnight(now) - midnight(date)) / DAY_MS));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
