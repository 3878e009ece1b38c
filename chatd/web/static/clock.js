/** Times in words, local time. Pure, but for the locale and the time zone of the browser. */

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** The time of day; `time` is in milliseconds since 1970, here and below. */
export const timeOfDay = (time) => said(TIME, time);

/** The day. */
export const day = (time) => said(DAY, time);

/** The day and the time. */
export const moment = (time) => said(MOMENT, time);

/** The same for programs, in UTC; empty for a time that is none. */
export function stamp(time) {
  return isPossible(time) ? new Date(time).toISOString() : "";
}

function said(format, time) {
  return isPossible(time) ? format.format(time) : "?";
}

function isPossible(time) {
  return !Number.isNaN(new Date(time).getTime());
}
