/** Reading a room's history from the server: the newest messages, gaps, and older messages. */

import { casefold } from "./names.js";
import { isTalk } from "./talks.js";
import { findGap, oldestMessage } from "./timeline.js";

/** Messages per request: the first one of a room, and all others. */
const FIRST_MESSAGES = 50;
const MORE_MESSAGES = 200;

/** Requests histories for the state in `store`; `send` takes the frames.
 *
 * A request's id gives its purpose and its room: "history #room" (the newest messages), "missed
 * #room" (a gap) or "older #room". The reply has the same id, and server_events.js reads it there.
 */
export function createHistory(store, send) {
  const currentRoom = () => store.state.rooms.get(store.state.currentRoom);

  function request(purpose, room, data) {
    send({ type: "history", id: `${purpose} ${room}`, data: { room, ...data } });
  }

  return {
    /** Request the newest messages of the current room. */
    loadNewest() {
      const { name, items } = currentRoom();
      if (isTalk(name)) {
        return; // the server has no history of talks
      }
      request("history", name, { limit: items.length ? MORE_MESSAGES : FIRST_MESSAGES });
    },

    /** Request the messages before the oldest one of the current room. */
    loadOlder() {
      const { name, items } = currentRoom();
      request("older", name, { limit: MORE_MESSAGES, before: oldestMessage(items)?.seq });
    },

    /** After a reply to a request of the page: request what is missing before the last gap.
     *
     * After a reconnection the newest messages may begin later than the old ones end. Each reply
     * moves the gap towards older messages, until it is closed. A reply that changes nothing ends
     * this, as the server no longer has what is missing: asking again would never end.
     */
    fillGap({ id, data: { room, more } }, before) {
      const { items } = store.state.rooms.get(casefold(room));
      const gap = findGap(items);
      const hasChanged = items !== before.rooms.get(casefold(room))?.items;
      if (typeof id === "string" && !more && hasChanged && gap !== undefined) {
        request("missed", room, { limit: MORE_MESSAGES, before: gap });
      }
    },
  };
}
