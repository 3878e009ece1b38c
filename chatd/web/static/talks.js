/** Private talks: each is kept as a room, `@ice` or `@ice,moon` after the others in it. Pure.
 *
 * No room of the server has such a name, as they begin with `#`. A typed line for a talk is read with
 * this name as its target; see commands.js.
 */

import { casefold, isSameName } from "./names.js";

/** Whether a room, given by its name or key, is a private talk. */
export function isTalk(name) {
  return name.startsWith("@");
}

/** The name of the talk with these users. */
export function talkName(nicknames) {
  const all = new Map(nicknames.map((nickname) => [casefold(nickname), nickname]));
  return `@${[...all]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, nickname]) => nickname)
    .join(",")}`;
}

/** The users whom the user called `nickname` talks with in a private message. */
export function talkOf({ source, to }, nickname) {
  const others = [source, ...to].filter((name) => !isSameName(name, nickname));
  return talkName(others.length ? others : [nickname]);
}

/** The others in a talk. */
export function talkMembers(name) {
  return name.slice(1).split(",");
}

/** Whether the user called `nickname` is in a talk. */
export function isInTalk(name, nickname) {
  return isTalk(name) && talkMembers(name).some((each) => isSameName(each, nickname));
}
