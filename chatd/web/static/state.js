/** The state of the page, one frozen value, and functions that make another state of it. Pure. */

import { LOBBY, casefold, isSameName } from "./names.js";
import { isPrivate } from "./outbox.js";
import { MAX_BACKGROUND_ITEMS, MAX_ITEMS, append, oldestMessage } from "./timeline.js";
import { isTalk } from "./talks.js";
import { roomsInUse } from "./users.js";

/** The settings of a room that has none. `slow`: seconds between two messages of a member. */
export const NO_SETTINGS = Object.freeze({
  isReadOnly: false,
  slow: 0,
  isClosed: false,
  isKeyed: false,
  isPrivate: false,
  isTopicLocked: false,
  limit: 0,
});

/** The state of a page that was just opened. Rooms and nicknames are keyed by `casefold`.
 *
 * `connection.state`: "connecting", "watching" (open, not entered), "online" (entered),
 *   "reconnecting" (until `connection.until`, in milliseconds since 1970), "left" (by the user) or
 *   "elsewhere" (another page has resumed the session).
 * `serverName`, `serverStarted`: of the last server; if they change, the history is another one.
 * `nodeOrigins`: the origins of the pages of all nodes, if the server is one of a cluster.
 * `serverKey`: `{ fingerprint, words }` of the server's key for TLS, null if it has none.
 * `nickname`: the user's, empty unless online.
 * `requestedNickname`: the one to enter with.
 * `entersAgain`: whether the user was online under it, so that the page enters again by itself.
 * `resumption`: what the page resumes its session with; see resumption.js.
 * `passwordPrompt`: null, or `{ nickname, isRenaming }` of the account whose password is asked for.
 * `error`: what the user has to be told. `suggestion`: null, or a `nickname` that is possible instead
 *   of the one that the `error` is about, with the `entry` of the outbox that asked for that one; if
 *   there is none, the user has not entered yet.
 * `wantedRoom`: the room to join once the user has entered; empty if there is none.
 * `rooms`: the rooms, and the private talks of the user called `talksOwner`; see talks.js.
 * `talksRenamed`: how often a talk has got another name.
 * `currentRoom`: the key of the room or talk that is shown.
 * `joinedRooms`: the rooms that the user is in, or joins again after a reconnection.
 * `partialUsers`: the frames of a list of users that has not arrived completely.
 * `userChanges`: how many joins, leaves and renames were received.
 * `outbox`: see outbox.js. `lastId`: the highest id in it so far. `drafts`: the unsent text of each
 *   room or talk. `search`: see search.js.
 * `ignored`: the nicknames whose messages and arrivals are not shown, by key.
 * `arrivals`: how arrivals and departures are shown; see rows.js.
 * `restricted`: null, or what a host last did to the user in the whole chat; see moderation_events.js.
 * `farewell`: null, or why the user is not in the chat any more: a `sentence`, and the `nickname` to
 *   enter again with, which is empty if the user may not.
 * `takesFiles`: whether the server takes files. `uploads`: those that are being sent; see uploads.js.
 * `pictures`: whether they are shown at "once", or after a "tap".
 * `keyPrompt`: null, or `{ room, isWrong }` of the room whose word is asked for.
 */
export const INITIAL_STATE = Object.freeze({
  connection: Object.freeze({ state: "connecting" }),
  serverName: "",
  serverStarted: 0,
  nodeOrigins: [],
  serverKey: null,
  nickname: "",
  requestedNickname: "",
  entersAgain: false,
  resumption: null,
  passwordPrompt: null,
  error: "",
  suggestion: null,
  wantedRoom: "",
  rooms: new Map([[LOBBY, createRoom(LOBBY)]]),
  talksOwner: "",
  talksRenamed: 0,
  currentRoom: LOBBY,
  joinedRooms: new Map([[LOBBY, LOBBY]]),
  users: new Map(),
  partialUsers: [],
  userChanges: 0,
  outbox: [],
  lastId: 0,
  drafts: new Map(),
  isHidden: false,
  ignored: new Map(),
  arrivals: "condensed",
  search: null,
  restricted: null,
  farewell: null,
  keyPrompt: null,
  takesFiles: false,
  uploads: [],
  pictures: "tap",
});

/** A room without messages, or a private talk.
 *
 * `unread`, `mentions`: how many messages the user has not seen, and how many of them mention the
 *   user. `newSince`: the time of the first of them; it stays while the user reads them.
 * `isLoaded`: whether its history was read on this connection.
 * `firstSeq`: the number of the oldest message that the server has, 0 while that is unknown.
 * `isClosed`: whether the user has closed the talk; the next message opens it again.
 * `topic`: null while it is unknown, or `{ text, nickname, time }`.
 * `clearedAfter`: the last item that the user has cleared from the screen; null if there is none.
 * `wroteAt`: when the user has written or come in last, from which a slow room counts; 0 if unknown.
 */
export function createRoom(name) {
  return {
    name,
    items: [],
    unread: 0,
    mentions: 0,
    newSince: 0,
    isLoaded: isTalk(name),
    firstSeq: 0,
    isClosed: false,
    topic: null,
    clearedAfter: null,
    settings: NO_SETTINGS,
    wroteAt: 0,
  };
}

/** Whether the server has nothing older than the oldest message of a room. */
export function isComplete({ name, items, firstSeq }) {
  if (isTalk(name)) {
    return true; // the server has no history of talks
  }
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

/** The keys of the rooms that the user is in, and of the one that is shown. */
export function openRooms({ currentRoom, nickname, joinedRooms }) {
  return [...new Set([currentRoom, ...(nickname ? joinedRooms.keys() : [])])];
}

/** The keys of the private talks that are not shown, nor closed. */
export function openTalks({ rooms, currentRoom }) {
  return [...rooms]
    .filter(([key, { isClosed }]) => isTalk(key) && !isClosed && key !== currentRoom)
    .map(([key]) => key);
}

/** `state` with an item in all open rooms. */
export function appendToOpenRooms(state, item, add = append) {
  return openRooms(state).reduce(
    (next, key) => appendToRoom(next, next.rooms.get(key)?.name ?? key, item, add),
    state,
  );
}

/** `state` with notices in all open rooms; `notices` are lists of words as in messages.js. */
export function appendNotices(state, notices, now) {
  return notices.reduce((next, words) => appendToOpenRooms(next, createNotice(words, now)), state);
}

/** `state` with notices in the room that is shown, as what the user has asked for there. */
export function appendReplies(state, notices, now) {
  const { name } = state.rooms.get(state.currentRoom);
  return notices.reduce((next, words) => appendToRoom(next, name, createNotice(words, now)), state);
}

/** A copy of `map` without one key. */
export function without(map, key) {
  const all = new Map(map);
  all.delete(key);
  return all;
}

/** Whether a nickname is the user's own. */
export function isOwnNickname({ nickname }, name) {
  return nickname !== "" && isSameName(nickname, name);
}

/** An item that is no message. */
export function createNotice(words, time) {
  return Object.freeze({ kind: "notice", time, words });
}

/** Whether the user is a host, or an operator of the room with this key. */
export function isModerator({ nickname, users }, key) {
  const user = nickname ? users.get(casefold(nickname)) : undefined;
  return user !== undefined && (user.isHost || user.operatorOf.has(key));
}

/** Whether the user is a host of the whole chat. */
export function isHost({ nickname, users }) {
  return nickname !== "" && users.get(casefold(nickname))?.isHost === true;
}

/** For how many milliseconds from `now` a slow room takes no message of the user. */
export function slowWait(state, key, now) {
  const { settings, wroteAt } = state.rooms.get(key);
  const left = wroteAt + 1000 * settings.slow - now;
  return wroteAt && !isModerator(state, key)
    ? Math.min(1000 * settings.slow, Math.max(0, left)) // the clock may have been set meanwhile
    : 0;
}

/** Whether the user may only read in a room. */
export function isReadOnly(state, key) {
  const user = state.users.get(casefold(state.nickname));
  const isVoiced = state.nickname !== "" && user?.voicedIn.has(key) === true;
  return state.rooms.get(key).settings.isReadOnly && !isVoiced && !isModerator(state, key);
}

/** Whether the note above the composer says why no message can be sent to a room at `now`. */
export function hasComposerNote(state, key, now) {
  return isReadOnly(state, key) || slowWait(state, key, now) > 0;
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
  if (isTalk(key)) {
    return true;
  }
  return state.nickname ? state.joinedRooms.has(key) : state.connection.state === "watching";
}

/** Whether the user does not see a message that arrives now in the room with this key. */
export function isUnseen(state, key) {
  return state.isHidden || key !== state.currentRoom;
}

/** The rooms to choose from, the lobby first and the others sorted.
 *
 * Besides the rooms with users in them: the user's own, the current one, and those with an unsent
 * line, which could not be found again otherwise.
 */
export function listRooms(state) {
  const all = new Map(roomsInUse(state.users));
  const joined = isEntered(state) ? [...state.joinedRooms] : [];
  for (const [key, name] of [
    [LOBBY, LOBBY],
    ...joined,
    ...roomsWithUnsent(state).map((key) => [key, state.rooms.get(key)?.name ?? key]),
    [state.currentRoom, state.rooms.get(state.currentRoom).name],
  ].filter(([key]) => !isTalk(key))) {
    all.set(key, all.get(key) ?? { room: name, members: 0 });
  }
  const sorted = [...all].sort(([one], [other]) =>
    one === LOBBY ? -1 : other === LOBBY ? 1 : one < other ? -1 : 1,
  );
  return sorted.map(([key, { room: name, members }]) => ({ key, name, members }));
}

/** The private talks in the list, sorted: not closed, shown, or with an unsent line. */
export function listTalks(state) {
  const withUnsent = new Set(roomsWithUnsent(state));
  return [...state.rooms]
    .filter(
      ([key, { isClosed }]) =>
        isTalk(key) && (!isClosed || key === state.currentRoom || withUnsent.has(key)),
    )
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, room]) => ({ key, ...room }));
}

/** The keys of the rooms that have a draft, or a private line in the outbox, shown only there. */
export function roomsWithUnsent({ drafts, outbox }) {
  return [
    ...[...drafts].flatMap(([key, text]) => (text ? [key] : [])),
    ...outbox.filter(isPrivate).map(({ room }) => room),
  ];
}

/** How many messages the user has not seen, in the user's rooms and talks and the current room. */
export function countUnread(state) {
  const keys = isEntered(state)
    ? new Set([...state.joinedRooms.keys(), ...openTalks(state), state.currentRoom])
    : [state.currentRoom];
  return [...keys].reduce((sum, key) => sum + (state.rooms.get(key)?.unread ?? 0), 0);
}
