/** How what hosts and operators do changes the state. Pure. */

import * as messages from "./moderation_messages.js";
import { casefold } from "./names.js";
import * as search from "./search.js";
import { appendReplies, appendToOpenRooms, appendToRoom, createNotice, withRoom } from "./state.js";
import { removeMessage } from "./timeline.js";
import { setHost, setRole } from "./users.js";

/** What else the events change, by `what`. */
const EFFECTS = {
  __proto__: null,
  host: (state, { nickname }) => withHost(state, nickname, true),
  unhost: (state, { nickname }) => withHost(state, nickname, false),
  operator: (state, data) => withRole(state, data, "operatorOf", true),
  unoperator: (state, data) => withRole(state, data, "operatorOf", false),
  voice: (state, data) => withRole(state, data, "voicedIn", true),
  unvoice: (state, data) => withRole(state, data, "voicedIn", false),
  remove: (state, data) => ({
    ...(hasRoom(state, data.room)
      ? withRoom(state, data.room, (room) => ({
          ...room,
          items: removeMessage(room.items, data.seq, data.by),
        }))
      : state),
    search: search.removeMessage(state.search, data),
  }),
};

/** What takes the user out of a room. */
const EXCLUSIONS = new Set(["kick", "ban"]);

/** Handlers for the frames, as in server_events.js. */
export const MODERATION = {
  moderation: (state, data, frame, now) => {
    const next = EFFECTS[data.what]?.(state, data) ?? state;
    // "Removed by ana." in place of the message says it all, where the message is.
    const isSeen = data.what === "remove" && hasRoom(state, data.room);
    const words = isSeen ? undefined : messages.describeModeration(data);
    return words ? appendWhere(next, data.room, createNotice(words, now)) : next;
  },

  restricted: (state, data, frame, now) => {
    const words = messages.describeRestricted(data, now);
    if (!words) {
      return state;
    }
    const next = appendWhere(state, data.room, createNotice(words, now));
    if (!data.room) {
      return { ...next, restricted: data };
    }
    // The room is not shown any more, and its notices neither.
    return EXCLUSIONS.has(data.what) ? { ...next, error: messages.joinWords(words) } : next;
  },

  invited: (state, data, frame, now) =>
    state.ignored.has(casefold(data.by))
      ? state
      : appendToOpenRooms(state, createNotice(messages.describeInvited(data), now)),

  "room-settings": (state, data) =>
    withRoom(state, data.room, (room) => ({
      ...room,
      settings: Object.freeze({
        isReadOnly: data.read_only,
        slow: data.slow,
        isClosed: data.closed,
        isKeyed: data.keyed,
        isPrivate: data.private,
        isTopicLocked: data.topic_locked,
        limit: data.limit ?? 0,
      }),
    })),

  bans: (state, data, frame, now) => appendReplies(state, messages.describeBans(data, now), now),
};

/** Why the user is not in the chat any more, by the reason of the goodbye; see state.js. */
export const EXPULSIONS = {
  __proto__: null,
  kicked: (state, now) => ({
    sentence: describe(state, "kick", now),
    nickname: state.nickname,
  }),
  banned: (state, now) => ({ sentence: describe(state, "ban", now), nickname: "" }),
  blocked: () => ({
    sentence: "Your account was blocked. Ask whoever runs this server.",
    nickname: "",
  }),
};

/** What the user was told just before, or the same without a reason. */
function describe({ restricted }, what, now) {
  const data = restricted?.what === what ? restricted : { what, by: "" };
  return messages.joinWords(messages.describeRestricted(data, now));
}

function withHost(state, nickname, isHost) {
  return {
    ...state,
    users: setHost(state.users, nickname, isHost),
    userChanges: state.userChanges + 1,
  };
}

function withRole(state, { nickname, room }, role, isGiven) {
  return {
    ...state,
    users: setRole(state.users, nickname, role, room, isGiven),
    userChanges: state.userChanges + 1,
  };
}

/** Whether the page has a room: a host may act on others, too. */
function hasRoom(state, room) {
  return state.rooms.has(casefold(room));
}

/** `state` with an item in a room that the page has, or in all that are open. */
function appendWhere(state, room, item) {
  const known = room && state.rooms.get(casefold(room));
  return known ? appendToRoom(state, known.name, item) : appendToOpenRooms(state, item);
}
