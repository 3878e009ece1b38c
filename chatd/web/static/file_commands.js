/** The typed commands for files: a part of the table of commands.js. Pure.
 *
 * The rules are those of chatd/wire/file_commands.py, where they are explained.
 */

import { createFrame, readNumber, requireArgument, splitRoom } from "./arguments.js";
import {
  AT,
  HASH,
  MAX_RECIPIENTS,
  isAt,
  readRecipientList,
  splitLastWord,
  splitWord,
  splitWords,
  strip,
} from "./recipients.js";
import { readRoom } from "./search_line.js";

/** `/send PATH [@NAME|#ROOM]`; without a path, the user is to choose the file. */
export function parseSend(argument, target) {
  const [path, to] = splitPath(argument);
  if (isAt(to, 0, HASH)) {
    return createFrame("send-path", { path, target: readRoom(to) });
  }
  const nicknames = readRecipientList(to);
  return createFrame("send-path", {
    path,
    target: nicknames.length ? `@${nicknames.join(",")}` : target,
  });
}

/** The path, and the words behind it that say to whom. */
function splitPath(argument) {
  const [quoted, rest] = unquoted(argument);
  if (quoted) {
    requireArgument(!rest || isAt(rest, 0, AT + HASH), "/send PATH [@NAME|#ROOM]");
    return [quoted, splitWords(rest).join(" ")];
  }
  let path = argument;
  const words = [];
  while (words.length <= MAX_RECIPIENTS) {
    const [head, last] = splitLastWord(path);
    if (!words.length && isAt(last, 0, HASH)) {
      return [head, last];
    }
    if (!isAt(last, 0, AT)) {
      break;
    }
    words.unshift(last);
    path = head;
  }
  return [path, words.join(" ")];
}

/** The path in quotes at the beginning of `text`, empty if there is none, and the rest. */
function unquoted(text) {
  const end = isAt(text, 0, "'\"") ? text.indexOf(text[0], 1) : -1;
  return end < 0 ? ["", text] : [text.slice(1, end), strip(text.slice(end + 1))];
}

function parseGet(argument, target) {
  const [room, afterRoom] = splitRoom(argument);
  const [word, path] = splitWord(afterRoom);
  const seq = readNumber(word);
  requireArgument(seq, "/get N [PATH]; N is the number of the message.");
  const [quoted, behind] = unquoted(path);
  return createFrame("save-path", {
    room: room || target,
    seq,
    path: quoted && !behind ? quoted : path,
  });
}

/** These commands: names, arguments, description, and `parse(argument, target)`. */
export const FILE_COMMANDS = [
  [["/send"], "PATH [@NAME|#ROOM]", "send a file", parseSend],
  [["/get"], "N [PATH]", "save the file of message N", parseGet],
];
