/** The lines that the user has typed: Up in an empty composer brings the last one back.
 *
 * Each room and each private talk has its own, so that a private line is never recalled in a room.
 * They are kept in memory only, as a line may be a password.
 */

const MAX_LINES = 50;

/** The lines of all rooms. */
export function createRecall() {
  const rooms = new Map();
  let position = null; // counted from the end, while lines are recalled

  return {
    /** Remember a line that was sent from a room. */
    add(room, line) {
      const lines = (rooms.get(room) ?? []).filter((each) => each !== line);
      rooms.set(room, [...lines, line].slice(-MAX_LINES));
      position = null;
    },

    /** Forget the lines of all rooms but those of which `isKept(room)` is true. */
    keepOnly(isKept) {
      const forgotten = [...rooms.keys()].filter((room) => !isKept(room));
      forgotten.forEach((room) => rooms.delete(room));
      if (forgotten.length) {
        position = null;
      }
    },

    /** The line that is `step` before the recalled one, or after it; undefined if there is none.
     *
     * `text` is what the composer contains: another text than the recalled line is not replaced.
     */
    recall(room, text, step) {
      const lines = rooms.get(room) ?? [];
      const at = position === null ? undefined : lines[lines.length - position];
      if (text !== "" && text !== at) {
        return undefined;
      }
      const next = (text === "" ? 0 : position) + step;
      if (next < 0 || next > lines.length || (next === 0 && text === "")) {
        return undefined;
      }
      position = next;
      return next === 0 ? "" : lines[lines.length - next];
    },
  };
}
