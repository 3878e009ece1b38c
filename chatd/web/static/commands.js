/** Parses a typed line into a frame, or throws NotSent with the reason. Pure.
 *
 * The commands are those of chatd/wire/slash_commands.py; tests/browser/test_parity.py compares the
 * two. Whether a name is valid is left to the server. Besides the frames of the protocol there are
 * "help", "switch-room", "prompt-private", "more-results", "open-private", "close-private", "ignore",
 * "unignore", "clear", "show-invite" and "who-am-i", which session.js carries out.
 */

import { escape } from "./escape.js";
import { casefold } from "./names.js";
import {
  AT,
  HASH,
  NotSent,
  SLASH,
  isAt,
  recipientsSoFar,
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

/** What the others are told of a user who gives no reason. */
const AWAY = "away";

/** The commands: names, arguments, description, and `parse(argument, target)`. */
const COMMANDS = [
  [["/msg"], "NAME[,NAME] TEXT", "send a private message", parsePrivate],
  [["/message"], "", "send a private message; asks for the recipient", only("prompt-private")],
  [["/me"], "TEXT", "say what you do: * ice waves", parseMe],
  [["/users", "/names", "/who"], "[#ROOM]", "show the users", parseUsers],
  [["/whois"], "NAME", "show who a user is", withNickname("whois", "/whois NAME")],
  [["/whoami"], "", "show who you are here, and how private", only("who-am-i")],
  [["/rooms"], "", "show the rooms", only("rooms")],
  [["/join"], "#ROOM", "join a room", withRoomName("join", "/join #ROOM")],
  [["/leave"], "[#ROOM]", "leave a room", parseLeave],
  [
    ["/room"],
    "#ROOM",
    "switch to a room; lines go there from now on",
    parseSwitch,
  ],
  [["/query"], "NAME", "switch to a private talk", parseQuery],
  [["/topic"], "[#ROOM] [TEXT]", "show or set the topic; - removes it", parseTopic],
  [
    ["/away"],
    "[TEXT]",
    "tell the others that you are away",
    (argument) => createFrame("away", { text: argument || AWAY }),
  ],
  [["/back"], "", "tell them that you are back", () => createFrame("away", { text: "" })],
  [["/history"], "[N]", "show the last N messages of the room", parseHistory],
  [["/search"], "WORDS", "find messages; also in:#ROOM, from:NAME, since:2d", parseSearchLine],
  [["/more"], "", "show older messages that the search found", only("more-results")],
  [["/setname", "/nick"], "NAME", "change your nickname", parseSetName],
  [["/ignore"], "[NAME]", "hide what a user says; list who is hidden", parseIgnore],
  [["/unignore"], "NAME", "show it again", withNickname("unignore", "/unignore NAME")],
  [["/clear"], "", "clear the screen", only("clear")],
  [["/qr"], "", "show how others come here", only("show-invite")],
  [["/help"], "", "show this list", only("help")],
  [["/quit", "/exit", "exit()"], "", "leave the chat", only("quit")],
];

const BY_NAME = new Map(
  COMMANDS.flatMap(([names, , , parse]) => names.map((name) => [name, parse])),
);

/** The frame for a line, without an id; null if the line is blank.
 *
 * A line that is not a command goes to `target`: a room, `#dev`, or a private talk, `@ice` or
 * `@ice,moon`.
 */
export function parse(line, target) {
  // A lone surrogate, as some input methods leave behind: JSON.stringify would send an escape that
  // the server refuses as an invalid frame.
  if (LONE_SURROGATE.test(line)) {
    throw new NotSent("This line contains an incomplete character. Remove it and send it again.");
  }
  const frame = parseLine(line, target);
  if (
    frame &&
    new TextEncoder().encode(JSON.stringify(frame)).length > MAX_FRAME_BYTES - ID_BYTES
  ) {
    throw new NotSent("This line is too long.");
  }
  return frame;
}

/** To whom a line, which is still being typed, will go privately; none if it will not. */
export function privateRecipients(line, target) {
  const trimmed = line.slice(skipBlanks(line));
  if (isAt(trimmed, 0, AT) && skipBlanks(trimmed, 1) < trimmed.length) {
    return recipientsSoFar(trimmed);
  }
  if (!isAt(trimmed, 0, SLASH) || isAt(trimmed, 1, SLASH)) {
    return talkOf(target);
  }
  const [word, argument] = splitWord(trimmed);
  const name = commandName(word);
  if (name === "/msg") {
    return recipientsSoFar(argument.slice(skipBlanks(argument)));
  }
  return name === "/me" ? talkOf(target) : [];
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

function parseLine(line, target) {
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
    return createMessage(line.replace(/^\ufeff/, ""), target);
  }
  if (isAt(trimmed, 1, SLASH)) {
    return createMessage(line.slice(start + 1), target);
  }
  // An unknown command is an error and never a message, for the same reason: "/mgs ice hi".
  if (!BY_NAME.has(name)) {
    throw new NotSent(unknownCommand(word, name, argument));
  }
  return BY_NAME.get(name)(argument, target);
}

/** The recipients of a private talk `@ice,moon`; none of a room. */
function talkOf(target) {
  return target.startsWith("@") ? target.slice(1).split(",") : [];
}

function roomOf(target, usage) {
  if (talkOf(target).length) {
    throw new NotSent(`A private talk is no room. Usage: ${usage}`);
  }
  return target;
}

function createMessage(text, target, extra = {}) {
  const to = talkOf(target);
  return to.length
    ? createFrame("private", { text: validated(text), to, ...extra })
    : createFrame("message", { text: validated(text), room: target, ...extra });
}

function parseMe(argument, target) {
  requireArgument(argument, "/me TEXT");
  return createMessage(argument, target, { action: true });
}

function parseUsers(argument) {
  return argument ? createFrame("users", { room: readRoom(argument) }) : createFrame("users");
}

function parseTopic(argument, target) {
  const [word, rest] = splitWord(argument);
  const isNamed = isAt(word, 0, HASH);
  const room = isNamed ? readRoom(word) : roomOf(target, "/topic #ROOM [TEXT]");
  const text = isNamed ? rest : argument;
  return createFrame("topic", text ? { room, text: text === "-" ? "" : text } : { room });
}

function parseQuery(argument, target) {
  if (isAt(argument, skipBlanks(argument), HASH)) {
    return parseSwitch(argument, target); // as IRC clients read it
  }
  const [to, text] = splitRecipients(argument.slice(skipBlanks(argument)));
  if (text || !to.length) {
    throw new NotSent("Usage: /query NAME[,NAME]; /msg NAME TEXT sends a message.");
  }
  return createFrame("open-private", { to });
}

function parseSwitch(argument, target) {
  return isAt(argument, skipBlanks(argument), AT)
    ? parseQuery(argument, target)
    : withRoomName("switch-room", "/room #ROOM")(argument, target);
}

function parseIgnore(argument) {
  return argument ? withNickname("ignore", "/ignore [NAME]")(argument) : createFrame("ignore");
}

function withNickname(type, usage) {
  return (argument) => {
    let nickname = withoutInvisibles(argument);
    while (isAt(nickname, 0, AT)) {
      nickname = nickname.slice(1);
    }
    requireArgument(splitWord(nickname)[0] === nickname && nickname, usage);
    return createFrame(type, { nickname });
  };
}

function requireArgument(argument, usage) {
  if (!argument) {
    throw new NotSent(`Usage: ${usage}`);
  }
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
  requireArgument(argument, "/setname NAME");
  return createFrame("set-name", { nickname: argument });
}

function parseHistory(argument, target) {
  const room = roomOf(target, "/history [N], in a room");
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

function parseLeave(argument, target) {
  if (argument) {
    return createFrame("leave", { room: readRoom(argument) });
  }
  const to = talkOf(target);
  return to.length ? createFrame("close-private", { to }) : createFrame("leave", { room: target });
}

function withRoomName(type, usage) {
  return (argument) => {
    requireArgument(argument, usage);
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
