/** How users who come, go, or take another nickname change the state. Pure.
 *
 * Each room, and each private talk, shows only who is in it.
 */

import * as messages from "./messages.js";
import { LOBBY, casefold } from "./names.js";
import * as resumption from "./resumption.js";
import {
  NO_SETTINGS,
  appendToOpenRooms,
  appendToRoom,
  createNotice,
  isOwnNickname,
  openRooms,
  openTalks,
  withRoom,
  without,
} from "./state.js";
import { renameTalks } from "./talk_state.js";
import { isInTalk } from "./talks.js";
import * as users from "./users.js";

/** Handlers for the frames, as in server_events.js. */
export const PRESENCE = {
  entered: (state, data, frame, now) =>
    appendWhereKnown(
      withUsers(state, users.addUser(state.users, data.nickname, data.host)),
      data.nickname,
      createPresence("entered", data, now),
    ),

  left: (state, data, frame, now) =>
    withUsers(
      appendWhereKnown(state, data.nickname, createPresence("left", data, now)),
      users.removeUser(state.users, data.nickname),
    ),

  renamed: (state, data, frame, now) => {
    const notice = createPresence("renamed", { ...data, nickname: data.old }, now);
    const isOwn = isOwnNickname(state, data.old);
    const told = isOwn
      ? appendToOpenRooms(state, notice)
      : appendWhereKnown(state, data.old, notice);
    const renamed = renameTalks(
      withUsers(told, users.renameUser(state.users, data.old, data.new)),
      data.old,
      data.new,
    );
    return isOwn
      ? {
          ...renamed,
          nickname: data.new,
          talksOwner: data.new,
          requestedNickname: data.new,
          passwordPrompt: null,
        }
      : renamed;
  },

  // Only who talks with the user privately reads of it; the list of users has it for all.
  away: (state, data, frame, now) =>
    [...openTalks(state), state.currentRoom]
      .filter((key) => isInTalk(key, data.nickname))
      .reduce(
        (next, key) =>
          appendToRoom(next, next.rooms.get(key).name, createNotice(describeAway(data), now)),
        withUsers(state, users.setAway(state.users, data.nickname, data.text)),
      ),

  joined: (state, data, frame, now) => {
    const next = appendToRoom(
      withUsers(state, users.addToRoom(state.users, data.room, data.nickname)),
      data.room,
      createPresence("joined", data, now),
    );
    return isOwnNickname(state, data.nickname)
      ? {
          ...withRoom(next, data.room, (room) => ({ ...room, wroteAt: now })),
          joinedRooms: new Map(state.joinedRooms).set(casefold(data.room), data.room),
          resumption: resumption.forgetRoom(state.resumption, data.room),
        }
      : next;
  },

  parted: (state, data, frame, now) => {
    const next = appendToRoom(
      withUsers(state, users.removeFromRoom(state.users, data.room, data.nickname)),
      data.room,
      createPresence("parted", data, now),
    );
    if (!isOwnNickname(state, data.nickname)) {
      return next;
    }
    const key = casefold(data.room);
    return {
      ...withRoom(next, data.room, (room) => ({ ...room, settings: NO_SETTINGS, wroteAt: 0 })),
      joinedRooms: without(state.joinedRooms, key),
      resumption: resumption.forgetRoom(state.resumption, data.room),
      currentRoom: state.currentRoom === key ? LOBBY : state.currentRoom,
    };
  },
};

/** The words that a user is away, or back. */
function describeAway({ nickname, text }) {
  return text ? messages.isAway(nickname, text) : [{ name: nickname }, " is back"];
}

/** The notice of an event, with what condenses it with others; see rows.js. */
export function createPresence(type, data, now) {
  const { nickname } = data;
  return Object.freeze({
    ...createNotice(messages.EVENTS[type](data), now),
    presence: Object.freeze({ type, nickname }),
  });
}

/** `state` with an item in the open rooms that a user is in, and in the talks with the user.
 *
 * The list of users has not arrived with the first events: then the user counts as in the lobby.
 */
function appendWhereKnown(state, nickname, item) {
  const rooms = state.users.get(casefold(nickname))?.rooms ?? new Map([[LOBBY, LOBBY]]);
  return [...openRooms(state), ...openTalks(state)]
    .filter((key) => rooms.has(key) || isInTalk(key, nickname))
    .reduce((next, key) => appendToRoom(next, next.rooms.get(key)?.name ?? key, item), state);
}

function withUsers(state, nextUsers) {
  return { ...state, users: nextUsers, userChanges: state.userChanges + 1 };
}
