/** Compares typed words with the names of commands: finds near misses and dangerous slips. Pure.
 *
 * The rules are those of chatd/wire/command_names.py.
 */

import { escape } from "./escape.js";
import { casefold } from "./names.js";
import { AT, NotSent, SLASH, isAt, splitWord, withoutInvisibles } from "./recipients.js";

/** How much an error quotes of an unknown command, and of an invalid argument. */
const MAX_COMMAND_CHARACTERS = 25;
const MAX_ARGUMENT_CHARACTERS = 80;
/** How many characters may be wrong in the name of a command, so that the right one is named. */
const MAX_TYPING_ERRORS = 2;

/** These send private texts, so a slip in their names must not go unnoticed. */
const PRIVATE_COMMANDS = new Set(["/msg", "/message"]);
/** Nor in these: behind them is a code, the word of a room, or why a member is thrown out. */
const SECRET_COMMANDS = new Set(["/host", "/key", "/kick", "/ban", "/mute"]);

/** What keyboards and input methods give for `/`, or for a key beside it. */
const ALMOST_SLASH =
  /^[\\\uff3c\ufe68|\u00a6.,;:!?\u00bf_\-7&#\u3002\u3001\u30fb\uff65\u00f7\u00a5\uffe5\u20a9]{1,3}/;
/** Of these, what other words begin with: `#ban`, `-host`. */
const BEFORE_WORDS = /[#\-_:]/;

/** `word` in the form in which commands are compared. */
export function commandName(word) {
  const name = casefold(withoutInvisibles(firstCharacters(word, MAX_ARGUMENT_CHARACTERS)));
  return isAt(name, 0, SLASH) ? `/${name.slice(1)}` : name;
}

/** Refuse a line whose first word is a command that is not for all, but for its slash. */
export function checkNoSlip(name, argument) {
  const found = ALMOST_SLASH.exec(name)?.[0];
  if (!found) {
    return;
  }
  const meant = `/${name.slice(found.length)}`;
  const isSecret = SECRET_COMMANDS.has(meant) && argument && !BEFORE_WORDS.test(found);
  if (PRIVATE_COMMANDS.has(meant) || isSecret) {
    throw new NotSent(`Did you mean ${meant}? Commands begin with /. Nothing was sent.`);
  }
}

/** What a line of a pasted text would be by itself, if it is not for all; empty if it may be. */
export function meantForFew(line) {
  const [word, argument] = splitWord(withoutInvisibles(line));
  if (!argument) {
    return "";
  }
  const isMention = isAt(word, 0, AT) && word.length > 1 && !isAt(word, 1, AT);
  const name = commandName(word);
  if (isMention || PRIVATE_COMMANDS.has(name)) {
    return "a private message";
  }
  return SECRET_COMMANDS.has(name) ? `the command ${name}` : "";
}

/** The sentence about a first word that is none of the names `known`. */
export function unknownCommand(word, argument, known) {
  const name = commandName(word);
  // "/ msg ice hi": the space is too much.
  const meant = name === "/" ? commandName(`/${splitWord(argument)[0]}`) : name;
  const nearest = known.includes(meant) ? meant : nearestCommand(meant, known);
  const quoted = quote(withoutInvisibles(word), MAX_COMMAND_CHARACTERS);
  const suggestion = nearest ? `; did you mean ${nearest}? /help` : "; /help";
  return (
    `There is no command ${quoted}${suggestion} lists them, ` +
    "and //… sends a line that begins with /."
  );
}

/** The command that `name` is a beginning of, or differs least from; empty if none is near. */
function nearestCommand(name, known) {
  const { length } = [...name];
  if (length < 2 || length > MAX_COMMAND_CHARACTERS) {
    return "";
  }
  let nearest = "";
  let fewest = Math.min(MAX_TYPING_ERRORS, length - 2) + 1;
  for (const each of known) {
    if (each.startsWith("/")) {
      const errors = each.startsWith(name) ? 1 : typingErrors([...name], [...each]);
      if (errors < fewest) {
        [nearest, fewest] = [each, errors];
      }
    }
  }
  return nearest;
}

/** How many characters are missing, too many, wrong or swapped with the next one. */
function typingErrors(one, other) {
  const rows = [[...other.keys(), other.length]];
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isWrong = one[i - 1] === other[j - 1] ? 0 : 1;
      let cost = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + isWrong);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        cost = Math.min(cost, rows[i - 2][j - 2] + 1);
      }
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[one.length][other.length];
}

/** The beginning of an invalid argument, for an error. */
export function quoteArgument(text) {
  return quote(text, MAX_ARGUMENT_CHARACTERS);
}

function quote(text, maxCharacters) {
  return escape(firstCharacters(text, maxCharacters));
}

/** The first code points of `text`. */
function firstCharacters(text, maxCharacters) {
  return [...text.slice(0, 2 * maxCharacters)].slice(0, maxCharacters).join("");
}
