/** What the word at the cursor may become: a command, a nickname or a room. Pure. */

import { help } from "./commands.js";
import { casefold, isSameName } from "./names.js";
import { AT, HASH, SLASH, privatePrefix, stripEnd } from "./recipients.js";
import { listRooms } from "./state.js";

/** Suggestions that are shown. */
export const MAX_SUGGESTIONS = 8;

/** The commands that a nickname follows. */
const BEFORE_NICKNAME = /^\/(?:msg|whois|query|ignore|unignore) $/i;

/** `{ start, end, suggestions }` for the word before the cursor; null if there is nothing.
 *
 * A suggestion has the `text` that replaces the word from `start` to `end`, and a `label` and a
 * `description` to show.
 */
export function complete(state, text, cursor) {
  const before = text.slice(0, cursor);
  const start = 1 + Math.max(...[" ", "\n", "\t"].map((blank) => before.lastIndexOf(blank)));
  const word = before.slice(start);
  const all = find(state, word, before.slice(0, start));
  const suggestions = all.slice(0, MAX_SUGGESTIONS);
  const isDone = suggestions.length === 1 && stripEnd(suggestions[0].text) === word;
  return suggestions.length && !isDone ? { start, end: cursor, suggestions } : null;
}

function find(state, word, before) {
  const [first] = word;
  const rest = word.slice(1);
  if (first !== undefined && SLASH.includes(first)) {
    return before === "" ? commands(rest) : [];
  }
  if (first !== undefined && AT.includes(first)) {
    return nicknames(state, rest).map((nickname) => ({
      text: before.trim() === "" ? privatePrefix(nickname) : `@${nickname} `,
      label: nickname,
      description: before.trim() === "" ? "private message" : "",
    }));
  }
  if (first !== undefined && HASH.includes(first)) {
    return rooms(state, rest);
  }
  return word && BEFORE_NICKNAME.test(before)
    ? nicknames(state, word).map((label) => ({ text: `${label} `, label, description: "" }))
    : [];
}

function commands(prefix) {
  return help().flatMap(([usage, description]) =>
    usage
      .split(" ")
      .map((name) => name.replace(",", ""))
      .filter((name) => /^\/[a-z]/.test(name) && name.slice(1).startsWith(prefix.toLowerCase()))
      .map((name) => ({ text: `${name} `, label: name, description })),
  );
}

/** The nicknames that begin so, without the user's own; those in the current room first. */
function nicknames({ users, currentRoom, nickname: own }, prefix) {
  const key = casefold(prefix);
  const isHere = ({ rooms }) => (rooms.has(currentRoom) ? 0 : 1);
  return [...users]
    .filter(([each, { nickname }]) => each.startsWith(key) && !(own && isSameName(nickname, own)))
    .sort(([one, user], [other, otherUser]) =>
      isHere(user) - isHere(otherUser) || (one < other ? -1 : 1),
    )
    .map(([, { nickname }]) => nickname);
}

function rooms(state, prefix) {
  const key = `#${casefold(prefix)}`;
  return listRooms(state)
    .filter((room) => room.key.startsWith(key))
    .map(({ name }) => ({ text: `${name} `, label: name, description: "" }));
}
