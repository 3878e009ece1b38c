/** Parses a typed line into a frame, or throws NotSent with the reason. Pure.
 *
 * The commands are those of chatd/wire/slash_commands.py; tests/browser/test_parity.py compares the
 * two. Whether a name is valid is left to the server. Besides the frames of the protocol there are
 * "help", "switch-room", "prompt-private" and "more-results", which session.js carries out.
 */

import { escape } from "./escape.js";
import { casefold } from "./names.js";
import {
  AT,
  NotSent,
  SLASH,
  isAt,
  skipBlanks,
  splitRecipients,
  splitWord,
  strip,
  stripEnd,
  withoutInvisibles,
} from "./recipients.js";
import { parseSearch, readRoom } from "./search_line.js";

export { NotSent, readRoom as roomName };

/** Length of a message, in code points. */
export const MAX_MESSAGE_CHARACTERS = 4096;
/** Lines of a message. */
const MAX_MESSAGE_LINES = 256;
/** Size of a frame; the server closes the connection after a longer one. */
const MAX_FRAME_BYTES = 65_536;
/** Space in a frame for its id. */
const ID_BYTES = 64;
/** How much an error quotes of an unknown command, and of an invalid argument. */
const MAX_COMMAND_CHARACTERS = 25;
const MAX_ARGUMENT_CHARACTERS = 80;

const CONTROL_CHARACTER = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** A half of a surrogate pair: with the flag `u`, whole pairs do not match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** What keyboards and input methods give for `/`, or for a key beside it. */
const ALMOST_SLASH =
  /^[\\\uff3c\ufe68|\u00a6.,;:!?\u00bf_\-7&#\u3002\u3001\u30fb\uff65\u00f7\u00a5\uffe5\u20a9]{1,3}/;
/** How many characters may be wrong in the name of a command, so that the right one is named. */
const MAX_TYPING_ERRORS = 2;

/** These send private texts, so a slip in their names must not go unnoticed. */
const PRIVATE_COMMANDS = new Set(["/msg", "/message"]);

/** The commands: names, arguments, description, and `parse(argument, room)`. */
const COMMANDS = [
  [["/msg"], "NAME[,NAME] TEXT", "send a private message", parsePrivate],
  [["/message"], "", "send a private message; asks for the recipient", only("prompt-private")],
  [["/users"], "", "show the users", only("users")],
  [["/rooms"], "", "show the rooms", only("rooms")],
  [["/join"], "#ROOM", "join a room", withRoomName("join", "/join #ROOM")],
  [["/leave"], "[#ROOM]", "leave a room", parseLeave],
  [
    ["/room"],
    "#ROOM",
    "switch to a room; lines go there from now on",
    withRoomName("switch-room", "/room #ROOM"),
  ],
  [["/history"], "[N]", "show the last N messages of the room", parseHistory],
  [["/search"], "WORDS", "find messages; also in:#ROOM, from:NAME, since:2d", parseSearchLine],
  [["/more"], "", "show older messages that the search found", only("more-results")],
  [["/setname"], "NAME", "change your nickname", parseSetName],
  [["/help"], "", "show this list", only("help")],
  [["/quit", "/exit", "exit()"], "", "leave the chat", only("quit")],
];

const BY_NAME = new Map(
  COMMANDS.flatMap(([names, , , parse]) => names.map((name) => [name, parse])),
);

/** The frame for a line typed in `room`, without an id; null if the line is blank. */
export function parse(line, room) {
  // A lone surrogate, as some input methods leave behind: JSON.stringify would send an escape that
  // the server refuses as an invalid frame.
  if (LONE_SURROGATE.test(line)) {
    throw new NotSent("This line contains an incomplete character. Remove it and send it again.");
  }
  const frame = parseLine(line, room);
  if (
    frame &&
    new TextEncoder().encode(JSON.stringify(frame)).length > MAX_FRAME_BYTES - ID_BYTES
  ) {
    throw new NotSent("This line is too long.");
  }
  return frame;
}

/** The list of commands: pairs of usage and description. */
export function help() {
  const rows = COMMANDS.map(([names, args, description]) => [
    `${names.join(", ")} ${args}`.trim(),
    description,
  ]);
  rows.splice(1, 0, ["@NAME [@NAME] TEXT", "the same"]);
  return [...rows, ["//TEXT", "send a line that begins with /"]];
}

function parseLine(line, room) {
  if (!strip(line)) {
    return null;
  }
  // Blanks before @ or / are a typing error, and must not make a private message public.
  const start = skipBlanks(line);
  const trimmed = stripEnd(line.slice(start));
  const [word, argument] = splitWord(trimmed);
  const name = commandName(word);
  if (name === "exit()" && !argument) {
    return createFrame("quit");
  }
  if (isAt(trimmed, 0, AT) && skipBlanks(trimmed, 1) < trimmed.length) {
    return createPrivate(trimmed, "@NAME [@NAME] TEXT"); // a lone @ is text
  }
  if (!isAt(trimmed, 0, SLASH)) {
    checkNoSlip(name);
    return createFrame("message", { text: validated(line.replace(/^\ufeff/, "")), room });
  }
  if (isAt(trimmed, 1, SLASH)) {
    return createFrame("message", { text: validated(line.slice(start + 1)), room });
  }
  // An unknown command is an error and never a message, for the same reason: "/mgs ice hi".
  if (!BY_NAME.has(name)) {
    throw new NotSent(unknownCommand(word, name, argument));
  }
  return BY_NAME.get(name)(argument, room);
}

/** `word` in the form in which commands are compared. */
function commandName(word) {
  const name = casefold(withoutInvisibles(firstCharacters(word, MAX_ARGUMENT_CHARACTERS)));
  return isAt(name, 0, SLASH) ? `/${name.slice(1)}` : name;
}

/** Refuse a line whose first word is that of a private message but for its slash. */
function checkNoSlip(name) {
  const found = ALMOST_SLASH.exec(name);
  const meant = found && `/${name.slice(found[0].length)}`;
  if (PRIVATE_COMMANDS.has(meant)) {
    throw new NotSent(`Did you mean ${meant}? Commands begin with /. Nothing was sent.`);
  }
}

function unknownCommand(word, name, argument) {
  // "/ msg ice hi": the space is too much.
  const meant = name === "/" ? commandName(`/${splitWord(argument)[0]}`) : name;
  const nearest = BY_NAME.has(meant) ? meant : nearestCommand(name);
  const quoted = quote(withoutInvisibles(word), MAX_COMMAND_CHARACTERS);
  const suggestion = nearest ? `; did you mean ${nearest}? /help` : "; /help";
  return (
    `There is no command ${quoted}${suggestion} lists them, ` +
    "and //… sends a line that begins with /."
  );
}

/** The command that `name` is a beginning of, or differs least from; empty if none is near. */
function nearestCommand(name) {
  const { length } = [...name];
  if (length < 2 || length > MAX_COMMAND_CHARACTERS) {
    return "";
  }
  let nearest = "";
  let fewest = Math.min(MAX_TYPING_ERRORS, length - 2) + 1;
  for (const each of BY_NAME.keys()) {
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

function parsePrivate(argument) {
  return createPrivate(argument, "/msg NAME[,NAME] TEXT");
}

/** The private message `ice hello`, `ice,moon hello`, `@ice hello`, … */
function createPrivate(argument, usage) {
  const [to, text] = splitRecipients(argument.slice(skipBlanks(argument)));
  if (!text) {
    throw new NotSent(`Usage: ${usage}`);
  }
  return createFrame("private", { text: validated(text), to });
}

function parseSetName(argument) {
  if (!argument) {
    throw new NotSent("Usage: /setname NAME");
  }
  return createFrame("set-name", { nickname: argument });
}

function parseHistory(argument, room) {
  if (!argument) {
    return createFrame("history", { room });
  }
  if (!/^[0-9]{1,9}$/.test(argument) || Number(argument) === 0) {
    const quoted = quote(argument, MAX_ARGUMENT_CHARACTERS);
    throw new NotSent(`'${quoted}' is not a number of messages. Usage: /history [N]`);
  }
  return createFrame("history", { room, limit: Number(argument) });
}

function parseSearchLine(argument) {
  return createFrame("search", parseSearch(argument));
}

function parseLeave(argument, room) {
  return createFrame("leave", { room: argument ? readRoom(argument) : room });
}

function withRoomName(type, usage) {
  return (argument) => {
    if (!argument) {
      throw new NotSent(`Usage: ${usage}`);
    }
    return createFrame(type, { room: readRoom(argument) });
  };
}

function only(type) {
  return () => createFrame(type);
}

function quote(text, maxCharacters) {
  return escape(firstCharacters(text, maxCharacters));
}

/** The first code points of `text`. */
function firstCharacters(text, maxCharacters) {
  return [...text.slice(0, 2 * maxCharacters)].slice(0, maxCharacters).join("");
}

function createFrame(type, data) {
  return data ? { type, data } : { type };
}

/** `text`, if it can be a message, and none of its lines may be meant as a private one. */
function validated(text) {
  // The number of code points is never higher than `length`, which counts UTF-16 units.
  if (text.length > MAX_MESSAGE_CHARACTERS && [...text].length > MAX_MESSAGE_CHARACTERS) {
    throw new NotSent(`A message may have at most ${MAX_MESSAGE_CHARACTERS} characters.`);
  }
  const lines = text.split("\n", MAX_MESSAGE_LINES + 1);
  if (lines.length > MAX_MESSAGE_LINES) {
    throw new NotSent(`A message may have at most ${MAX_MESSAGE_LINES} lines.`);
  }
  if (!strip(text)) {
    throw new NotSent("A message needs some text.");
  }
  const found = CONTROL_CHARACTER.exec(text);
  if (found) {
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    throw new NotSent(`A message may not contain the control character U+${code}.`);
  }
  const number = 1 + lines.findIndex((line, index) => index > 0 && beginsPrivately(line));
  if (number > 0) {
    throw new NotSent(
      `Line ${number} begins as a private message does. Send it by itself, or put a ` +
        "space before it if it is part of this message.",
    );
  }
  return text;
}

/** Whether a line would be a private message if it were sent by itself. */
function beginsPrivately(line) {
  const [word, argument] = splitWord(withoutInvisibles(line));
  const isMention = isAt(word, 0, AT) && word.length > 1 && !isAt(word, 1, AT);
  return argument !== "" && (isMention || PRIVATE_COMMANDS.has(commandName(word)));
}
