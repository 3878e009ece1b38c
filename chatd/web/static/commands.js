/** Parses a typed line into a frame, or throws NotSent with the reason. Pure.
 *
 * The commands are those of chatd/wire/slash_commands.py; tests/browser/test_parity.py compares the
 * two. Whether a name is valid is left to the server. Besides the frames of the protocol there are
 * "help", "switch-room" and "prompt-private", which session.js carries out.
 */

import { escape } from "./escape.js";

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

// What Python's str.strip() removes.
const SPACE =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const LEADING_SPACE = new RegExp(`^${SPACE}+`);
const TRAILING_SPACE = new RegExp(`${SPACE}+$`);
const CONTROL_CHARACTER = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** The line cannot be sent; the message tells the user why. */
export class NotSent extends Error {}

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
  if (!line.isWellFormed()) {
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

/** A room's name from what the user typed; the # may be omitted. */
export function roomName(argument) {
  return argument.startsWith("#") ? argument : `#${argument}`;
}

function parseLine(line, room) {
  const stripped = strip(line);
  if (!stripped) {
    return null;
  }
  // Spaces before @ or / are a typing error, and must not make a private message public.
  const trimmed = line.replace(LEADING_SPACE, "");
  const [word, argument] = partition(stripped);
  if (word === "exit()" && !argument) {
    return createFrame("quit");
  }
  if (trimmed.startsWith("//")) {
    return createFrame("message", { text: validated(trimmed.slice(1)), room });
  }
  if (trimmed.startsWith("@") && word.length > 1) {
    return parseMention(stripped);
  }
  if (!trimmed.startsWith("/")) {
    return createFrame("message", { text: validated(line), room });
  }
  if (!BY_NAME.has(word)) {
    const quoted = quote(word, MAX_COMMAND_CHARACTERS);
    throw new NotSent(
      `There is no command ${quoted}; /help lists them, and //… sends a line that begins with /.`,
    );
  }
  return BY_NAME.get(word)(strip(argument), room);
}

function parsePrivate(argument) {
  const [recipients, text] = partition(argument);
  if (!strip(text)) {
    throw new NotSent("Usage: /msg NAME[,NAME] TEXT");
  }
  return createPrivate(recipients.split(",").filter(Boolean), strip(text));
}

/** `@ice hello` and `@ice @moon hello`. */
function parseMention(line) {
  const recipients = [];
  let rest = line;
  while (rest.startsWith("@")) {
    const [name, after] = partition(rest);
    recipients.push(name.slice(1));
    rest = after.replace(/^ +/, "");
  }
  if (!rest) {
    throw new NotSent("Usage: @NAME [@NAME] TEXT");
  }
  return createPrivate(recipients, rest);
}

function createPrivate(recipients, text) {
  // No nickname begins with @, but many users type one.
  const to = recipients.map((name) => name.replace(/^@/, ""));
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

function parseLeave(argument, room) {
  return createFrame("leave", { room: argument ? roomName(argument) : room });
}

function withRoomName(type, usage) {
  return (argument) => {
    if (!argument) {
      throw new NotSent(`Usage: ${usage}`);
    }
    return createFrame(type, { room: roomName(argument) });
  };
}

function only(type) {
  return () => createFrame(type);
}

function quote(text, maxCharacters) {
  return escape([...text].slice(0, maxCharacters).join(""));
}

function createFrame(type, data) {
  return data ? { type, data } : { type };
}

/** `text`, if it can be a message. */
function validated(text) {
  // The number of code points is never higher than `length`, which counts UTF-16 units.
  if (text.length > MAX_MESSAGE_CHARACTERS && [...text].length > MAX_MESSAGE_CHARACTERS) {
    throw new NotSent(`A message may have at most ${MAX_MESSAGE_CHARACTERS} characters.`);
  }
  if (text.split("\n", MAX_MESSAGE_LINES + 1).length > MAX_MESSAGE_LINES) {
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
  return text;
}

/** As Python's `text.partition(" ")`, without the separator. */
function partition(text) {
  const end = text.indexOf(" ");
  return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 1)];
}

function strip(text) {
  return text.replace(LEADING_SPACE, "").replace(TRAILING_SPACE, "");
}
