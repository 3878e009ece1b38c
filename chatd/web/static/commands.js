/** Parses a typed line into a frame, or throws NotSent with the reason. Pure.
 *
 * The commands are those of chatd/wire/slash_commands.py; tests/browser/test_parity.py compares the
 * two. Whether a name is valid is left to the server. Besides the frames of the protocol there are
 * "help", "switch-room", "prompt-private", "more-results", "open-private", "close-private", "ignore",
 * "unignore", "clear", "show-invite", "who-am-i", "send-path" and "save-path", which the page
 * carries out.
 */

import {
  createFrame,
  only,
  requireArgument,
  roomOf,
  talkOf,
  withNickname,
  withRoomName,
} from "./arguments.js";
import {
  checkNoSlip,
  commandName,
  meantForFew,
  quoteArgument,
  unknownCommand,
} from "./command_names.js";
import { FILE_COMMANDS, parseSend } from "./file_commands.js";
import { MODERATION_COMMANDS, parseInvite, parseJoin } from "./moderation_commands.js";
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
const CONTROL_CHARACTER = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** A half of a surrogate pair: with the flag `u`, whole pairs do not match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

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
  [["/join"], "#ROOM [WORD]", "join a room; some need their word", parseJoin],
  [["/invite"], "[#ROOM] NAME", "ask somebody to come into a room", parseInvite],
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
  ...FILE_COMMANDS,
  ...MODERATION_COMMANDS,
  [["/help"], "[hosts]", "show this list, or what hosts can do", parseHelp],
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
  if (name === "/send") {
    return fileRecipients(argument, target);
  }
  return name === "/me" ? talkOf(target) : [];
}

/** The list of commands, everybody's or those of hosts: pairs of usage and description. */
export function help(isForHosts = false) {
  const rows = COMMANDS.filter((row) => MODERATION_COMMANDS.includes(row) === isForHosts).map(
    ([names, args, description]) => [`${names.join(", ")} ${args}`.trim(), description],
  );
  if (isForHosts) {
    return rows;
  }
  rows.splice(1, 0, ["@NAME [@NAME] TEXT", "the same"]);
  return [...rows, ["//TEXT", "send a line that begins with /"]];
}

function fileRecipients(argument, target) {
  try {
    return talkOf(parseSend(argument, target).data.target);
  } catch (error) {
    if (error instanceof NotSent) {
      return [];
    }
    throw error;
  }
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
    checkNoSlip(name, argument);
    return createMessage(line.replace(/^\ufeff/, ""), target);
  }
  if (isAt(trimmed, 1, SLASH)) {
    return createMessage(line.slice(start + 1), target);
  }
  // An unknown command is an error and never a message, for the same reason: "/mgs ice hi".
  if (!BY_NAME.has(name)) {
    throw new NotSent(unknownCommand(word, argument, [...BY_NAME.keys()]));
  }
  return BY_NAME.get(name)(argument, target);
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

function parseHelp(argument) {
  const isForHosts = /^(host|operator)s*$/.test(casefold(argument));
  return isForHosts ? createFrame("help", { is_for_hosts: true }) : createFrame("help");
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
    throw new NotSent(`'${quoteArgument(argument)}' is not a number of messages. Usage: /history [N]`);
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
  lines.slice(1).forEach((line, index) => {
    const meant = meantForFew(line);
    if (meant) {
      throw new NotSent(
        `Line ${index + 2} begins as ${meant} does. Send it by itself, or put a ` +
          "space before it if it is part of this message.",
      );
    }
  });
  return text;
}
