/** The users in the chat, and their rooms: frozen values, keyed by casefolded nickname. Pure.
 *
 * The connection of a user who `isAway` is lost, and the user may come back within seconds. Only a
 * list tells that; whoever does something is not away in this sense. `awayText` is what the user has
 * said to be away for, empty if the user is not. One who `isHost` is a host of the whole chat;
 * `operatorOf` has the keys of the rooms of which the user is an operator, `voicedIn` of those where
 * the user writes also while they are read-only.
 */

import { LOBBY, casefold } from "./names.js";

const NEW = {
  rooms: new Map(),
  isAway: false,
  awayText: "",
  isHost: false,
  operatorOf: new Set(),
  voicedIn: new Set(),
};

/** The users of a list as the server sends it. */
export function fromList(list) {
  return new Map(
    list.map((user) => [
      casefold(user.nickname),
      {
        nickname: user.nickname,
        rooms: new Map(user.rooms.map((room) => [casefold(room), room])),
        isAway: user.away ?? false,
        awayText: user.away_text ?? "",
        isHost: user.host ?? false,
        operatorOf: new Set((user.operator ?? []).map(casefold)),
        voicedIn: new Set((user.voice ?? []).map(casefold)),
      },
    ]),
  );
}

/** `users` in which `changes` apply to one who is there. */
function change(users, nickname, changes) {
  const key = casefold(nickname);
  const user = users.get(key);
  return user ? new Map(users).set(key, { ...user, ...changes }) : users;
}

/** `users` with one who entered. Most begin in the lobby; the next list corrects the others. */
export function addUser(users, nickname, isHost = false) {
  return change(addToRoom(users, LOBBY, nickname), nickname, { isHost });
}

/** `users` in which one who has done something is not away. */
export function markPresent(users, nickname) {
  return users.get(casefold(nickname))?.isAway ? change(users, nickname, { isAway: false }) : users;
}

/** `users` in which one is away for a reason, or is back if that is empty. */
export function setAway(users, nickname, awayText) {
  return change(users, nickname, { awayText });
}

/** `users` in which one is a host, or is not. */
export function setHost(users, nickname, isHost) {
  return change(users, nickname, { isHost });
}

/** `users` in which one has a role in a room, `operatorOf` or `voicedIn`, or has it no more. */
export function setRole(users, nickname, role, room, isGiven) {
  const user = users.get(casefold(nickname)) ?? NEW;
  const key = casefold(room);
  const others = [...user[role]].filter((each) => each !== key);
  return change(users, nickname, { [role]: new Set(isGiven ? [...others, key] : others) });
}

/** `users` without one who left. */
export function removeUser(users, nickname) {
  const all = new Map(users);
  all.delete(casefold(nickname));
  return all;
}

/** `users` with another nickname for one. */
export function renameUser(users, oldNickname, newNickname) {
  return removeUser(users, oldNickname).set(casefold(newNickname), {
    ...NEW,
    ...users.get(casefold(oldNickname)),
    nickname: newNickname,
    isAway: false,
  });
}

/** `users` with one more in a room; the first one in it is its operator. */
export function addToRoom(users, room, nickname) {
  const user = users.get(casefold(nickname)) ?? NEW;
  const key = casefold(room);
  const isFirst = key !== LOBBY && ![...users.values()].some(({ rooms }) => rooms.has(key));
  return new Map(users).set(casefold(nickname), {
    ...user,
    nickname,
    rooms: new Map(user.rooms).set(key, room),
    isAway: false,
    operatorOf: isFirst ? new Set([...user.operatorOf, key]) : user.operatorOf,
  });
}

/** `users` with one less in a room. */
export function removeFromRoom(users, room, nickname) {
  const user = users.get(casefold(nickname)) ?? NEW;
  const key = casefold(room);
  const rooms = new Map(user.rooms);
  rooms.delete(key);
  return new Map(users).set(casefold(nickname), {
    ...user,
    nickname,
    rooms,
    isAway: false,
    operatorOf: new Set([...user.operatorOf].filter((each) => each !== key)),
    voicedIn: new Set([...user.voicedIn].filter((each) => each !== key)),
  });
}

/** `users` of a list for everyone, who in the private rooms with these `keys` are as `before`. */
export function withPrivateRooms(users, before, keys) {
  return new Map(
    [...users].map(([name, user]) => {
      const known = before.get(name);
      const kept = known ? keys.filter((key) => known.rooms.has(key)) : [];
      const all = {
        ...user,
        rooms: new Map([...user.rooms, ...kept.map((key) => [key, known.rooms.get(key)])]),
        operatorOf: new Set([
          ...user.operatorOf,
          ...kept.filter((key) => known.operatorOf.has(key)),
        ]),
        voicedIn: new Set([...user.voicedIn, ...kept.filter((key) => known.voicedIn.has(key))]),
      };
      return [name, kept.length ? all : user];
    }),
  );
}

/** The rooms that users are in, by casefolded name: `{ room, members }`, a name and a number. */
export function roomsInUse(users) {
  const all = new Map();
  for (const user of users.values()) {
    for (const [key, room] of user.rooms) {
      all.set(key, { room, members: (all.get(key)?.members ?? 0) + 1 });
    }
  }
  return all;
}
