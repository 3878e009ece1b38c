/** How a frame from the server changes the state. Pure.
 *
 * The id of a reply tells whose request it answers: a number is that of a line in the outbox, which
 * the user typed; a word is that of a request that the page made by itself (see session.js and
 * history.js). Events have no id.
 */

import { mentions } from "./mentions.js";
import { casefold, isSameName } from "./names.js";
import * as messages from "./messages.js";
import { EXPULSIONS, MODERATION } from "./moderation_events.js";
import { readOrigins } from "./nodes.js";
import * as outbox from "./outbox.js";
import { PRESENCE, createPresence } from "./presence.js";
import { refused } from "./refusals.js";
import * as resumption from "./resumption.js";
import * as search from "./search.js";
import {
  NO_SETTINGS,
  appendNotices,
  appendReplies,
  appendToOpenRooms,
  appendToRoom,
  createNotice,
  isOwnNickname,
  isUnseen,
  maxItems,
  withRoom,
  withRooms,
} from "./state.js";
import { closeTalk, withTalk, withoutTalks } from "./talk_state.js";
import { talkMembers, talkOf } from "./talks.js";
import * as timeline from "./timeline.js";
import * as users from "./users.js";

/** Farewells after which a session cannot be resumed. */
const SESSION_ENDS = new Set(["quit", "inactive", ...Object.keys(EXPULSIONS)]);

/** A topic that was set longer ago is no news. */
const NEW_TOPIC_MILLISECONDS = 30_000;

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
  ...PRESENCE,
  ...MODERATION,

  watching: (state, data, frame, now) => ({
    ...onServer(state, data, now),
    connection: { state: "watching" },
    nickname: "",
  }),

  welcome: (state, data, frame, now) => {
    const next = {
      ...withRooms(onServer(state, data, now), (room) => ({
        ...room,
        isLoaded: false,
        topic: null, // it is sent again, if there is one
        settings: NO_SETTINGS, // the same
        wroteAt: data.resumed ? room.wroteAt : now,
      })),
      connection: { state: "online" },
      nickname: data.nickname,
      requestedNickname: data.nickname,
      entersAgain: true,
      talksOwner: data.nickname,
      passwordPrompt: null,
      error: "",
      users: users.addUser(state.users, data.nickname),
    };
    return data.resumed ? sessionResumed(next, state, data, now) : sessionBegun(next, state, data, now);
  },

  message: (state, data, frame, now) => ({
    ...withWritten(
      messagesArrived(state, data.room, [data], (items, [message], max) =>
        timeline.addLive(items, message, max),
      ),
      data,
      now,
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
    const { source, to, time, text, action, file, seq = last } = data;
    const lost = Math.max(0, seq - last - 1);
    const notices = lost ? [createNotice(messages.missingPrivate(lost), time)] : [];
    const isOwn = isOwnNickname(state, source) || undefined;
    const item = Object.freeze({ kind: "private", isOwn, source, to, time, text, action, file });
    const name = talkOf(data, state.nickname);
    const isIgnored = state.ignored.has(casefold(source));
    const isShown = state.rooms.get(casefold(name))?.isClosed === false;
    const talk = withTalk(state, talkMembers(name));
    const next = [...notices, item].reduce(
      (each, added) => appendToRoom(each, name, added, addPrivate),
      {
        ...(isIgnored && !isShown ? closeTalk(talk, talkMembers(name)) : talk),
        resumption: state.resumption && { ...state.resumption, lastPrivate: seq },
        users: users.markPresent(state.users, source),
      },
    );
    return isUnseen(state, casefold(name)) && !isOwn && !isIgnored
      ? withRoom(next, name, (room) => withUnread(room, [item]))
      : next;
  },

  nodes: (state, { nodes }) => ({ ...state, nodeOrigins: readOrigins(nodes) }),

  notice: (state, data, frame, now) =>
    appendToOpenRooms(state, createNotice(messages.EVENTS.notice(data), now)),

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
      ? appendReplies(next, [messages.nothingNew(data.room, data.messages.length)], now)
      : next;
  },

  search: (state, data, frame) => ({ ...state, search: search.received(state.search, frame) }),

  users: (state, data, frame, now) => {
    if (typeof frame.id === "number") {
      return appendReplies(state, messages.describeUsers(data.users), now);
    }
    const list = [...state.partialUsers, ...data.users];
    return data.more
      ? { ...state, partialUsers: list }
      : { ...state, partialUsers: [], users: users.fromList(list) };
  },

  topic: (state, data, { id }, now) => {
    const { room, text, nickname, time } = data;
    const next = withRoom(state, room, (each) => ({ ...each, topic: { text, nickname, time } }));
    if (typeof id === "number") {
      return appendReplies(next, [messages.describeTopic(data)], now);
    }
    // A member who enters a room is sent its topic, which others have read long ago.
    const isNew = nickname && now - time < NEW_TOPIC_MILLISECONDS;
    const isKnown = next.rooms
      .get(casefold(room))
      .items.some((item) => item.kind === "notice" && item.time === time);
    return isNew && !isKnown && id === undefined
      ? appendToRoom(next, room, createNotice(messages.topicSet(data), time), timeline.addByTime)
      : next;
  },

  whois: (state, data, frame, now) => appendReplies(state, [messages.describeUser(data)], now),

  rooms: (state, data, frame, now) => appendReplies(state, messages.describeRooms(data.rooms), now),

  ok: (state, data, frame, now) => {
    const entry = findEntry(state, frame);
    return entry ? lineConfirmed(state, entry, data, now) : state;
  },

  error: (state, data, frame, now) => refused(state, findEntry(state, frame), frame, now),

  goodbye: (state, { reason }, frame, now) =>
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
          farewell: EXPULSIONS[reason]?.(state, now) ?? null,
        },
};

/** `state` in a session that is new to the server; `before` is the state before. */
function sessionBegun(state, before, { session }, now) {
  const isOther = before.talksOwner && !isSameName(before.talksOwner, state.nickname);
  const next = {
    ...state,
    resumption: resumption.begin(session),
    outbox: outbox.markUnknown(state.outbox),
  };
  return isOther
    ? { ...withoutTalks({ ...next, talksOwner: before.talksOwner }, now), talksOwner: next.talksOwner }
    : next;
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
  const renaming = { old: before.requestedNickname, new: nickname };
  return isSameName(renaming.old, renaming.new)
    ? next
    : appendToOpenRooms(
        next,
        createPresence("renamed", { ...renaming, nickname: renaming.old }, now),
      );
}

/** `state` with messages that `add` adds to the items of a room. If not seen, they are unread. */
function messagesArrived(state, name, list, add) {
  return withRoom(state, name, (before) => {
    const all = list.map((message) => createMessage(state, message));
    const room = { ...before, items: add(before.items, all, maxItems(state, name)) };
    return isUnseen(state, casefold(name))
      ? withUnread(room, newMessages(state, before.items, all), state.nickname)
      : room;
  });
}

/** The messages of `list` that are not among `items`, nor of a user who is ignored. */
function newMessages({ ignored }, items, list) {
  const times = new Map(items.map(({ seq, time }) => [seq, time]));
  return list.filter(
    ({ seq, time, source }) => times.get(seq) !== time && !ignored.has(casefold(source)),
  );
}

/** `room` with messages that the user has not seen, of which some mention `nickname`. */
function withUnread(room, list, nickname = "") {
  const others = list.filter(({ kind }) => kind !== "own");
  return others.length
    ? {
        ...room,
        unread: room.unread + others.length,
        mentions:
          room.mentions + others.filter(({ text }) => nickname && mentions(text, nickname)).length,
        newSince: room.unread ? room.newSince : others[0].time,
      }
    : room;
}

/** `state` on the server that sent `data`, which may not be the one of the last connection. */
function onServer(before, { server, started, cluster, key, files }, now) {
  const state = {
    ...before,
    nodeOrigins: readOrigins(cluster?.nodes),
    serverKey: key ?? null,
    takesFiles: Boolean(files),
  };
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

function createMessage(state, { seq, time, source, text, action, file, removed }) {
  const kind = isOwnNickname(state, source) ? "own" : "message";
  return Object.freeze({ kind, seq, time, source, text, action, file, removed });
}

function findEntry(state, { id }) {
  return typeof id === "number" ? outbox.findSent(state.outbox, id) : undefined;
}

/** The state after an `ok` for a line. The server does not echo messages: the line is shown now. */
function lineConfirmed(state, { frame, room }, data, now) {
  const { text, action } = frame.data ?? {};
  const own = { source: state.nickname, time: data.time, text, action };
  if (frame.type === "message") {
    const item = Object.freeze({ kind: "own", seq: data.seq, ...own });
    const next = {
      ...state,
      resumption: resumption.markConfirmed(state.resumption, data.room, data.seq),
    };
    const written = appendToRoom(next, data.room, item, timeline.addLive);
    return withWritten(written, { ...own, room: data.room }, now);
  }
  return frame.type === "private"
    ? privateSent(state, frame.data.to, room, own, data, now)
    : { ...state, error: "" };
}

/** `state` with an own private message in its talk, and notices where it was typed. */
function privateSent(state, recipients, room, own, { missed = [], away = [] }, now) {
  const to = recipients.filter(
    (name) => !missed.some((each) => isSameName(each.nickname, name)),
  );
  const name = talkOf({ source: own.source, to: recipients }, own.source);
  const item = Object.freeze({ kind: "private", isOwn: true, to, ...own });
  const next = withoutNewLine(
    appendToRoom(withTalk(state, talkMembers(name)), name, item, addPrivate),
    name,
  );
  const notices = [
    ...(room === casefold(name) ? [] : [messages.sentPrivately(name)]),
    ...(missed.length ? [messages.notDelivered(missed)] : []),
  ];
  const place = next.rooms.get(room)?.name ?? name;
  notices.push(...away.map(({ nickname, text }) => messages.isAway(nickname, text)));
  return notices.reduce(
    (each, words) => appendToRoom(each, place, createNotice(words, now)),
    next,
  );
}

/** `items` with a private message; one to the user itself is also confirmed, and shown once. */
function addPrivate(items, item, max) {
  const isKnown = ({ isOwn, time, text }) => isOwn && time === item.time && text === item.text;
  return item.isOwn && items.some(isKnown) ? items : timeline.addByTime(items, item, max);
}

/** `state` after a message, which may be the user's own: a file, for example, comes as an event. */
function withWritten(state, { room, source }, now) {
  return isOwnNickname(state, source)
    ? withRoom(withoutNewLine(state, room), room, (each) => ({ ...each, wroteAt: now }))
    : state;
}

/** `state` with nothing new in a room in which the user has said something. */
function withoutNewLine(state, name) {
  return withRoom(state, name, (room) => (room.newSince ? { ...room, newSince: 0 } : room));
}
