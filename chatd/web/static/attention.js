/** The messages that ask for the user: private ones, and those that mention the user, unseen. Pure. */

/** How many there are. */
export function countAttention({ rooms }) {
  return [...rooms].reduce((sum, [key, room]) => sum + countOf(key, room), 0);
}

/** The newest message of each room in which there are more than `before`: `{ key, item }` each. */
export function findNews({ rooms }, before) {
  return [...rooms].flatMap(([key, room]) => {
    const former = before.rooms.get(key);
    if (room === former || countOf(key, room) <= (former ? countOf(key, former) : 0)) {
      return [];
    }
    const item = [...room.items].reverse().find(isFromOthers);
    return item ? [{ key, item }] : [];
  });
}

/** A private talk is kept as a room whose key begins with `@`: all that is said there is private. */
function countOf(key, { unread, mentions = 0 }) {
  return key.startsWith("@") ? unread : mentions;
}

function isFromOthers({ kind, isOwn }) {
  return (kind === "message" || kind === "private") && !isOwn;
}
