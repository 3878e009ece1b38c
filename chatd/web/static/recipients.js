/** Reads the recipients of a private message: the nicknames at the start of a typed line. Pure.
 *
 * The rules are those of chatd/wire/recipients.py, where they are explained. The cases in
 * tests/slash_commands.json are for both.
 */

/** The line cannot be sent; the message tells the user why. */
export class NotSent extends Error {}

// Each with its full-width and small forms, and what looks like it.
export const AT = "@\uff20\ufe6b";
export const SLASH = "/\uff0f\u2215\u2044\u29f8";
export const HASH = "#\uff03\ufe5f";
const COMMA = ",\uff0c\ufe50\ufe10\u3001\uff64\ufe51\ufe11\u060c";
export const COLON = ":\uff1a\ufe55\ufe13";

/** Recipients of one private message. */
export const MAX_RECIPIENTS = 32;

// Parts of character classes: what Python's str.isspace() takes for white space, and what shows
// nothing.
const WHITE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const INVISIBLE = "\\p{Default_Ignorable_Code_Point}\\u2800\\ufff9-\\ufffb";

const WHITE_CHARACTER = new RegExp(`^[${WHITE}]$`);
const WHITE_SPACE = new RegExp(`[${WHITE}]+`);
const INVISIBLES = new RegExp(`[${INVISIBLE}]+`, "gu");
const BLANKS = new RegExp(`[${WHITE}${INVISIBLE}]*`, "uy");
const NAME_AFTER_AT = new RegExp(
  `[0-9]+(?:\\.[0-9]+){3}:[0-9]+(?![^${WHITE}${INVISIBLE}${AT}${COMMA}${COLON}])` +
    `|[^${WHITE}${AT}${COMMA}${COLON}]*`,
  "uy",
);
const NAME = new RegExp(`[^${WHITE}${AT}${COMMA}]*`, "uy");
const ADDRESS_AND_PORT = /^[0-9]+(?:\.[0-9]+){3}:[0-9]+$/;
const AT_SIGNS = new RegExp(`[${AT}${INVISIBLE}]*`, "uy");
const SEPARATORS = new RegExp(`[${WHITE}${INVISIBLE}${COMMA}]*`, "uy");
const LIST_SEPARATORS = new RegExp(`[${WHITE}${AT}${COMMA}]+`);
const HAS_COMMA = new RegExp(`[${COMMA}]`);

const UNCLEAR =
  "It is not clear who this is for. Type @NAME TEXT, or @NAME,NAME TEXT " +
  "without a space after @ or at a comma.";

/** Whether the character of `text` at `position` is one of `characters`. */
export function isAt(text, position, characters) {
  return position < text.length && characters.includes(text[position]);
}

/** The position of the first character from `position` that is neither white nor invisible. */
export function skipBlanks(text, position = 0) {
  return match(BLANKS, text, position)[1];
}

/** `text` without the characters that show nothing. */
export function withoutInvisibles(text) {
  return text.replace(INVISIBLES, "");
}

/** As Python's `text.rstrip()`. */
export function stripEnd(text) {
  // Not a regular expression: it would try each run of white space again from each of its
  // characters.
  let end = text.length;
  while (end > 0 && WHITE_CHARACTER.test(text[end - 1])) {
    end -= 1;
  }
  return text.slice(0, end);
}

/** As Python's `text.strip()`. */
export function strip(text) {
  let start = 0;
  while (start < text.length && WHITE_CHARACTER.test(text[start])) {
    start += 1;
  }
  return stripEnd(text.slice(start));
}

/** The first word of `text`, and what follows it. */
export function splitWord(text) {
  const found = WHITE_SPACE.exec(text);
  return found
    ? [text.slice(0, found.index), strip(text.slice(found.index + found[0].length))]
    : [text, ""];
}

/** The words of `text`, as Python's `text.split()`. */
export function splitWords(text) {
  return text.split(WHITE_SPACE).filter((word) => word !== "");
}

/** What comes before the last word of `text`, and that word. */
export function splitLastWord(text) {
  const trimmed = stripEnd(text);
  let start = trimmed.length;
  while (start > 0 && !WHITE_CHARACTER.test(trimmed[start - 1])) {
    start -= 1;
  }
  return [stripEnd(trimmed.slice(0, start)), trimmed.slice(start)];
}

/** The nickname in a word, without invisible characters and a colon behind it. */
export function cleanName(word) {
  const name = withoutInvisibles(word);
  return [...name].length > 1 && isAt(name, name.length - 1, COLON) ? name.slice(0, -1) : name;
}

/** Whether `text` has a comma of any kind, which no nickname has. */
export function hasComma(text) {
  return HAS_COMMA.test(text);
}

/** The nicknames in `text`, which has nothing else: `moon, sun` or `@moon @sun`. */
export function readRecipientList(text) {
  const names = text.split(LIST_SEPARATORS).map(cleanName).filter(Boolean);
  if (names.length > MAX_RECIPIENTS) {
    throw tooManyRecipients();
  }
  return names;
}

function tooManyRecipients() {
  return new NotSent(`A private message needs 1 to ${MAX_RECIPIENTS} recipients.`);
}

/** The nicknames at the start of `text`, and the rest; an empty rest if there is no message. */
export function splitRecipients(text) {
  const names = [];
  const rest = readRecipients(text, names);
  return [names, rest];
}

/** The nicknames at the start of `text`, which is still being typed. */
export function recipientsSoFar(text) {
  const names = [];
  try {
    readRecipients(text, names);
  } catch (error) {
    if (!(error instanceof NotSent)) {
      throw error;
    }
  }
  return names.slice(0, MAX_RECIPIENTS);
}

/** Add the nicknames at the start of `text` to `names`, and return the rest. */
function readRecipients(text, names) {
  const isMarked = isAt(text, 0, AT);
  let position = 0;
  for (;;) {
    const [signs, start] = match(AT_SIGNS, text, position);
    const [name, end] = readName(text, start, isMarked);
    position = end;
    if (!name) {
      if ([...signs].some((character) => AT.includes(character))) {
        throw new NotSent(UNCLEAR);
      }
      names.length = 0;
      return "";
    }
    names.push(name);
    if (names.length > MAX_RECIPIENTS) {
      throw tooManyRecipients();
    }
    if (isAt(text, position, COLON)) {
      position = skipBlanks(text, position + 1);
      break;
    }
    const [next, isName] = skipSeparators(text, position, isMarked);
    position = next;
    if (!isName) {
      break;
    }
  }
  const rest = stripEnd(text.slice(position));
  if (isAt(rest, 0, AT) || (!isMarked && hasUnclearColon(names))) {
    throw new NotSent(UNCLEAR);
  }
  return rest;
}

/** What the user types before a private message to `nickname`. */
export function privatePrefix(nickname) {
  if (match(NAME_AFTER_AT, nickname, 0)[1] === nickname.length) {
    return `@${nickname} `;
  }
  // With a colon at its end, the name needs another one, which is taken for punctuation.
  return `/msg ${nickname}${isAt(nickname, nickname.length - 1, COLON) ? ":" : ""} `;
}

function readName(text, position, isMarked) {
  const [found, end] = match(isMarked ? NAME_AFTER_AT : NAME, text, position);
  const name = withoutInvisibles(found);
  if (!isMarked && [...name].length > 1 && isAt(name, name.length - 1, COLON)) {
    // "/msg moon: hi": the colon is no part of the name, and ends the list.
    return [name.slice(0, -1), position + found.lastIndexOf(name[name.length - 1])];
  }
  return [name, end];
}

/** The position after white space and commas, and whether another nickname begins there. */
function skipSeparators(text, position, isMarked) {
  const [found, end] = match(SEPARATORS, text, position);
  const separators = withoutInvisibles(found);
  const hasComma = HAS_COMMA.test(separators);
  if (end === text.length) {
    return [end, false];
  }
  if (isAt(text, end, AT)) {
    return [end, hasComma || isMarked];
  }
  if (hasComma && WHITE_SPACE.test(separators)) {
    throw new NotSent(UNCLEAR); // "@moon, sun hi": is sun a recipient or the first word?
  }
  return [end, hasComma];
}

/** Whether one of several names may be a name with text behind it: `moon,sun:hi`. */
function hasUnclearColon(names) {
  return (
    names.length > 1 &&
    names.some(
      (name) =>
        [...name].some((character) => COLON.includes(character)) && !ADDRESS_AND_PORT.test(name),
    )
  );
}

/** What the sticky `pattern` matches in `text` at `position`, and the end of it. */
function match(pattern, text, position) {
  pattern.lastIndex = position;
  const found = pattern.exec(text)?.[0] ?? "";
  return [found, position + found.length];
}
