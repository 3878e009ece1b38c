/** Durations in words, as in chatd/chat/durations.py. Pure. */

/** The seconds in each unit that is typed or shown. */
export const SECONDS = { s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** The units that are shown, the largest first. */
const UNITS = ["d", "h", "min", "s"];

/** A length of time in its two largest units, rounded up to a second: `1 h 5 min`. */
export function duration(milliseconds) {
  let seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const parts = [];
  for (const name of UNITS) {
    const count = Math.floor(seconds / SECONDS[name]);
    if (count) {
      parts.push(`${count} ${name}`);
    }
    seconds %= SECONDS[name];
  }
  return parts.slice(0, 2).join(" ");
}

/** ` for 10 min`; nothing for what has no known end, 0. */
export function lasting(milliseconds) {
  return milliseconds ? ` for ${duration(milliseconds)}` : "";
}

/** `: spam`, the end of a sentence; nothing without a reason. */
export function because(reason) {
  return reason ? `: ${reason.replace(/\.+$/, "")}` : "";
}
