/** Times as text, in the browser's locale and time zone.
 *
 * A time is in milliseconds since 1970, as the server sends it. A time that is out of range, which
 * only a faulty server sends, becomes "?".
 */

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const DATE = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The time of day. */
export const formatTime = (time) => format(TIME, time);

/** The date. */
export const formatDate = (time) => format(DATE, time);

/** The date and the time of day. */
export const formatDateTime = (time) => format(DATE_TIME, time);

/** The date and the time of day, short. */
export const formatMoment = (time) => format(MOMENT, time);

/** ISO 8601, in UTC; empty if the time is out of range. */
export function isoTimestamp(time) {
  return isInRange(time) ? new Date(time).toISOString() : "";
}

function format(formatter, time) {
  return isInRange(time) ? formatter.format(time) : "?";
}

function isInRange(time) {
  return !Number.isNaN(new Date(time).getTime());
}
