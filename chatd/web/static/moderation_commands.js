/** The typed commands of hosts and operators: a part of the table of commands.js. Pure.
 *
 * The rules are those of chatd/wire/moderation_commands.py, where they are explained. No error here
 * quotes an argument: it may be a secret.
 */

import {
  createFrame,
  isOneWord,
  oneLine,
  readNumber,
  requireArgument,
  roomOf,
  shortWord,
  splitRoom,
  talkOf,
  withoutAt,
} from "./arguments.js";
import { SECONDS } from "./durations.js";
import { LOBBY, casefold } from "./names.js";
import { NotSent, cleanName, hasComma, splitWord, withoutInvisibles } from "./recipients.js";
import { readRoom } from "./search_line.js";

/** Why a member is thrown out, the word of a room, and a host code, in code points. */
export const MAX_REASON_CHARACTERS = 200;
export const MAX_KEY_CHARACTERS = 64;
export const MAX_CODE_CHARACTERS = 64;
/** How long a ban may last, and how long a member of a slow room may have to wait. */
const MAX_BAN_SECONDS = 31_622_400;
const MAX_SLOW_SECONDS = 3600;
/** The highest limit to the members of a room. */
const MAX_ROOM_MEMBERS = 100_000;

/** A time in one word. A unit is needed: a reason may begin with a number. */
const TIME = /^([0-9]{1,9})(s|sec|m|min|h|d|w)$/;
/** What is meant for a time, but is none: a number and a unit, or a number with nothing behind it. */
const LIKE_TIME = /^([0-9]+ ?(s|sec|second|m|min|minute|h|hour|d|day|w|week)s?|[0-9]+ )$/;
const MAX_TIME_CHARACTERS = 16;
const TIMES = "30s, 10m, 2h or 7d";

/** The seconds of a time in one word; null if it is none. */
function readSeconds(word) {
  if ([...word].length > MAX_TIME_CHARACTERS) {
    return null;
  }
  const found = TIME.exec(casefold(withoutInvisibles(word)));
  return found ? Number(found[1]) * SECONDS[found[2]] : null;
}

/** The time at the beginning of `argument`, in seconds or null, and the reason behind it. */
function splitTime(argument) {
  const [word, rest] = splitWord(argument);
  const seconds = readSeconds(word);
  if (seconds === null) {
    const short = shortWord(word);
    const unit = shortWord(splitWord(rest)[0]);
    if ([short, `${short} ${unit}`].some((each) => LIKE_TIME.test(each))) {
      throw new NotSent(`Write the time in one word, with its unit: ${TIMES}.`);
    }
    return [null, argument];
  }
  if (seconds === 0 || seconds > MAX_BAN_SECONDS) {
    const days = MAX_BAN_SECONDS / SECONDS.d;
    throw new NotSent(`A time is ${TIMES}, for example, and at most ${days}d.`);
  }
  return [seconds, rest];
}

/** The room that a command is about if it names none; empty for the whole chat. */
function placeOf(target) {
  return talkOf(target).length || casefold(target) === LOBBY ? "" : target;
}

/** The nickname and the room in `[#ROOM] NAME …`, as data of a frame, and what follows. */
function readMember(argument, target, usage) {
  const [named, afterRoom] = splitRoom(argument);
  const [word, rest] = splitWord(afterRoom);
  const nickname = withoutAt(cleanName(word));
  requireArgument(nickname && !hasComma(nickname), usage);
  const room = named || placeOf(target);
  return [room ? { nickname, room } : { nickname }, rest];
}

function withReason(data, text) {
  const reason = oneLine(text, MAX_REASON_CHARACTERS, "A reason");
  return reason ? { ...data, reason } : data;
}

function parseKick(argument, target) {
  const [member, reason] = readMember(argument, target, "/kick [#ROOM] NAME [REASON]");
  return createFrame("kick", withReason(member, reason));
}

function withTime(type) {
  return (argument, target) => {
    const usage = `/${type} [#ROOM] NAME [TIME] [REASON]`;
    const [member, rest] = readMember(argument, target, usage);
    const [seconds, reason] = splitTime(rest);
    return createFrame(type, withReason(seconds === null ? member : { ...member, seconds }, reason));
  };
}

function withMember(type) {
  return (argument, target) => {
    const usage = `/${type} [#ROOM] NAME`;
    const [member, rest] = readMember(argument, target, usage);
    requireArgument(!rest, usage);
    return createFrame(type, member);
  };
}

function role(name, kind, given) {
  const usage = `${name} [#ROOM] NAME`;
  return (argument, target) => {
    const [{ nickname, room = roomOf(target, usage) }, rest] = readMember(argument, target, usage);
    requireArgument(!rest, usage);
    return createFrame("role", { nickname, room, role: kind, ...(given ? {} : { given }) });
  };
}

function parseBans(argument, target) {
  const room = argument ? readRoom(argument) : placeOf(target);
  return room ? createFrame("bans", { room }) : createFrame("bans");
}

/** The room in `[#ROOM] VALUE`, and the value, which is one word. */
function readSetting(argument, target, usage) {
  const [room, value] = splitRoom(argument);
  requireArgument(isOneWord(value), usage);
  return [room || roomOf(target, usage), value];
}

function onOff(name, key) {
  return (argument, target) => {
    const usage = `${name} [#ROOM] on|off`;
    const [room, value] = readSetting(argument, target, usage);
    const word = shortWord(value);
    requireArgument(word === "on" || word === "off", usage);
    return createFrame("set-room", { room, [key]: word === "on" });
  };
}

function parseSlow(argument, target) {
  const usage = "/slow [#ROOM] SECONDS|off";
  const [room, value] = readSetting(argument, target, usage);
  const word = shortWord(value);
  const slow = word === "off" ? 0 : (readNumber(word) ?? readSeconds(value));
  requireArgument(slow !== null, usage);
  if (slow > MAX_SLOW_SECONDS) {
    throw new NotSent(`A slow room has at most ${MAX_SLOW_SECONDS} seconds.`);
  }
  return createFrame("set-room", { room, slow });
}

function parseLimit(argument, target) {
  const usage = "/limit [#ROOM] N|off";
  const [room, value] = readSetting(argument, target, usage);
  const word = shortWord(value);
  const limit = word === "off" ? 0 : readNumber(word);
  requireArgument(limit !== null, usage);
  if (limit > MAX_ROOM_MEMBERS) {
    throw new NotSent(`A limit is at most ${MAX_ROOM_MEMBERS} members.`);
  }
  return createFrame("set-room", { room, limit });
}

function setting(name, key, value) {
  return (argument, target) => {
    const room = argument ? readRoom(argument) : roomOf(target, `${name} [#ROOM]`);
    return createFrame("set-room", { room, [key]: value });
  };
}

function parseKey(argument, target) {
  const usage = "/key [#ROOM] WORD|off; the word has no spaces";
  const [room, word] = readSetting(argument, target, usage);
  const key = shortWord(word) === "off" ? "" : checkedKey(word);
  return createFrame("set-room", { room, key });
}

function checkedKey(word) {
  return oneLine(word, MAX_KEY_CHARACTERS, "The word of a room");
}

/** `/join #ROOM [WORD]`, which everybody may use. */
export function parseJoin(argument) {
  const [name, word] = splitWord(argument);
  requireArgument(name && (!word || isOneWord(word)), "/join #ROOM [WORD]");
  const room = readRoom(name);
  return createFrame("join", word ? { room, key: checkedKey(word) } : { room });
}

/** `/invite [#ROOM] NAME`, which everybody may use. */
export function parseInvite(argument, target) {
  const usage = "/invite [#ROOM] NAME";
  const [{ nickname, room = roomOf(target, usage) }, rest] = readMember(argument, target, usage);
  requireArgument(!rest, usage);
  return createFrame("invite", { nickname, room });
}

function parseRemove(argument, target) {
  const usage = "/remove [#ROOM] N";
  const [room, value] = readSetting(argument, target, usage);
  const seq = readNumber(value);
  requireArgument(seq, `${usage}; N is the number of the message.`);
  return createFrame("remove", { room, seq });
}

function parseHost(code) {
  const isCode = code && (code.length <= MAX_CODE_CHARACTERS || [...code].length <= MAX_CODE_CHARACTERS);
  requireArgument(isCode, "/host CODE; the server shows the code when it starts.");
  return createFrame("host", { code });
}

/** These commands: names, arguments, description, and `parse(argument, target)`. */
export const MODERATION_COMMANDS = [
  [["/kick"], "[#ROOM] NAME [REASON]", "throw somebody out, who may come back", parseKick],
  [
    ["/ban"],
    "[#ROOM] NAME [TIME] [REASON]",
    "throw out and keep out; TIME: 10m, 2h, 7d",
    withTime("ban"),
  ],
  [["/unban"], "[#ROOM] NAME", "let somebody in again", withMember("unban")],
  [["/bans"], "[#ROOM]", "show who is banned or muted", parseBans],
  [
    ["/mute"],
    "[#ROOM] NAME [TIME] [REASON]",
    "let somebody read, but not write",
    withTime("mute"),
  ],
  [["/unmute"], "[#ROOM] NAME", "let somebody write again", withMember("unmute")],
  [["/op"], "[#ROOM] NAME", "make somebody an operator of the room", role("/op", "operator", true)],
  [["/deop"], "[#ROOM] NAME", "make an operator a member again", role("/deop", "operator", false)],
  [["/voice"], "[#ROOM] NAME", "let somebody write while it is read-only", role("/voice", "voice", true)],
  [["/devoice"], "[#ROOM] NAME", "take that back", role("/devoice", "voice", false)],
  [
    ["/readonly"],
    "[#ROOM] on|off",
    "only hosts and operators write",
    onOff("/readonly", "read_only"),
  ],
  [["/slow"], "[#ROOM] SECONDS|off", "time between two messages of a member", parseSlow],
  [["/close"], "[#ROOM]", "nobody else may join", setting("/close", "closed", true)],
  [["/open"], "[#ROOM]", "others may join again", setting("/open", "closed", false)],
  [["/key"], "[#ROOM] WORD|off", "joining needs the word; hides the room", parseKey],
  [
    ["/locktopic"],
    "[#ROOM] on|off",
    "only hosts and operators set the topic",
    onOff("/locktopic", "topic_locked"),
  ],
  [["/limit"], "[#ROOM] N|off", "how many may be in the room", parseLimit],
  [["/private"], "[#ROOM]", "hide the room, until it ends", setting("/private", "private", true)],
  [["/remove"], "[#ROOM] N", "take message N out", parseRemove],
  [["/host"], "CODE", "become a host with the server's code", parseHost],
];
