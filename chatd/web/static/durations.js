/** Durations in words, as in chatd/chat/durations.py. Pure. */

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/** A length of time in its two largest units, rounded up to a second: `1 h 5 min`. */
export function duration(milliseconds) {
  let seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const parts = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count) {
      parts.push(`${count} ${name}`);
    }
    seconds %= size;
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
