/** How private talks are opened, closed, and get other names in the state of the page. Pure. */

import { LOBBY, casefold } from "./names.js";
import { isPrivate, renameRecipients } from "./outbox.js";
import { appendReplies, roomsWithUnsent, withRoom, without } from "./state.js";
import { isTalk, talkMembers, talkName } from "./talks.js";
import { addByTime } from "./timeline.js";

/** Private talks that are kept. */
const MAX_TALKS = 200;

/** `state` with a private talk that is not closed.
 *
 * Of too many talks, one without anything unsent or unread is dropped, the oldest first.
 */
export function withTalk(state, nicknames) {
  const name = talkName(nicknames.map((each) => state.users.get(casefold(each))?.nickname ?? each));
  const next = withRoom(state, name, (room) => (room.isClosed ? { ...room, isClosed: false } : room));
  const talks = [...next.rooms].filter(([key]) => isTalk(key));
  if (talks.length <= MAX_TALKS) {
    return next;
  }
  const others = talks.filter(([key]) => ![state.currentRoom, casefold(name)].includes(key));
  const withUnsent = new Set(roomsWithUnsent(state));
  const isIdle = ([key, { unread }]) => !unread && !withUnsent.has(key);
  const [dropped] = others.find(isIdle) ?? others[0];
  return { ...next, rooms: without(next.rooms, dropped) };
}

/** `state` without the talk with these users in the list; its messages stay. */
export function closeTalk(state, nicknames) {
  const name = talkName(nicknames);
  const key = casefold(name);
  return state.rooms.has(key)
    ? {
        ...withRoom(state, name, (room) => ({ ...room, isClosed: true, unread: 0 })),
        currentRoom: state.currentRoom === key ? LOBBY : state.currentRoom,
      }
    : state;
}

/** `state` in which a user of some talks has another nickname. */
export function renameTalks(state, oldNickname, newNickname) {
  const key = casefold(oldNickname);
  const isOld = (nickname) => casefold(nickname) === key;
  const renamed = {
    ...state,
    outbox: renameRecipients(state.outbox, oldNickname, newNickname),
  };
  return [...state.rooms.values()]
    .filter(({ name }) => isTalk(name) && talkMembers(name).some(isOld))
    .reduce((next, { name }) => {
      const names = talkMembers(name).map((each) => (isOld(each) ? newNickname : each));
      return moveTalk(next, casefold(name), talkName(names));
    }, renamed);
}

/** `state` with a talk under another name; if there is one already, it has what both had. */
function moveTalk(state, from, name) {
  const key = casefold(name);
  const moved = { ...state.rooms.get(from), name };
  const other = key === from ? undefined : state.rooms.get(key);
  const room = other
    ? {
        ...moved,
        items: moved.items.reduce((items, item) => addByTime(items, item), other.items),
        unread: moved.unread + other.unread,
        newSince: moved.newSince && other.newSince
          ? Math.min(moved.newSince, other.newSince)
          : moved.newSince || other.newSince,
      }
    : moved;
  const draft = [state.drafts.get(key), key === from ? "" : state.drafts.get(from)];
  return {
    ...state,
    rooms: without(state.rooms, from).set(key, room),
    drafts: without(state.drafts, from).set(key, draft.filter(Boolean).join("\n")),
    outbox: state.outbox.map((entry) => (entry.room === from ? { ...entry, room: key } : entry)),
    currentRoom: state.currentRoom === from ? key : state.currentRoom,
    talksRenamed: state.talksRenamed + (key === from ? 0 : 1),
  };
}

/** `state` without private talks, for a user under another nickname, who may be another person.
 *
 * Lines that wait to be sent are sent: only a user who has not left has any.
 */
export function withoutTalks(state, now) {
  const { talksOwner, currentRoom } = state;
  const drafts = new Map([...state.drafts].filter(([key]) => !isTalk(key)));
  const outbox = state.outbox.filter((entry) => entry.status === "waiting" || !isPrivate(entry));
  const next = {
    ...state,
    rooms: new Map([...state.rooms].filter(([key]) => !isTalk(key))),
    currentRoom: isTalk(currentRoom) ? LOBBY : currentRoom,
    drafts,
    outbox,
  };
  const isAnythingLost =
    outbox.length < state.outbox.length ||
    [...state.drafts].some(([key, text]) => text && !drafts.has(key));
  return isAnythingLost
    ? appendReplies(
        next,
        [["What ", { name: talksOwner }, " had not sent in private talks was removed."]],
        now,
      )
    : next;
}
