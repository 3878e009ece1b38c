/** Who is here, and in which rooms: frozen values by folded nickname. Pure. */

import { LOBBY, folded } from "./names.js";

/** The people of a list of users, as the server sends it. */
export function listed(users) {
  return new Map(
    users.map(({ nickname, rooms }) => [
      folded(nickname),
      { nickname, rooms: new Map(rooms.map((room) => [folded(room), room])) },
    ]),
  );
}

/** Somebody entered; most begin in the lobby, and the next list knows of the others. */
export function entered(people, nickname) {
  return joined(people, LOBBY, nickname);
}

/** Somebody is gone. */
export function left(people, nickname) {
  const all = new Map(people);
  all.delete(folded(nickname));
  return all;
}

/** Somebody is called something else. */
export function renamed(people, old, now) {
  const rooms = people.get(folded(old))?.rooms ?? new Map();
  return left(people, old).set(folded(now), { nickname: now, rooms });
}

/** Somebody came into a room. */
export function joined(people, room, nickname) {
  const rooms = people.get(folded(nickname))?.rooms ?? new Map();
  return new Map(people).set(folded(nickname), {
    nickname,
    rooms: new Map(rooms).set(folded(room), room),
  });
}

/** Somebody went out of a room. */
export function parted(people, room, nickname) {
  const rooms = new Map(people.get(folded(nickname))?.rooms);
  rooms.delete(folded(room));
  return new Map(people).set(folded(nickname), { nickname, rooms });
}

/** The rooms that people are in, by folded name: how each is written, and how many are in it. */
export function rooms(people) {
  const all = new Map();
  for (const person of people.values()) {
    for (const [key, room] of person.rooms) {
      all.set(key, { room, members: (all.get(key)?.members ?? 0) + 1 });
    }
  }
  return all;
}
