/** Says above the composer why nothing can be sent now: the room is read-only, or slow. */

import { serverNow } from "./clock.js";
import { setText } from "./dom.js";
import { duration } from "./durations.js";
import { escape } from "./escape.js";
import { isReadOnly, slowWait } from "./state.js";

/** How often the time that is left is drawn, so that each second is seen. */
const COUNTDOWN_MILLISECONDS = 250;

/** A function that shows the note of a state.
 *
 * Commands and private messages can be sent all the same, so the field and the button stay usable.
 */
export function createComposerNote({ note, reason, countdown }) {
  let current;
  let timer;

  function draw() {
    const key = current.currentRoom;
    const name = escape(current.rooms.get(key).name);
    const cannotWrite = isReadOnly(current, key);
    const wait = cannotWrite ? 0 : slowWait(current, key, serverNow());
    // A screen reader must not read the seconds.
    setText(countdown, wait ? ` You can write again in ${duration(wait)}.` : "");
    setText(
      reason,
      cannotWrite
        ? `${name} is read-only: hosts and its operators write there.`
        : wait
          ? `${name} is slow.`
          : "",
    );
    note.hidden = reason.textContent === "";
    clearTimeout(timer);
    if (wait) {
      timer = setTimeout(draw, COUNTDOWN_MILLISECONDS);
    }
  }

  return (state) => {
    current = state;
    draw();
  };
}
