/** The users in the chat, and their rooms: frozen values, keyed by casefolded nickname. Pure.
 *
 * The connection of a user who `isAway` is lost, and the user may come back within seconds. Only a
 * list tells that; whoever does something is not away in this sense. `awayText` is what the user has
 * said to be away for, empty if the user is not.
 */

import { LOBBY, casefold } from "./names.js";

/** The users of a list as the server sends it. */
export function fromList(list) {
  return new Map(
    list.map(({ nickname, rooms, away = false, away_text: awayText = "" }) => [
      casefold(nickname),
      {
        nickname,
        rooms: new Map(rooms.map((room) => [casefold(room), room])),
        isAway: away,
        awayText,
      },
    ]),
  );
}

/** `users` with one who entered. Most begin in the lobby; the next list corrects the others. */
export function addUser(users, nickname) {
  return addToRoom(users, LOBBY, nickname);
}

/** `users` in which one who has done something is not away. */
export function markPresent(users, nickname) {
  const key = casefold(nickname);
  const user = users.get(key);
  return user?.isAway ? new Map(users).set(key, { ...user, isAway: false }) : users;
}

/** `users` in which one is away for a reason, or is back if that is empty. */
export function setAway(users, nickname, awayText) {
  const key = casefold(nickname);
  const user = users.get(key);
  return user ? new Map(users).set(key, { ...user, awayText }) : users;
}

/** `users` without one who left. */
export function removeUser(users, nickname) {
  const all = new Map(users);
  all.delete(casefold(nickname));
  return all;
}

/** `users` with another nickname for one. */
export function renameUser(users, oldNickname, newNickname) {
  const { rooms = new Map(), awayText = "" } = users.get(casefold(oldNickname)) ?? {};
  return removeUser(users, oldNickname).set(casefold(newNickname), {
    nickname: newNickname,
    rooms,
    awayText,
  });
}

/** `users` with one more in a room. */
export function addToRoom(users, room, nickname) {
  const { rooms = new Map(), awayText = "" } = users.get(casefold(nickname)) ?? {};
  return new Map(users).set(casefold(nickname), {
    nickname,
    rooms: new Map(rooms).set(casefold(room), room),
    awayText,
  });
}

/** `users` with one less in a room. */
export function removeFromRoom(users, room, nickname) {
  const user = users.get(casefold(nickname));
  const rooms = new Map(user?.rooms);
  rooms.delete(casefold(room));
  return new Map(users).set(casefold(nickname), {
    nickname,
    rooms,
    awayText: user?.awayText ?? "",
  });
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
