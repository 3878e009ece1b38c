/** How a frame from the server changes the state. Pure.
 *
 * The id of a reply tells whose request it answers: a number is that of a line in the outbox, which
 * the user typed; a word is that of a request that the page made by itself (see session.js and
 * history.js). Events have no id.
 */

import { LOBBY, casefold, isSameName } from "./names.js";
import * as messages from "./messages.js";
import { readOrigins } from "./nodes.js";
import * as outbox from "./outbox.js";
import * as resumption from "./resumption.js";
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
export const TEMPORARY_REFUSALS = new Set(["nickname-taken", "full", "cut-off"]);

/** Farewells after which a session cannot be resumed. */
const SESSION_ENDS = new Set(["quit", "inactive"]);

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

  welcome: (state, data, frame, now) => {
    const next = {
      ...withRooms(onServer(state, data, now), (room) => ({ ...room, isLoaded: false })),
      connection: { state: "online" },
      nickname: data.nickname,
      requestedNickname: data.nickname,
      entersAgain: true,
      passwordPrompt: null,
      error: "",
      users: users.addUser(state.users, data.nickname),
    };
    return data.resumed ? sessionResumed(next, state, data, now) : sessionBegun(next, data);
  },

  message: (state, data) => ({
    ...messagesArrived(state, data.room, [data], (items, [message], max) =>
      timeline.addLive(items, message, max),
    ),
    // A page that only watches gets what it still has to be sent as missed.
    resumption: state.nickname
      ? resumption.markSeen(state.resumption, data.room, data.seq)
      : state.resumption,
    users: users.markPresent(state.users, data.source),
  }),

  missed: (state, { room, messages: all, gap }, frame, now) => {
    const last = all[all.length - 1];
    const time = all.length ? all[0].time : now;
    const next = gap
      ? appendToRoom(state, room, createNotice(messages.missing(room), time), timeline.addByTime)
      : state;
    const added = messagesArrived(next, room, all, timeline.addMissed);
    return last
      ? { ...added, resumption: resumption.markSeen(state.resumption, room, last.seq) }
      : added;
  },

  private: (state, data) => {
    const last = state.resumption?.lastPrivate ?? 0;
    if (state.resumption && data.seq <= last) {
      return state;
    }
    const { source, to, time, text, seq = last } = data;
    const lost = Math.max(0, seq - last - 1);
    const notices = lost ? [createNotice(messages.missingPrivate(lost), time)] : [];
    const item = Object.freeze({ kind: "private", source, to, time, text });
    const next = [...notices, item].reduce(
      (each, added) => appendToOpenRooms(each, added, timeline.addByTime),
      {
        ...state,
        resumption: state.resumption && { ...state.resumption, lastPrivate: seq },
        users: users.markPresent(state.users, source),
      },
    );
    return isUnseen(state, state.currentRoom)
      ? withRoom(next, next.rooms.get(next.currentRoom).name, (room) => ({
          ...room,
          unread: room.unread + 1,
        }))
      : next;
  },

  nodes: (state, { nodes }) => ({ ...state, nodeOrigins: readOrigins(nodes) }),

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
          resumption: resumption.forgetRoom(state.resumption, data.room),
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
      resumption: resumption.forgetRoom(state.resumption, data.room),
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

  goodbye: (state, { reason }) =>
    // The session goes on, on a server that is perhaps restarted, or on another page.
    reason === "server is stopping" || reason === "resumed elsewhere"
      ? state
      : // For any other reason the user is to decide.
        {
          ...state,
          requestedNickname: "",
          entersAgain: false,
          passwordPrompt: null,
          resumption: SESSION_ENDS.has(reason) ? null : state.resumption,
          error: reason === "quit" ? state.error : messages.goodbye(reason),
        },
};

/** `state` in a session that is new to the server. */
function sessionBegun(state, { session }) {
  return {
    ...state,
    resumption: resumption.begin(session),
    outbox: outbox.markUnknown(state.outbox),
  };
}

/** `state` in a session that goes on, as the server has it; `before` is the state before. */
function sessionResumed(state, before, { session, nickname, rooms }, now) {
  const next = {
    ...state,
    resumption: resumption.goOn(state.resumption, session),
    joinedRooms: new Map(rooms.map((room) => [casefold(room), room])),
    outbox: outbox.resend(state.outbox),
  };
  // A renaming was carried out and its reply was lost.
  return isSameName(before.requestedNickname, nickname)
    ? next
    : appendToOpenRooms(
        next,
        createEventNotice("renamed", { old: before.requestedNickname, new: nickname }, now),
      );
}

/** `state` with messages that `add` adds to the items of a room. If not seen, they are unread. */
function messagesArrived(state, name, list, add) {
  return withRoom(state, name, (room) => ({
    ...room,
    items: add(
      room.items,
      list.map((message) => createMessage(state, message)),
      maxItems(state, name),
    ),
    unread: room.unread + (isUnseen(state, casefold(name)) ? countNew(room.items, list) : 0),
  }));
}

/** How many messages of `list` are not among `items`. */
function countNew(items, list) {
  const times = new Map(items.map(({ seq, time }) => [seq, time]));
  return list.filter(({ seq, time }) => times.get(seq) !== time).length;
}

/** `state` on the server that sent `data`, which may not be the one of the last connection. */
function onServer(before, { server, started, cluster }, now) {
  const state = { ...before, nodeOrigins: readOrigins(cluster?.nodes) };
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
    const next = {
      ...state,
      resumption: resumption.markConfirmed(state.resumption, data.room, data.seq),
    };
    return appendToRoom(next, data.room, item, timeline.addLive);
  }
  if (frame.type !== "private") {
    return { ...state, error: "" };
  }
  const missed = data.missed ?? [];
  const to = frame.data.to.filter(
    (name) => !missed.some((each) => isSameName(each.nickname, name)),
  );
  const item = Object.freeze({ kind: "private", isOwn: true, to, ...own });
  const next = appendToOpenRooms(state, item, timeline.addByTime);
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
  if (code === "outdated-number") {
    return { ...state, outbox: outbox.markOutdated(state.outbox, entry.id) };
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
