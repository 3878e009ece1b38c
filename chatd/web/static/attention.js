/** The messages that ask for the user: private ones, and those that mention the user, unseen. Pure. */

import { mentions } from "./mentions.js";
import { casefold } from "./names.js";

/** How many there are. */
export function countAttention({ rooms }) {
  return [...rooms].reduce((sum, [key, room]) => sum + countOf(key, room), 0);
}

/** The newest of them in each room in which there are more than `before`: `{ key, item }` each.
 *
 * Several messages may have arrived at once, and the last of a room need not be for the user.
 */
export function findNews({ rooms, nickname, ignored }, before) {
  const asksForUser = (key, { kind, isOwn, source, text }) =>
    (kind === "message" || kind === "private") &&
    !isOwn &&
    !ignored.has(casefold(source)) &&
    (key.startsWith("@") || mentions(text, nickname));
  return [...rooms].flatMap(([key, room]) => {
    const former = before.rooms.get(key);
    if (room === former || countOf(key, room) <= (former ? countOf(key, former) : 0)) {
      return [];
    }
    const item = [...room.items].reverse().find((each) => asksForUser(key, each));
    return item ? [{ key, item }] : [];
  });
}

/** A private talk is kept as a room whose key begins with `@`: all that is said there is private. */
function countOf(key, { unread, mentions = 0 }) {
  return key.startsWith("@") ? unread : mentions;
}
