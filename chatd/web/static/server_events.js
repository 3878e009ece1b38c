/** How a frame from the server changes the state. Pure.
 *
 * The id of a reply tells whose request it answers: a number is that of a line in the outbox, which
 * the user typed; a word is that of a request that the page made by itself (see session.js and
 * history.js). Events have no id.
 */

import { LOBBY, casefold, isSameName } from "./names.js";
import * as messages from "./messages.js";
import * as outbox from "./outbox.js";
import * as search from "./search.js";
import {
  appendNotices,
  appendToOpenRooms,
  appendToRoom,
  createNotice,
  isUnseen,
  maxItems,
  withRoom,
  withRooms,
} from "./state.js";
import * as timeline from "./timeline.js";
import * as users from "./users.js";

/** Refusals of a `hello` that may soon be over: mostly the user's own former connection still has
 * the nickname or the slot, as the server has not yet found out that it is dead.
 */
export const TEMPORARY_REFUSALS = new Set(["nickname-taken", "full"]);

const PASSWORD_REFUSALS = new Set(["wrong-password", "too-many-attempts"]);

/** Refusals of a nickname that may be an account, in use or not. */
const ACCOUNT_REFUSALS = new Set(["password-required", "nickname-taken", "blocked"]);

/** The state after `frame`, which arrived at `now` (in milliseconds since 1970). */
export function reduceFrame(state, frame, now) {
  const handler = HANDLERS[frame.type];
  const next = handler ? handler(state, frame.data ?? {}, frame, now) : state;
  // A reply confirms the line it answers. A long reply comes in parts, of which the last counts;
  // and an error is handled by `lineRefused`, which may keep the line in the outbox.
  const isPart = frame.data?.more === true;
  return typeof frame.id === "number" && frame.type !== "error" && !isPart
    ? { ...next, outbox: outbox.remove(next.outbox, frame.id) }
    : next;
}

const HANDLERS = {
  // No inherited properties: a frame of the type "toString" has no handler.
  __proto__: null,

  watching: (state, data, frame, now) => ({
    ...onServer(state, data, now),
    connection: { state: "watching" },
    nickname: "",
  }),

  welcome: (state, data, frame, now) => ({
    ...withRooms(onServer(state, data, now), (room) => ({ ...room, isLoaded: false })),
    connection: { state: "online" },
    nickname: data.nickname,
    requestedNickname: data.nickname,
    entersAgain: true,
    passwordPrompt: null,
    error: "",
    users: users.addUser(state.users, data.nickname),
  }),

  message: (state, data) => {
    const isUnread = isUnseen(state, casefold(data.room));
    return withRoom(state, data.room, (room) => ({
      ...room,
      items: timeline.addLive(room.items, createMessage(state, data), maxItems(state, data.room)),
      unread: room.unread + (isUnread ? 1 : 0),
    }));
  },

  private: (state, { source, to, time, text }) => {
    const item = Object.freeze({ kind: "private", source, to, time, text });
    const next = appendToOpenRooms(state, item);
    return isUnseen(state, state.currentRoom)
      ? withRoom(next, next.rooms.get(next.currentRoom).name, (room) => ({
          ...room,
          unread: room.unread + 1,
        }))
      : next;
  },

  notice: (state, data, frame, now) =>
    appendToOpenRooms(state, createEventNotice("notice", data, now)),

  entered: (state, data, frame, now) =>
    usersChanged(
      state,
      users.addUser(state.users, data.nickname),
      createEventNotice("entered", data, now),
    ),

  left: (state, data, frame, now) =>
    usersChanged(
      state,
      users.removeUser(state.users, data.nickname),
      createEventNotice("left", data, now),
    ),

  renamed: (state, data, frame, now) => {
    const next = usersChanged(
      state,
      users.renameUser(state.users, data.old, data.new),
      createEventNotice("renamed", data, now),
    );
    return isOwnNickname(state, data.old)
      ? { ...next, nickname: data.new, requestedNickname: data.new, passwordPrompt: null }
      : next;
  },

  joined: (state, data, frame, now) => {
    const next = roomUsersChanged(
      state,
      users.addToRoom(state.users, data.room, data.nickname),
      data.room,
      createEventNotice("joined", data, now),
    );
    return isOwnNickname(state, data.nickname)
      ? {
          ...next,
          joinedRooms: new Map(state.joinedRooms).set(casefold(data.room), data.room),
        }
      : next;
  },

  parted: (state, data, frame, now) => {
    const next = roomUsersChanged(
      state,
      users.removeFromRoom(state.users, data.room, data.nickname),
      data.room,
      createEventNotice("parted", data, now),
    );
    if (!isOwnNickname(state, data.nickname)) {
      return next;
    }
    const key = casefold(data.room);
    return {
      ...next,
      joinedRooms: without(state.joinedRooms, key),
      currentRoom: state.currentRoom === key ? LOBBY : state.currentRoom,
    };
  },

  history: (state, data, { id }, now) => {
    const purpose = typeof id === "string" ? id.split(" ")[0] : "";
    // Only the whole reply to "history" is known to end with the newest message of the server.
    const merge = purpose === "history" && !data.more ? timeline.mergeNewest : timeline.merge;
    const next = withRoom(state, data.room, (room) => ({
      ...room,
      items: merge(
        room.items,
        data.messages.map((message) => createMessage(state, message)),
      ),
      isLoaded: room.isLoaded || !data.more,
      firstSeq:
        purpose === "older" && !data.messages.length
          ? (timeline.oldestMessage(room.items)?.seq ?? 0)
          : room.firstSeq,
    }));
    const [itemsBefore, itemsAfter] = [state, next].map(
      ({ rooms }) => rooms.get(casefold(data.room))?.items,
    );
    return typeof id === "number" && !data.more && itemsBefore === itemsAfter
      ? appendNotices(next, [messages.nothingNew(data.room, data.messages.length)], now)
      : next;
  },

  search: (state, data, frame) => ({ ...state, search: search.received(state.search, frame) }),

  users: (state, data, frame, now) => {
    if (typeof frame.id === "number") {
      return appendNotices(state, messages.describeUsers(data.users), now);
    }
    const list = [...state.partialUsers, ...data.users];
    return data.more
      ? { ...state, partialUsers: list }
      : { ...state, partialUsers: [], users: users.fromList(list) };
  },

  rooms: (state, data, frame, now) => appendNotices(state, messages.describeRooms(data.rooms), now),

  ok: (state, data, frame, now) => {
    const entry = findEntry(state, frame);
    return entry ? lineConfirmed(state, entry, data, now) : state;
  },

  error: (state, data, frame, now) => {
    const entry = findEntry(state, frame);
    return entry
      ? lineRefused(withoutPassword(state, entry, frame.data), entry, frame.data)
      : requestRefused(state, frame, now);
  },

  goodbye: (state, { reason }) => ({
    ...state,
    // A server that stops is perhaps restarted. For any other reason the user is to decide.
    ...(reason === "server is stopping"
      ? {}
      : { requestedNickname: "", entersAgain: false, passwordPrompt: null }),
    error:
      reason === "quit" || reason === "server is stopping" ? state.error : messages.goodbye(reason),
  }),
};

/** `state` on the server that sent `data`, which may not be the one of the last connection. */
function onServer(state, { server, started }, now) {
  if (state.serverStarted === started && state.serverName === server) {
    return state;
  }
  const next = { ...state, serverName: server, serverStarted: started };
  if (!state.serverStarted) {
    return next;
  }
  return appendNotices(
    withRooms(next, (room) => ({
      ...room,
      items: timeline.withoutNumbers(room.items),
      isLoaded: false,
      firstSeq: 0,
    })),
    [["The server was restarted, and no longer has the messages above."]],
    // Before all that the new server sends.
    Math.min(started, now),
  );
}

function createMessage(state, { seq, time, source, text }) {
  const kind = isOwnNickname(state, source) ? "own" : "message";
  return Object.freeze({ kind, seq, time, source, text });
}

function createEventNotice(type, data, now) {
  return createNotice(messages.EVENTS[type](data), now);
}

function isOwnNickname(state, nickname) {
  return state.nickname !== "" && isSameName(state.nickname, nickname);
}

function usersChanged(state, nextUsers, notice) {
  return appendToOpenRooms(
    { ...state, users: nextUsers, userChanges: state.userChanges + 1 },
    notice,
  );
}

function roomUsersChanged(state, nextUsers, room, notice) {
  return appendToRoom(
    { ...state, users: nextUsers, userChanges: state.userChanges + 1 },
    room,
    notice,
  );
}

function findEntry(state, { id }) {
  return typeof id === "number" ? outbox.findSent(state.outbox, id) : undefined;
}

/** The state after an `ok` for a line. The server does not echo messages: the line is shown now. */
function lineConfirmed(state, { frame }, data, now) {
  const own = { source: state.nickname, time: data.time, text: frame.data?.text };
  if (frame.type === "message") {
    const item = Object.freeze({ kind: "own", seq: data.seq, ...own });
    return withRoom(state, data.room, (room) => ({
      ...room,
      items: timeline.addLive(room.items, item, maxItems(state, data.room)),
    }));
  }
  if (frame.type !== "private") {
    return { ...state, error: "" };
  }
  const missed = data.missed ?? [];
  const to = frame.data.to.filter(
    (name) => !missed.some((each) => isSameName(each.nickname, name)),
  );
  const next = appendToOpenRooms(
    state,
    Object.freeze({ kind: "private", isOwn: true, to, ...own }),
  );
  return missed.length ? appendNotices(next, [messages.notDelivered(missed)], now) : next;
}

/** `state`, in which the line behind a refused line is not sent if it may be a password. */
function withoutPassword(state, entry, { code }) {
  return entry.frame.type === "set-name" && ACCOUNT_REFUSALS.has(code)
    ? { ...state, outbox: outbox.withholdPassword(state.outbox, entry) }
    : state;
}

/** The state after an `error` for a line. */
function lineRefused(state, entry, { code, message }) {
  if (entry.frame.type === "set-name" && code === "password-required") {
    const { nickname } = entry.frame.data;
    return {
      ...withoutEntry(state, entry),
      passwordPrompt: { nickname, isRenaming: true },
      error: "",
    };
  }
  if (entry.frame.type === "join" && code === "already-in-room") {
    return withoutEntry(state, entry);
  }
  // The room to join was shown at once, before the reply: go back to where the line was typed.
  const room =
    entry.frame.type === "join" && state.currentRoom === casefold(entry.frame.data.room)
      ? entry.room
      : state.currentRoom;
  const next = {
    ...state,
    currentRoom: state.rooms.has(room) ? room : state.currentRoom,
    error: message,
  };
  // The line stays in the outbox if its room is not shown, or if the user is typing another one.
  if (entry.room !== next.currentRoom || state.drafts.get(entry.room)) {
    return { ...next, outbox: outbox.markRefused(state.outbox, entry.id, message) };
  }
  // Otherwise it goes back into the empty draft, to be corrected and sent again.
  return {
    ...withoutEntry(next, entry),
    drafts: new Map(state.drafts).set(entry.room, entry.line),
  };
}

/** The state after an `error` for a request that the page made by itself. */
function requestRefused(state, { id, data: { code, message } }, now) {
  if (id === "hello") {
    // "already-entered": the user pressed the button twice.
    return code === "already-entered" ? state : entryRefused(state, code, message);
  }
  if (id === "rename") {
    return { ...state, error: message };
  }
  if (typeof id === "string" && id.startsWith("rejoin ")) {
    const key = casefold(id.slice("rejoin ".length));
    return appendNotices(
      { ...state, joinedRooms: without(state.joinedRooms, key) },
      [[message]],
      now,
    );
  }
  if (typeof id === "string" && id.startsWith("search ")) {
    return { ...state, search: search.failed(state.search, id, message) };
  }
  if (id === "watch") {
    // A refused `hello` is followed by a `watch`; if both are refused, the first reason counts.
    return { ...state, error: state.error || message };
  }
  // The history of a room that has ended is simply empty.
  return code === "no-such-room" ? state : { ...state, error: message };
}

/** The state after the user was not let in. */
function entryRefused(state, code, message) {
  if (code === "password-required") {
    return {
      ...state,
      passwordPrompt: { nickname: state.requestedNickname, isRenaming: false },
      error: "",
    };
  }
  // While a password is asked for, a server that failed to check it is asked again: were the form
  // gone, the next password might be typed where messages are.
  if (PASSWORD_REFUSALS.has(code) || (code === "server-failed" && state.passwordPrompt)) {
    return {
      ...state,
      passwordPrompt: state.passwordPrompt ?? {
        nickname: state.requestedNickname,
        isRenaming: false,
      },
      error: message,
    };
  }
  if (state.entersAgain && TEMPORARY_REFUSALS.has(code)) {
    return { ...state, error: `${message} You will rejoin automatically as soon as it is free.` };
  }
  return {
    ...state,
    requestedNickname: "",
    entersAgain: false,
    passwordPrompt: null,
    error: message,
  };
}

function withoutEntry(state, entry) {
  return { ...state, outbox: outbox.remove(state.outbox, entry.id) };
}

function without(map, key) {
  const all = new Map(map);
  all.delete(key);
  return all;
}
