/** The state of the page, one frozen value, and functions that make another state of it. Pure. */

import { LOBBY, casefold } from "./names.js";
import { MAX_BACKGROUND_ITEMS, MAX_ITEMS, append, oldestMessage } from "./timeline.js";
import { roomsInUse } from "./users.js";

/** The state of a page that was just opened. Rooms and nicknames are keyed by `casefold`.
 *
 * `connection.state`: "connecting", "watching" (open, not entered), "online" (entered),
 *   "reconnecting" (until `connection.until`, in milliseconds since 1970), "left" (by the user) or
 *   "elsewhere" (another page has resumed the session).
 * `serverName`, `serverStarted`: of the last server; if they change, the history is another one.
 * `nodeOrigins`: the origins of the pages of all nodes, if the server is one of a cluster.
 * `nickname`: the user's, empty unless online.
 * `requestedNickname`: the one to enter with.
 * `entersAgain`: whether the user was online under it, so that the page enters again by itself.
 * `resumption`: what the page resumes its session with; see resumption.js.
 * `passwordPrompt`: null, or `{ nickname, isRenaming }` of the account whose password is asked for.
 * `currentRoom`: the key of the room that is shown.
 * `joinedRooms`: the rooms that the user is in, or joins again after a reconnection.
 * `partialUsers`: the frames of a list of users that has not arrived completely.
 * `userChanges`: how many joins, leaves and renames were received.
 * `outbox`: see outbox.js. `lastId`: the highest id in it so far. `drafts`: the unsent text of each
 *   room. `search`: see search.js.
 */
export const INITIAL_STATE = Object.freeze({
  connection: Object.freeze({ state: "connecting" }),
  serverName: "",
  serverStarted: 0,
  nodeOrigins: [],
  nickname: "",
  requestedNickname: "",
  entersAgain: false,
  resumption: null,
  passwordPrompt: null,
  error: "",
  rooms: new Map([[LOBBY, createRoom(LOBBY)]]),
  currentRoom: LOBBY,
  joinedRooms: new Map([[LOBBY, LOBBY]]),
  users: new Map(),
  partialUsers: [],
  userChanges: 0,
  outbox: [],
  lastId: 0,
  drafts: new Map(),
  isHidden: false,
  search: null,
});

/** A room without messages.
 *
 * `isLoaded`: whether its history was read on this connection.
 * `firstSeq`: the number of the oldest message that the server has, 0 while that is unknown.
 */
export function createRoom(name) {
  return { name, items: [], unread: 0, isLoaded: false, firstSeq: 0 };
}

/** Whether the server has nothing older than the oldest message of a room. */
export function isComplete({ items, firstSeq }) {
  const oldest = oldestMessage(items)?.seq ?? 0;
  return oldest === firstSeq || oldest === 1;
}

/** `state` with one room replaced by `change(room)`. */
export function withRoom(state, name, change) {
  const key = casefold(name);
  return {
    ...state,
    rooms: new Map(state.rooms).set(key, change(state.rooms.get(key) ?? createRoom(name))),
  };
}

/** `state` with each room replaced by `change(room)`. */
export function withRooms(state, change) {
  return { ...state, rooms: new Map([...state.rooms].map(([key, room]) => [key, change(room)])) };
}

/** How many items of a room to keep. */
export function maxItems(state, name) {
  return casefold(name) === state.currentRoom ? MAX_ITEMS : MAX_BACKGROUND_ITEMS;
}

/** `state` with an item at the end of one room, or where `add` puts it. */
export function appendToRoom(state, name, item, add = append) {
  return withRoom(state, name, (room) => ({
    ...room,
    items: add(room.items, item, maxItems(state, name)),
  }));
}

/** The same in all rooms that the user is in or looks at. */
export function appendToOpenRooms(state, item, add = append) {
  const open = new Set([state.currentRoom, ...(state.nickname ? state.joinedRooms.keys() : [])]);
  return [...open].reduce(
    (next, key) => appendToRoom(next, next.rooms.get(key)?.name ?? key, item, add),
    state,
  );
}

/** `state` with notices in all open rooms; `notices` are lists of words as in messages.js. */
export function appendNotices(state, notices, now) {
  return notices.reduce((next, words) => appendToOpenRooms(next, createNotice(words, now)), state);
}

/** An item that is no message. */
export function createNotice(words, time) {
  return Object.freeze({ kind: "notice", time, words });
}

/** Whether the user is in the chat on this page, perhaps reconnecting. */
export function isEntered({ connection, nickname, entersAgain }) {
  return nickname !== "" || (entersAgain && connection.state !== "elsewhere");
}

/** The form to sign in with: "nickname", "password", "left", "elsewhere", or "" for none. */
export function signInForm({ connection, nickname, passwordPrompt, entersAgain }) {
  if (connection.state === "left" || connection.state === "elsewhere") {
    return connection.state;
  }
  if (passwordPrompt) {
    return "password";
  }
  return nickname || (entersAgain && connection.state !== "watching") ? "" : "nickname";
}

/** Whether the server sends the messages of a room to this page as they are said. */
export function isLive(state, key) {
  return state.nickname ? state.joinedRooms.has(key) : state.connection.state === "watching";
}

/** Whether the user does not see a message that arrives now in the room with this key. */
export function isUnseen(state, key) {
  return state.isHidden || key !== state.currentRoom;
}

/** The rooms to choose from, the lobby first and the others sorted.
 *
 * Besides the rooms with users in them: the user's own, the current one, and those with a draft,
 * which could not be found again otherwise.
 */
export function listRooms(state) {
  const all = new Map(roomsInUse(state.users));
  const joined = isEntered(state) ? [...state.joinedRooms] : [];
  for (const [key, name] of [
    [LOBBY, LOBBY],
    ...joined,
    ...roomsWithDrafts(state).map((key) => [key, state.rooms.get(key)?.name ?? key]),
    [state.currentRoom, state.rooms.get(state.currentRoom).name],
  ]) {
    all.set(key, all.get(key) ?? { room: name, members: 0 });
  }
  const sorted = [...all].sort(([one], [other]) =>
    one === LOBBY ? -1 : other === LOBBY ? 1 : one < other ? -1 : 1,
  );
  return sorted.map(([key, { room: name, members }]) => ({ key, name, members }));
}

/** The keys of the rooms that have a draft. */
export function roomsWithDrafts({ drafts }) {
  return [...drafts].flatMap(([key, text]) => (text ? [key] : []));
}

/** How many messages the user has not seen, in the user's rooms and the current one. */
export function countUnread(state) {
  const keys =
    isEntered(state)
      ? new Set([...state.joinedRooms.keys(), state.currentRoom])
      : [state.currentRoom];
  return [...keys].reduce((sum, key) => sum + (state.rooms.get(key)?.unread ?? 0), 0);
}
