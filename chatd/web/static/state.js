/** The state of the page, one frozen value, and how a part of it becomes another. Pure. */

import { LOBBY, folded } from "./names.js";
import { rooms as inhabited } from "./people.js";
import { KEPT_ASIDE_ITEMS, KEPT_ITEMS, appended, oldest } from "./timeline.js";

/** The state of a page that was just opened.
 *
 * `link`: how the page stands with the server: connecting, watching, online, waiting (`until` then,
 *   in milliseconds since 1970) or left.
 * `me`: the nickname while online. `wanted`: the one to enter with, by itself after a loss;
 *   `isReturning` then. `account`: the nickname whose password is asked for.
 * `home`: the rooms that the person is in, or goes back to.
 * `changes`: how often people came, went, or were called something else.
 */
export const BEGINNING = Object.freeze({
  link: Object.freeze({ is: "connecting" }),
  server: "",
  started: 0,
  me: "",
  wanted: "",
  isReturning: false,
  account: null,
  problem: "",
  rooms: new Map([[LOBBY, room(LOBBY)]]),
  shown: LOBBY,
  home: new Map([[LOBBY, LOBBY]]),
  people: new Map(),
  listing: [],
  changes: 0,
  backlog: [],
  drafts: new Map(),
  isHidden: false,
});

/** A room of which nothing is known yet.
 *
 * `isRead`: what was said before is here, up to what is heard. `beginning`: the number of
 *   the message before which there is nothing older on the server; 0 while that is not known.
 */
export function room(name) {
  return { name, items: [], unread: 0, isRead: false, beginning: 0 };
}

/** Whether there is nothing older than what is here of a room. */
export function isWhole({ items, beginning }) {
  const first = oldest(items)?.seq ?? 0;
  return first === beginning || first === 1;
}

/** `state` with another value of one room, made by `change`. */
export function withRoom(state, name, change) {
  const key = folded(name);
  return {
    ...state,
    rooms: new Map(state.rooms).set(key, change(state.rooms.get(key) ?? room(name))),
  };
}

/** `state` with all rooms changed. */
export function withRooms(state, change) {
  return { ...state, rooms: new Map([...state.rooms].map(([key, each]) => [key, change(each)])) };
}

/** How many items of a room are kept. */
export function kept(state, name) {
  return folded(name) === state.shown ? KEPT_ITEMS : KEPT_ASIDE_ITEMS;
}

/** `state` with an item at the end of one room. */
export function noted(state, name, item) {
  return withRoom(state, name, (each) => ({
    ...each,
    items: appended(each.items, item, kept(state, name)),
  }));
}

/** `state` with an item at the end of all rooms that the person is in or looks at. */
export function notedHere(state, item) {
  const here = new Set([state.shown, ...(state.me ? state.home.keys() : [])]);
  return [...here].reduce((all, key) => noted(all, all.rooms.get(key)?.name ?? key, item), state);
}

/** Whether the messages of a room are heard as they are said. */
export function isLive(state, key) {
  return state.me ? state.home.has(key) : state.link.is === "watching";
}

/** Whether a message that comes now, in the room with this key, is not seen by the person. */
export function isUnseen(state, key) {
  return state.isHidden || key !== state.shown;
}

/** The rooms to choose from, sorted: those that people are in, and those of the person.
 *
 * Where something is half-written, it can be found again, whoever is there.
 */
export function choice(state) {
  const all = new Map(inhabited(state.people));
  const mine = state.me || state.isReturning ? [...state.home] : [];
  for (const [key, name] of [
    [LOBBY, LOBBY],
    ...mine,
    ...drafted(state).map((key) => [key, state.rooms.get(key)?.name ?? key]),
    [state.shown, state.rooms.get(state.shown).name],
  ]) {
    all.set(key, all.get(key) ?? { room: name, members: 0 });
  }
  const sorted = [...all].sort(([one], [other]) =>
    one === LOBBY ? -1 : other === LOBBY ? 1 : one < other ? -1 : 1,
  );
  return sorted.map(([key, { room: name, members }]) => ({ key, name, members }));
}

/** The keys of the rooms for which something is half-written. */
export function drafted({ drafts }) {
  return [...drafts].flatMap(([key, text]) => (text ? [key] : []));
}

/** How many messages came that the person has not seen, where they are listened to. */
export function unread(state) {
  const where =
    state.me || state.isReturning ? new Set([...state.home.keys(), state.shown]) : [state.shown];
  return [...where].reduce((sum, key) => sum + (state.rooms.get(key)?.unread ?? 0), 0);
}
