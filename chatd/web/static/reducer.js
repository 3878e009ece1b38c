/** The store, and how an action of the user or the connection changes the state. */

import { LOBBY, casefold } from "./names.js";
import * as outbox from "./outbox.js";
import * as resumption from "./resumption.js";
import * as search from "./search.js";
import { reduceFrame } from "./server_events.js";
import {
  appendReplies,
  roomsWithUnsent,
  withRoom,
  withRooms,
  without,
} from "./state.js";
import { closeTalk, withTalk } from "./talk_state.js";
import { isTalk, talkMembers, talkOf } from "./talks.js";
import { fromList, removeUser, roomsInUse, withPrivateRooms } from "./users.js";

/** A store that begins with `initialState`; each subscriber gets the new state and the last one. */
export function createStore(initialState) {
  const subscribers = [];
  let state = initialState;
  return {
    get state() {
      return state;
    },
    dispatch(action) {
      const before = state;
      state = reduce(before, action);
      if (state !== before) {
        subscribers.forEach((subscriber) => subscriber(state, before));
      }
    },
    subscribe(subscriber) {
      subscribers.push(subscriber);
    },
  };
}

/** The state after `action`, an object with a `type` and the data of that type. Pure. */
export function reduce(state, action) {
  return ACTIONS[action.type](state, action);
}

const ACTIONS = {
  // The connection.
  frameReceived: (state, { frame, now }) => reduceFrame(state, frame, now),
  connecting: (state) => ({
    ...offline(state),
    connection: { state: "connecting" },
    farewell: null,
  }),
  connectionLost: (state, { until }) => ({
    ...offline(state),
    connection: { state: "reconnecting", until },
  }),
  resumedElsewhere: (state) => ({
    ...offline(state),
    connection: { state: "elsewhere" },
    error: "",
  }),
  connectionClosed: (state) => {
    const closed = offline({ ...state, resumption: null });
    // Unsent lines go back into the drafts: the user has left, so they must not be sent by
    // themselves if the user joins again, perhaps days later.
    const waiting = closed.outbox.filter((entry) => entry.status === "waiting");
    const edited = waiting.reduce((next, { id }) => ACTIONS.entryEdited(next, { id }), closed);
    return {
      ...edited,
      connection: { state: "left" },
      error: "",
      requestedNickname: "",
      entersAgain: false,
      passwordPrompt: null,
      resumption: resumption.leave(state.resumption, state.nickname || state.requestedNickname),
      joinedRooms: new Map([[LOBBY, LOBBY]]),
    };
  },
  usersPolled: (state, { users }) => {
    const keys = [...state.rooms].flatMap(([key, { settings }]) => (settings.isPrivate ? [key] : []));
    return withoutUnusedRooms({
      ...state,
      users: withPrivateRooms(fromList(users), state.users, keys),
    });
  },

  // The user.
  nicknameRequested: (state, { nickname }) => ({
    ...state,
    requestedNickname: nickname,
    entersAgain: state.entersAgain && casefold(nickname) === casefold(state.requestedNickname),
    resumption: resumption.requestNickname(state.resumption, nickname),
    // A watcher who looks at a room wants to be in it.
    wantedRoom:
      isTalk(state.currentRoom) || state.currentRoom === LOBBY
        ? ""
        : state.rooms.get(state.currentRoom).name,
    passwordPrompt: null,
    error: "",
  }),
  passwordCancelled: (state) => ({
    ...state,
    passwordPrompt: null,
    error: "",
    ...(state.passwordPrompt?.isRenaming ? {} : { requestedNickname: "", entersAgain: false }),
  }),
  roomSelected: (state, { room }) =>
    select(
      withRoom(state, room, (unchanged) => unchanged),
      casefold(room),
    ),
  talkOpened: (state, { nicknames }) => {
    // What the user sends to others and to itself is in the talk with the others.
    const own = state.nickname || state.requestedNickname;
    const name = talkOf({ source: own || nicknames[0], to: nicknames }, own);
    return select(withTalk(state, talkMembers(name)), casefold(name));
  },
  talkClosed: (state, { nicknames }) => closeTalk(state, nicknames),
  visibilityChanged: (state, { isHidden }) => markRead({ ...state, isHidden }),
  roomWanted: (state, { room }) => ({
    ...ACTIONS.roomSelected(state, { room }),
    error: `Choose a nickname to join ${room}.`,
  }),
  wantedRoomJoined: (state) => ({ ...state, wantedRoom: "" }),
  picturesChosen: (state, { pictures }) => ({ ...state, pictures }),
  uploadAdded: (state, { upload }) => ({
    ...state,
    uploads: [...state.uploads, upload],
    error: "",
  }),
  uploadProgressed: (state, { id, sent }) => ({
    ...state,
    uploads: state.uploads.map((each) => (each.id === id ? { ...each, sent } : each)),
  }),
  uploadEnded: (state, { id, error }) => ({
    ...state,
    uploads: state.uploads.filter((each) => each.id !== id),
    error: error || state.error,
  }),
  keyPromptClosed: (state) => ({ ...state, keyPrompt: null }),
  cleared: (state, { isCleared }) =>
    withRoom(state, state.rooms.get(state.currentRoom).name, (room) => ({
      ...room,
      newSince: 0,
      clearedAfter: isCleared ? (room.items[room.items.length - 1] ?? null) : null,
    })),
  ignored: (state, { nickname, isIgnored }) => ({
    ...state,
    ignored: isIgnored
      ? new Map(state.ignored).set(casefold(nickname), nickname)
      : without(state.ignored, casefold(nickname)),
  }),
  arrivalsChosen: (state, { arrivals }) => ({ ...state, arrivals }),
  draftChanged: (state, { text, room = state.currentRoom }) => ({
    ...state,
    drafts: new Map(state.drafts).set(room, text),
  }),
  lineQueued: (state, { line, frame, now = 0 }) => {
    const id = outbox.nextId(state.lastId, now);
    return {
      ...state,
      outbox: outbox.add(state.outbox, { id, line, frame, room: state.currentRoom }),
      lastId: id,
      error: "",
    };
  },
  entriesSent: (state, { ids }) => ({ ...state, outbox: outbox.markSent(state.outbox, ids) }),
  entryEdited: (state, { id }) => {
    const entry = state.outbox.find((each) => each.id === id);
    if (!entry) {
      return state;
    }
    const draft = [state.drafts.get(entry.room), entry.line].filter(Boolean).join("\n");
    return {
      ...ACTIONS.entryDiscarded(state, { id }),
      drafts: new Map(state.drafts).set(entry.room, draft),
    };
  },
  entryDiscarded: (state, { id }) => ({ ...state, outbox: outbox.remove(state.outbox, id) }),

  searchRequested: (state, request) => ({
    ...state,
    search: search.requested(state.search, request),
    error: "",
  }),
  searchClosed: (state) => ({ ...state, search: null }),

  // The page itself.
  failed: (state, { message }) => ({ ...state, error: message }),
  noticesShown: (state, { notices, now }) => appendReplies({ ...state, error: "" }, notices, now),
};

/** `state` without a connection. */
function offline(state) {
  return {
    ...withRooms(state, (room) => ({ ...room, isLoaded: false })),
    nickname: "",
    users: state.nickname ? removeUser(state.users, state.nickname) : state.users,
    partialUsers: [],
    // In a session that may be resumed, the server is asked what became of the lines.
    outbox: state.resumption ? state.outbox : outbox.markUnknown(state.outbox),
    search: search.failed(state.search, state.search?.id, "The connection was lost; search again."),
    passwordPrompt: state.passwordPrompt?.isRenaming ? null : state.passwordPrompt,
  };
}

/** `state` in which the room or talk with this key is shown, and nothing is new in the last one. */
function select(state, key) {
  const { name } = state.rooms.get(state.currentRoom);
  const left =
    key === state.currentRoom ? state : withRoom(state, name, (room) => ({ ...room, newSince: 0 }));
  return markRead({ ...left, currentRoom: key, error: "" });
}

/** `state` with nothing unread in the current room, unless the page is hidden. */
function markRead(state) {
  return state.isHidden
    ? state
    : withRoom(state, state.rooms.get(state.currentRoom).name, (room) =>
        room.unread ? { ...room, unread: 0, mentions: 0 } : room,
      );
}

/** `state` without the rooms that are empty and that this page has no use for. */
function withoutUnusedRooms(state) {
  const inUse = roomsInUse(state.users);
  const withUnsent = new Set(roomsWithUnsent(state));
  const isNeeded = (key) =>
    key === LOBBY ||
    isTalk(key) ||
    key === state.currentRoom ||
    state.joinedRooms.has(key) ||
    inUse.has(key) ||
    withUnsent.has(key);
  return { ...state, rooms: new Map([...state.rooms].filter(([key]) => isNeeded(key))) };
}
