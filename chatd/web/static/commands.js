/** What people type: a line becomes a frame, or a sentence why not. Pure.
 *
 * The commands are those of chatd/wire/typed.py; whether a name is a possible one, the server says.
 * Beside the frames of the protocol there are "help", "go-to" and "ask-whom", for the page itself.
 */

import { visible } from "./visible.js";

/** The text of one message, in code points. */
export const MESSAGE_CHARACTERS = 4096;
/** The lines of one message. */
const MESSAGE_LINES = 256;
/** A frame; the server hangs up on a longer one. */
const LINE_BYTES = 65_536;
/** What is shown of a word that is no command. */
const SHOWN_CHARACTERS = 25;

const SPACE =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const BEFORE = new RegExp(`^${SPACE}+`);
const AFTER = new RegExp(`${SPACE}+$`);
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** A line that cannot be sent; the message is a sentence for the person. */
export class NotSent extends Error {}

/** The commands: their names, what they take, what they do, and how the argument is read. */
const TABLE = [
  [["/msg"], "NAME[,NAME] TEXT", "send a private message", tell],
  [["/message"], "", "send a private message; asks to whom", alone("ask-whom")],
  [["/users"], "", "show who is here", alone("users")],
  [["/rooms"], "", "show the rooms", alone("rooms")],
  [["/join"], "#ROOM", "go into a room", roomed("join", "/join #room")],
  [
    ["/leave"],
    "[#ROOM]",
    "leave a room",
    (argument, room) => frame("leave", { room: argument ? named(argument) : room }),
  ],
  [["/room"], "#ROOM", "write to that room from now on", roomed("go-to", "/room #room")],
  [["/history"], "[N]", "show the last N messages of the room", history],
  [["/setname"], "NAME", "change your nickname", rename],
  [["/help"], "", "show this list", alone("help")],
  [["/quit", "/exit", "exit()"], "", "leave the chat", alone("quit")],
];

const BY_NAME = new Map(TABLE.flatMap(([names, , , read]) => names.map((name) => [name, read])));

/** What `line` asks for, where lines go to `room`: a frame without id; null if it is blank. */
export function read(line, room) {
  if (!line.isWellFormed()) {
    throw new NotSent("This line contains half a character; take it out and send it again.");
  }
  const meant = meaning(line, room);
  if (meant && new TextEncoder().encode(JSON.stringify(meant)).length > LINE_BYTES - 64) {
    throw new NotSent("This line is too long.");
  }
  return meant;
}

/** The list of commands, as pairs of how each is written and what it does. */
export function help() {
  const rows = TABLE.map(([names, takes, does]) => [`${names.join(", ")} ${takes}`.trim(), does]);
  rows.splice(1, 0, ["@NAME [@NAME] TEXT", "the same"]);
  return [...rows, ["//TEXT", "send a line that begins with /"]];
}

function meaning(line, room) {
  const stripped = strip(line);
  if (!stripped) {
    return null;
  }
  // Spaces before it are a slip of the hand, and must not make a private message public.
  const begun = line.replace(BEFORE, "");
  const [word, argument] = partition(stripped);
  if (word === "exit()" && !argument) {
    return frame("quit");
  }
  if (begun.startsWith("//")) {
    return frame("message", { text: checked(begun.slice(1)), room });
  }
  if (begun.startsWith("@") && word.length > 1) {
    return at(stripped);
  }
  if (!begun.startsWith("/")) {
    return frame("message", { text: checked(line), room });
  }
  if (!BY_NAME.has(word)) {
    const shown = visible([...word].slice(0, SHOWN_CHARACTERS).join(""));
    throw new NotSent(
      `There is no command ${shown}; /help lists them, and //… sends a line that begins with /.`,
    );
  }
  return BY_NAME.get(word)(strip(argument), room);
}

function tell(argument) {
  const [to, text] = partition(argument);
  if (!strip(text)) {
    throw new NotSent("To whom, and what? Write: /msg NAME text, or several: /msg ice,moon text");
  }
  return told(to.split(",").filter(Boolean), strip(text));
}

function at(line) {
  const to = [];
  let rest = line;
  while (rest.startsWith("@")) {
    const [name, after] = partition(rest);
    to.push(name.slice(1));
    rest = after.replace(/^ +/, "");
  }
  if (!rest) {
    throw new NotSent(`What shall ${to.map(visible).join(" and ")} be told? Write: @NAME text`);
  }
  return told(to, rest);
}

function told(to, text) {
  // No nickname has an @, but many a person writes one.
  return frame("private", { text: checked(text), to: to.map((name) => name.replace(/^@/, "")) });
}

function rename(argument) {
  if (!argument) {
    throw new NotSent("Which nickname? Write: /setname NAME");
  }
  return frame("set-name", { nickname: argument });
}

function history(argument, room) {
  if (!argument) {
    return frame("history", { room });
  }
  if (!/^[0-9]{1,9}$/.test(argument) || Number(argument) === 0) {
    throw new NotSent(`How many messages? '${visible(argument)}' is no number; write: /history 20`);
  }
  return frame("history", { room, limit: Number(argument) });
}

function roomed(type, usage) {
  return (argument) => {
    if (!argument) {
      throw new NotSent(`Which room? Write: ${usage}`);
    }
    return frame(type, { room: named(argument) });
  };
}

function alone(type) {
  return () => frame(type);
}

/** The name of the room that `argument` means; the # may be left out. */
export function named(argument) {
  return argument.startsWith("#") ? argument : `#${argument}`;
}

function frame(type, data) {
  return data ? { type, data } : { type };
}

function checked(text) {
  if (text.length > MESSAGE_CHARACTERS && [...text].length > MESSAGE_CHARACTERS) {
    throw new NotSent(`A message may have at most ${MESSAGE_CHARACTERS} characters.`);
  }
  if (text.split("\n", MESSAGE_LINES + 1).length > MESSAGE_LINES) {
    throw new NotSent(`A message may have at most ${MESSAGE_LINES} lines.`);
  }
  if (!strip(text)) {
    throw new NotSent("A message needs some text.");
  }
  const found = CONTROL.exec(text);
  if (found) {
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    throw new NotSent(`A message may not contain the control character U+${code}.`);
  }
  return text;
}

function partition(text) {
  const end = text.indexOf(" ");
  return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 1)];
}

function strip(text) {
  return text.replace(BEFORE, "").replace(AFTER, "");
}
