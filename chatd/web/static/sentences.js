/** What the page says in words. Pure.
 *
 * A sentence is a list of strings and of names, `{ name }`, which others have chosen.
 */

import { folded } from "./names.js";

/** What happened, by the type of the frame; the words are those of chatd/wire/lines.py. */
export const EVENTS = {
  entered: ({ nickname }) => [{ name: nickname }, " has entered the chat"],
  left: ({ nickname, reason }) => [{ name: nickname }, ` has left the chat (${reason})`],
  renamed: ({ old, new: now }) => [{ name: old }, " renamed to ", { name: now }],
  joined: ({ room, nickname }) => [{ name: nickname }, " has joined ", { name: room }],
  parted: ({ room, nickname }) => [{ name: nickname }, " has left ", { name: room }],
};

/** Who is here, a sentence each. */
export function people(users) {
  return users.map(({ nickname, rooms }) => [
    { name: nickname },
    ...(rooms.length ? [" in "] : []),
    ...rooms.flatMap((room, at) => (at ? [", ", { name: room }] : [{ name: room }])),
  ]);
}

/** The rooms, a sentence each. */
export function rooms(all) {
  return all.map(({ room, members }) => [{ name: room }, `: ${counted(members, "member")}`]);
}

/** What was asked for of a room's history is in the log, or nowhere. */
export function nothingNew(room, number) {
  return number
    ? ["The last messages of ", { name: room }, " are in the log already."]
    : ["No messages of ", { name: room }, " are kept."];
}

/** Whom a private message did not reach. */
export function missed(those) {
  const names = those.flatMap(({ nickname, reason }, at) => [
    at ? ", " : "",
    { name: nickname },
    ` (${reason})`,
  ]);
  return ["Not reached: ", ...names];
}

/** Why the server said goodbye, for a person who did not ask for it. */
export function goodbye(reason) {
  return reason === "inactive"
    ? "You were silent for so long that the server let you go. Join again whenever you like."
    : `The server said goodbye: ${reason}.`;
}

/** The state of the page: what is said of it, and the part of it that changes every second. */
export function standing(state, now) {
  switch (state.link.is) {
    case "connecting":
      return ["Connecting…", ""];
    case "online":
      return [`Online as ${state.me}`, ""];
    case "waiting":
      // Rounded up: it says 1 s until the last moment, never 0.
      return ["Reconnecting", ` in ${Math.max(1, Math.ceil((state.link.until - now) / 1000))} s`];
    case "left":
      return ["You have left", ""];
    default:
      return [state.wanted ? `Entering as ${state.wanted}…` : "Watching", ""];
  }
}

/** So many of something. */
export function counted(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

/** Whether two names are one. */
export function isSame(one, other) {
  return folded(one) === folded(other);
}
