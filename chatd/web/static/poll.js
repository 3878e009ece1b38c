/** Polls what no event tells the page: the users of other rooms, and messages of a room not joined.
 *
 * Over HTTP: a request on the WebSocket would count as activity of the user, who would then never
 * be disconnected as inactive.
 */

import { serverNow } from "./clock.js";
import { isLive } from "./state.js";

const INTERVAL_MILLISECONDS = 15_000;
const MAX_MESSAGES = 200;

/** Keep `store` up to date while the page is visible and connected.
 *
 * `url` returns the URL of a path at the server that the page is connected to.
 */
export function startPolling(store, url) {
  setInterval(() => {
    const { connection, isHidden } = store.state;
    if (!isHidden && (connection.state === "watching" || connection.state === "online")) {
      pollUsers(store, url);
      pollMessages(store, url);
    }
  }, INTERVAL_MILLISECONDS);
}

async function pollUsers(store, url) {
  const { userChanges } = store.state;
  const response = await fetchJSON(url("/api/users"));
  // If an event arrived meanwhile, the response may be older than it: wait for the next one.
  if (response && store.state.userChanges === userChanges) {
    store.dispatch({ type: "usersPolled", users: response.users });
  }
}

async function pollMessages(store, url) {
  const { currentRoom, rooms } = store.state;
  if (isLive(store.state, currentRoom)) {
    return;
  }
  const { name } = rooms.get(currentRoom);
  const query = `limit=${MAX_MESSAGES}&room=${encodeURIComponent(name)}`;
  const response = await fetchJSON(url(`/api/messages?${query}`));
  if (response) {
    const data = { room: response.room, messages: response.messages, more: false };
    store.dispatch({ type: "frameReceived", frame: { type: "history", data }, now: serverNow() });
  }
}

/** The JSON at `url`; null if the request fails, which the next one may not. */
async function fetchJSON(url) {
  try {
    const response = await fetch(url, { cache: "no-store" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
