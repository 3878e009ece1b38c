/** The commands of hosts and operators, as the menus send them. Pure.
 *
 * Each is `{ line, frame }`: what the user would have typed, and the frame. `room` is empty for the
 * whole chat. commands.js makes the same frames of typed lines.
 */

import { SECONDS } from "./durations.js";

function create(type, words, data) {
  const given = Object.entries(data).filter(([, value]) => value !== undefined && value !== "");
  return {
    line: [`/${type}`, ...words].filter(Boolean).join(" "),
    frame: { type, data: Object.fromEntries(given) },
  };
}

/** The number of seconds in `10m`; undefined for none. */
function readTime(time) {
  return time ? Number(time.slice(0, -1)) * SECONDS[time.slice(-1)] : undefined;
}

export function kick({ nickname, room, reason }) {
  return create("kick", [room, nickname, reason], { nickname, room, reason });
}

export function ban({ nickname, room, time, reason }) {
  const seconds = readTime(time);
  return create("ban", [room, nickname, time, reason], { nickname, room, seconds, reason });
}

export function mute({ nickname, room, time, reason }) {
  const seconds = readTime(time);
  return create("mute", [room, nickname, time, reason], { nickname, room, seconds, reason });
}

export function unmute({ nickname, room }) {
  return create("unmute", [room, nickname], { nickname, room });
}

/** `isOperator` tells the role of an operator from a voice. */
export function setRole({ nickname, room, isOperator, given }) {
  const name = `${given ? "" : "de"}${isOperator ? "op" : "voice"}`;
  const { line } = create(name, [room, nickname], {});
  const role = isOperator ? "operator" : "voice";
  return { line, frame: { type: "role", data: { nickname, room, role, given } } };
}

export function listBans({ room }) {
  return create("bans", [room], { room });
}

export function removeMessage({ room, seq }) {
  return create("remove", [room, String(seq)], { room, seq });
}

/** Change settings of a room; `line` is the slash command for it. */
export function setRoom(line, data) {
  return { line, frame: { type: "set-room", data } };
}
