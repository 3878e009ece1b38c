/** What hosts and operators are asked before a command is sent: where, for how long, and why. */

import { escape } from "./escape.js";
import * as commands from "./menu_commands.js";
import {
  MAX_CODE_CHARACTERS,
  MAX_KEY_CHARACTERS,
  MAX_REASON_CHARACTERS,
} from "./moderation_commands.js";
import { LOBBY } from "./names.js";
import { isHost } from "./state.js";
import { isTalk } from "./talks.js";

const TIMES = [
  ["10m", "10 minutes"],
  ["1h", "1 hour"],
  ["1d", "1 day"],
  ["7d", "7 days"],
  ["", "until it is lifted"],
];
const TIME = { name: "time", label: "Time", options: TIMES, value: "10m" };
const REASON = {
  name: "reason",
  label: "Reason, for the member alone",
  type: "text",
  maxLength: MAX_REASON_CHARACTERS,
};
const SLOW = [0, 5, 10, 30, 60, 300];

/** Functions that open the `dialog` for the user or room of a menu, whose button is the `opener`. */
export function createModerationDialogs(dialog, session) {
  /** Ask about a user; the whole chat, or the room that is shown. */
  function askAbout(verb, command, fields, state, nickname, opener) {
    const places = placesOf(state);
    const [[room, where]] = places;
    const isOne = places.length === 1;
    dialog.ask(
      {
        heading: `${verb} ${escape(nickname)}${isOne ? ` ${where}` : ""}`,
        fields: [
          ...(isOne ? [] : [{ name: "room", label: "Where", options: places, value: room }]),
          ...fields,
        ],
        action: verb,
      },
      opener,
      (values) => session.send(command({ nickname, room, ...values })),
    );
  }

  return {
    mute: (...about) => askAbout("Mute", commands.mute, [TIME, REASON], ...about),
    kick: (...about) => askAbout("Kick", commands.kick, [REASON], ...about),
    ban: (...about) => askAbout("Ban", commands.ban, [TIME, REASON], ...about),

    slow: ({ name, settings }, opener) =>
      dialog.ask(
        {
          heading: `Make ${escape(name)} slow`,
          fields: [
            {
              name: "seconds",
              label: "Seconds between two messages of one member",
              options: [...new Set([...SLOW, settings.slow])]
                .sort((one, other) => one - other)
                .map((each) => [String(each), each ? String(each) : "off"]),
              value: String(settings.slow || 10),
            },
          ],
          action: "Save",
        },
        opener,
        ({ seconds }) =>
          session.send(
            commands.setRoom(`/slow ${name} ${seconds === "0" ? "off" : seconds}`, {
              room: name,
              slow: Number(seconds),
            }),
          ),
      ),

    word: ({ name, settings }, opener) =>
      dialog.ask(
        {
          heading: `The word of ${escape(name)}`,
          text: settings.isPrivate
            ? "Joining needs this word. Without one, all may join."
            : "Joining then needs this word, and the room is for its members alone as long as it lasts.",
          fields: [
            { name: "key", label: "Word", type: "text", maxLength: MAX_KEY_CHARACTERS },
          ],
          action: "Save",
        },
        opener,
        ({ key }) =>
          session.send(commands.setRoom(`/key ${name}${key ? "" : " off"}`, { room: name, key })),
      ),

    hostCode: (opener) =>
      dialog.ask(
        {
          heading: "Become a host",
          text: "The server shows the host code when it starts.",
          fields: [
            {
              name: "code",
              label: "Host code",
              type: "password",
              maxLength: MAX_CODE_CHARACTERS,
              required: true,
            },
          ],
          action: "Give the code",
        },
        opener,
        ({ code }) => session.giveHostCode(code),
      ),
  };
}

/** Where a command about a user may hold: pairs of a room and its text; "" is the whole chat. */
function placesOf(state) {
  const { name } = state.rooms.get(state.currentRoom);
  const isRoom = !isTalk(name) && name !== LOBBY;
  return [
    ...(isRoom ? [[name, `in ${escape(name)}`]] : []),
    ...(isHost(state) || !isRoom ? [["", "in the whole chat"]] : []),
  ];
}
