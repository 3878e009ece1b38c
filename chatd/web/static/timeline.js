/** What is shown of a room: its messages in the order of their numbers, notices between them. Pure.
 *
 * An item is a frozen object, known by its identity. Messages come from what is heard, from what
 * the server confirms and from its history, in any order and more than once.
 */

/** Items kept of the room that is shown; older ones can be read from the server again. */
export const KEPT_ITEMS = 5000;
/** Items kept of a room that is not shown. */
export const KEPT_ASIDE_ITEMS = 200;

/** `items` with `item`, which has no number, at the end. */
export function appended(items, item, most = KEPT_ITEMS) {
  const all = [...items, item];
  return all.length > most ? all.slice(all.length - most) : all;
}

/** `items` with `message`, as it was heard just now. */
export function heard(items, message, most = KEPT_ITEMS) {
  const last = newest(items);
  if (last === undefined || message.seq > last.seq) {
    return appended(items, message, most);
  }
  const isKnown = items.some((each) => each.seq === message.seq && each.time === message.time);
  // What is heard has a higher number than all before it, but in a room that was made again.
  return isKnown ? items : [...unnumbered(items), message];
}

/** `items` with what the server's history tells; `messages` have rising numbers. */
export function merged(items, messages) {
  const times = new Map(items.map((each) => [each.seq, each.time]));
  const isAnew = messages.some((each) => (times.get(each.seq) ?? each.time) !== each.time);
  // A room that ended and was made again counts from 1 again.
  const all = isAnew ? unnumbered(items) : [...items];
  for (const message of messages) {
    insert(all, message);
  }
  return all.length === items.length && !isAnew ? items : all;
}

/** `items` with the last `messages` that the server has; later ones have ended with their room.
 *
 * If it has none, that says nothing: it may keep none.
 */
export function current(items, messages) {
  const isBehind = messages.length > 0 && messages.at(-1).seq < (newest(items)?.seq ?? 0);
  return merged(isBehind ? unnumbered(items) : items, messages);
}

/** The number of the first message after a gap, seen from the end; undefined if there is none. */
export function gap(items) {
  let after;
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const { seq } = items[at];
    if (seq === undefined) {
      continue;
    }
    if (after !== undefined && seq < after - 1) {
      return after;
    }
    after = seq;
  }
  return undefined;
}

/** The first message there is; undefined if there is none. */
export function oldest(items) {
  return items.find((each) => each.seq !== undefined);
}

/** The last message there is; undefined if there is none. */
export function newest(items) {
  return items.findLast((each) => each.seq !== undefined);
}

function unnumbered(items) {
  return items.filter((each) => each.seq === undefined);
}

function insert(all, message) {
  let end = all.length;
  let at = all.length;
  for (; at > 0; at -= 1) {
    const { seq } = all[at - 1];
    if (seq === message.seq) {
      return;
    }
    if (seq !== undefined && seq < message.seq) {
      break;
    }
    if (seq !== undefined) {
      end = at - 1;
    }
  }
  // Among the notices between two messages, the time decides.
  while (at < end && all[at].time <= message.time) {
    at += 1;
  }
  all.splice(at, 0, message);
}
