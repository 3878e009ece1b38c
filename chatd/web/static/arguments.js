/** Reads the arguments of typed commands, and makes their frames. Pure.
 *
 * The rules are those of chatd/wire/arguments.py.
 */

import { casefold } from "./names.js";
import { AT, HASH, NotSent, isAt, splitWord, withoutInvisibles } from "./recipients.js";
import { readRoom } from "./search_line.js";

/** JSON has no larger integers that every parser reads exactly; so many digits are less. */
const NUMBER = /^[0-9]{1,15}$/;
/** What no single line has: control characters, and what some programs take for a line end. */
const NO_LINE = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;

export function createFrame(type, data) {
  return data ? { type, data } : { type };
}

export function requireArgument(argument, usage) {
  if (!argument) {
    throw new NotSent(`Usage: ${usage}`);
  }
}

/** Whether `text` is not empty, and has no white space. */
export function isOneWord(text) {
  return text !== "" && splitWord(text)[0] === text;
}

/** The number that `text` has, if it has nothing else; it may be 0. */
export function readNumber(text) {
  return NUMBER.test(text) ? Number(text) : null;
}

/** The recipients of a private talk `@ice,moon`; none of a room. */
export function talkOf(target) {
  return target.startsWith("@") ? target.slice(1).split(",") : [];
}

/** The room that the user's lines go to, or NotSent if it is a private talk. */
export function roomOf(target, usage) {
  if (talkOf(target).length) {
    throw new NotSent(`A private talk is no room. Usage: ${usage}`);
  }
  return target;
}

/** The room `#dev` at the beginning of `argument`, empty if there is none, and the rest. */
export function splitRoom(argument) {
  const [word, rest] = splitWord(argument);
  return isAt(word, 0, HASH) ? [readRoom(word), rest] : ["", argument];
}

/** `text` without the signs `@` at its beginning. */
export function withoutAt(text) {
  let start = 0;
  while (isAt(text, start, AT)) {
    start += 1;
  }
  return text.slice(start);
}

/** The frame of a command that takes a nickname. */
export function withNickname(type, usage) {
  return (argument) => {
    const nickname = withoutAt(withoutInvisibles(argument));
    requireArgument(isOneWord(nickname), usage);
    return createFrame(type, { nickname });
  };
}

/** The frame of a command that takes a room. */
export function withRoomName(type, usage) {
  return (argument) => {
    requireArgument(argument, usage);
    return createFrame(type, { room: readRoom(argument) });
  };
}

/** The frame of a command that takes nothing. */
export function only(type) {
  return () => createFrame(type);
}

/** `text`, if it is one line of at most `maxCharacters`; `subject` is that of the sentence if not. */
export function oneLine(text, maxCharacters, subject) {
  if (text.length > maxCharacters && [...text].length > maxCharacters) {
    throw new NotSent(`${subject} may have at most ${maxCharacters} characters.`);
  }
  const found = NO_LINE.exec(text);
  if (found) {
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    throw new NotSent(`${subject} is one line, and may not contain U+${code}.`);
  }
  return text;
}

/** The start of `text` in the form in which words are compared: enough for a short one. */
export function shortWord(text) {
  return casefold([...text.slice(0, 32)].slice(0, 16).join(""));
}
