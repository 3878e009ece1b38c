/** The items of a room: messages in the order of their numbers, other items between them. Pure.
 *
 * An item is a frozen object, compared by identity. A message has a number (`seq`, rising by one
 * within a room); notices, private messages and what a former server sent have none. Messages arrive live, in confirmations
 * and in history replies, in any order and more than once; each function here returns the list
 * with every message once and in order.
 *
 * A room that became empty and was created again counts from 1 again. Then a number that is known
 * belongs to another message, or a lower number than the last is new, and the old messages are
 * dropped. The time of a message tells the two apart.
 */

/** Items kept of the current room; older ones can be read from the server again. */
export const MAX_ITEMS = 5000;
/** Items kept of each other room. */
export const MAX_BACKGROUND_ITEMS = 200;

/** How much later than the server's time the page may take it to be, for a notice. */
const CLOCK_MILLISECONDS = 5000;

/** `items` with an item without a number at the end. */
export function append(items, item, max = MAX_ITEMS) {
  return newest([...items, item], max);
}

/** `items` with an item that the server may have sent late: before those that happened later. */
export function addByTime(items, item, max = MAX_ITEMS) {
  let index = items.length;
  while (index > 0 && isLater(items[index - 1], item)) {
    index -= 1;
  }
  return newest([...items.slice(0, index), item, ...items.slice(index)], max);
}

/** `items` with a message that was said just now, or confirmed late. */
export function addLive(items, message, max = MAX_ITEMS) {
  const last = newestMessage(items);
  if (last === undefined || message.seq > last.seq) {
    return addByTime(items, message, max);
  }
  return isOfNewRoom(last, message)
    ? [...withoutMessages(items), message]
    : newest(merge(items, [message]), max);
}

/** `items` with what was said while the page was away. */
export function addMissed(items, messages, max = MAX_ITEMS) {
  const last = newestMessage(items);
  const isNewRoom = last && messages.some((message) => isOfNewRoom(last, message));
  return newest(merge(isNewRoom ? withoutMessages(items) : items, messages), max);
}

/** `items` with the messages of a history reply, which have rising numbers. */
export function merge(items, messages) {
  const times = new Map(items.map((item) => [item.seq, item.time]));
  const isNewRoom = messages.some(({ seq, time }) => (times.get(seq) ?? time) !== time);
  const all = isNewRoom ? withoutMessages(items) : [...items];
  let hasChanged = isNewRoom;
  for (const message of messages) {
    hasChanged = insert(all, message) || hasChanged;
  }
  return hasChanged ? all : items;
}

/** `items` in which a message has no text and no file any more: the member `by` has removed it. */
export function removeMessage(items, seq, by) {
  return items.map((item) => (item.seq === seq && !item.removed ? withoutText(item, by) : item));
}

/** A message, of which nothing is left but who has sent it and when. */
export function withoutText({ file, action, ...rest }, by) {
  return Object.freeze({ ...rest, text: "", removed: by });
}

/** `items` with the newest messages that the server has; later items are of a room that has ended.
 *
 * An empty reply proves nothing: the server may keep no history.
 */
export function mergeNewest(items, messages) {
  const isNewRoom = messages.length > 0 && messages[messages.length - 1].seq < (newestMessage(items)?.seq ?? 0);
  return merge(isNewRoom ? withoutMessages(items) : items, messages);
}

/** `items` of which none has a number: those of a server that does not run any more.
 *
 * They stay where they are, as notices do, and the new server's numbers cannot be mistaken for theirs.
 */
export function withoutNumbers(items) {
  return items.map((item) => {
    if (item.seq === undefined) {
      return item;
    }
    const { seq, ...rest } = item;
    return Object.freeze(rest);
  });
}

/** The items without a number, so that `merge` puts each of them where it is in `items`.
 *
 * Notices have their time from this page's idea of the server's clock. Here it is moved between the
 * times of the messages before and after.
 */
export function unnumbered(items) {
  let earliest = -Infinity;
  const times = items.map(({ seq, time }) => {
    earliest = seq === undefined ? earliest : time + 1;
    return Math.max(time, seq === undefined ? earliest : time);
  });
  let latest = Infinity;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    times[index] = Math.min(times[index], latest);
    latest = items[index].seq === undefined ? latest : times[index];
  }
  return items.flatMap((item, index) =>
    item.seq === undefined ? [{ ...item, time: times[index] }] : [],
  );
}

/** The number of the message after the last gap; undefined if there is no gap.
 *
 * For the numbers 1 2 3 7 8 that is 7: what is missing is just before 7.
 */
export function findGap(items) {
  let next;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const { seq } = items[index];
    if (seq === undefined) {
      continue;
    }
    if (next !== undefined && seq < next - 1) {
      return next;
    }
    next = seq;
  }
  return undefined;
}

/** The first message; undefined if there is none. */
export function oldestMessage(items) {
  return items.find((item) => item.seq !== undefined);
}

/** The last message; undefined if there is none. */
export function newestMessage(items) {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    if (items[index].seq !== undefined) {
      return items[index];
    }
  }
  return undefined;
}

/** Whether a message was said later than the `last` one known, and has a lower number. */
function isOfNewRoom(last, message) {
  return message.seq < last.seq && message.time > last.time;
}

/** Whether `item` happened later than `other`, by their numbers or else by their times. */
function isLater(item, other) {
  if (item.seq !== undefined && other.seq !== undefined) {
    return item.seq > other.seq;
  }
  if (item.seq === undefined && (item.kind === "message" || item.kind === "own")) {
    return false; // it is of a former server, whose clock may have been another one
  }
  return item.time - (item.kind === "notice" ? CLOCK_MILLISECONDS : 0) > other.time;
}

/** The last `max` of `items`. */
function newest(items, max) {
  return items.length > max ? items.slice(items.length - max) : items;
}

function withoutMessages(items) {
  return items.filter((item) => item.seq === undefined);
}

/** Insert a message into `all` at its place, unless it is there; whether `all` has changed. */
function insert(all, message) {
  let end = all.length;
  let index = all.length;
  for (; index > 0; index -= 1) {
    const { seq } = all[index - 1];
    if (seq === message.seq) {
      // It may have been removed while the page was away.
      const isNews = message.removed !== undefined && all[index - 1].removed === undefined;
      if (isNews) {
        all[index - 1] = message;
      }
      return isNews;
    }
    if (seq !== undefined && seq < message.seq) {
      break;
    }
    if (seq !== undefined) {
      end = index - 1;
    }
  }
  // Between its two neighbours there may be notices, which are ordered by time.
  while (index < end && all[index].time <= message.time) {
    index += 1;
  }
  all.splice(index, 0, message);
  return true;
}
