/** Reading what was said before: on coming, what was missed meanwhile, and what is older. */

import { folded } from "./names.js";
import { gap, oldest } from "./timeline.js";

/** Messages asked for at once: on coming, and of what was missed or is older. */
const FIRST_MESSAGES = 50;
const MORE_MESSAGES = 200;

/** The reader of histories for the state in `store`; `send` takes its requests.
 *
 * The id of a request says why it was made: "history" (the newest), "missed" or "older".
 */
export function createReading(store, send) {
  const shown = () => store.state.rooms.get(store.state.shown);

  function ask(why, room, data) {
    send({ type: "history", id: `${why} ${room}`, data: { room, ...data } });
  }

  return {
    /** Read the newest messages of the room that is shown. */
    newest() {
      const { name, items } = shown();
      ask("history", name, { limit: items.length ? MORE_MESSAGES : FIRST_MESSAGES });
    },

    /** Read what was said before the first message that is here. */
    older() {
      const { name, items } = shown();
      ask("older", name, { limit: MORE_MESSAGES, before: oldest(items)?.seq });
    },

    /** After an answer: read on, as long as something is missing and the answers help. */
    missed({ id, data: { room, more } }, before) {
      const { items } = store.state.rooms.get(folded(room));
      const missing = gap(items);
      const hasHelped = items !== before.rooms.get(folded(room))?.items;
      if (typeof id === "string" && !more && hasHelped && missing !== undefined) {
        ask("missed", room, { limit: MORE_MESSAGES, before: missing });
      }
    },
  };
}
