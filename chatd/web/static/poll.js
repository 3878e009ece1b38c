/** What nobody hears of: who is in the rooms of others, and what is said there, asked for slowly.
 *
 * Over HTTP, as asking on the WebSocket would count as something that the person does.
 */

import { isLive } from "./state.js";

const PERIOD_MILLISECONDS = 15_000;
const MESSAGES = 200;

/** Keep the lists in `store` true while the page is looked at. */
export function poll(store) {
  setInterval(() => {
    const { link, isHidden } = store.state;
    if (!isHidden && (link.is === "watching" || link.is === "online")) {
      askUsers(store);
      askMessages(store);
    }
  }, PERIOD_MILLISECONDS);
}

async function askUsers(store) {
  const { changes } = store.state;
  const answer = await get("/api/users");
  // If something happened meanwhile, this list may be from before it; the next one is not.
  if (answer && store.state.changes === changes) {
    store.dispatch({ type: "polled", users: answer.users });
  }
}

async function askMessages(store) {
  const { shown, rooms } = store.state;
  if (isLive(store.state, shown)) {
    return;
  }
  const { name } = rooms.get(shown);
  const answer = await get(`/api/messages?limit=${MESSAGES}&room=${encodeURIComponent(name)}`);
  if (answer) {
    const data = { room: answer.room, messages: answer.messages, more: false };
    store.dispatch({ type: "received", frame: { type: "history", data }, now: Date.now() });
  }
}

/** The JSON at `path`; null if there is none, which the next time may mend. */
async function get(path) {
  try {
    const answer = await fetch(path, { cache: "no-store" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
