/** What the page says in words: notices, errors and the status. Pure.
 *
 * A notice is a list of words: strings, and `{ name }` for a name that some user has chosen, which
 * dom.js isolates from the text around it; with the name of a `talk`, it is a button that opens it.
 */

import { casefold } from "./names.js";
import { formatMoment } from "./time.js";
import { talkMembers } from "./talks.js";

/** The notice of each event, by its type; the words are those of chatd/wire/rendering.py. */
export const EVENTS = {
  notice: ({ text }) => [text],
  entered: ({ nickname }) => [{ name: nickname }, " has entered the chat"],
  left: ({ nickname, reason, text }) => [
    { name: nickname },
    ` has left the chat (${reason})`,
    ...lastText(text),
  ],
  renamed: ({ old: oldName, new: newName }) => [
    { name: oldName },
    " renamed to ",
    { name: newName },
  ],
  joined: ({ room, nickname }) => [{ name: nickname }, " has joined ", { name: room }],
  parted: ({ room, nickname, text }) => [
    { name: nickname },
    " has left ",
    { name: room },
    ...lastText(text),
  ],
};

/** What somebody has said while leaving, behind the notice of that. */
function lastText(text) {
  return text ? [": ", { name: text }] : [];
}

/** A notice for each user. */
export function describeUsers(users) {
  return users.map(({ nickname, rooms, away, away_text: awayText }) => [
    { name: nickname },
    ...(rooms.length ? [" in "] : []),
    ...rooms.flatMap((room, index) => (index ? [", ", { name: room }] : [{ name: room }])),
    ...(away ? [" (away)"] : []),
    ...(awayText ? [" (away: ", { name: awayText }, ")"] : []),
  ]);
}

/** A notice for each room. */
export function describeRooms(rooms) {
  return rooms.map(({ room, members, topic }) => [
    { name: room },
    `: ${formatCount(members, "member")}`,
    ...(topic ? [", ", { name: topic }] : []),
  ]);
}

/** For a history reply with `count` messages that changes nothing. */
export function nothingNew(room, count) {
  return count
    ? ["The last messages of ", { name: room }, " are already shown."]
    : ["The server has no messages of ", { name: room }, "."];
}

/** For messages of a room that the page has missed for good. */
export function missing(room) {
  return ["What was said in ", { name: room }, " before this is not kept any more"];
}

/** For private messages that the page has missed for good. */
export function missingPrivate(count) {
  const messages = formatCount(count, "private message");
  return [`${messages} before this ${count === 1 ? "is" : "are"} not kept any more`];
}

/** For a user who has said to be away. */
export function isAway(nickname, text) {
  return [{ name: nickname }, " is away: ", { name: text }];
}

/** For a topic that was just set or removed. */
export function topicSet({ nickname, text }) {
  return text
    ? [{ name: nickname }, " has set the topic: ", { name: text }]
    : [{ name: nickname }, " has removed the topic"];
}

/** A notice with the topic of a room. */
export function describeTopic({ room, text, nickname }) {
  return text
    ? ["The topic of ", { name: room }, ", set by ", { name: nickname }, ": ", { name: text }]
    : [{ name: room }, " has no topic"];
}

/** A notice that tells who a user is. */
export function describeUser({ nickname, since, rooms, away, away_text: awayText, account }) {
  return [
    { name: nickname },
    ` is here since ${formatMoment(since)}`,
    ...(rooms.length ? [", in "] : []),
    ...rooms.flatMap((room, index) => (index ? [", ", { name: room }] : [{ name: room }])),
    ...(account ? [", signed in with a password"] : []),
    ...(away ? [", connection lost"] : []),
    ...(awayText ? [", away: ", { name: awayText }] : []),
  ];
}

/** For a private message that was sent from elsewhere than its talk. */
export function sentPrivately(talk) {
  return ["Sent privately to ", { name: talkMembers(talk).join(", "), talk }];
}

/** For the recipients that did not get a private message. */
export function notDelivered(missed) {
  const names = missed.flatMap(({ nickname, reason }, index) => [
    index ? ", " : "",
    { name: nickname },
    ` (${reason})`,
  ]);
  return ["Not delivered to ", ...names];
}

/** For a `goodbye` that the user did not ask for. */
export function goodbye(reason) {
  return reason === "inactive"
    ? "You were disconnected because you were inactive. You can join again at any time."
    : `The server closed the connection: ${reason}.`;
}

/** The status line: its text, and a countdown that changes every second. */
export function describeStatus({ connection, nickname, requestedNickname, users }, now) {
  const { awayText } = users.get(casefold(nickname)) ?? {};
  switch (connection.state) {
    case "connecting":
      return ["Connecting…", ""];
    case "online":
      return [`Online as ${nickname}${awayText ? `, away: ${awayText}` : ""}`, ""];
    case "reconnecting":
      // Rounded up and at least 1: it never says 0 s while still waiting.
      return ["Reconnecting", ` in ${Math.max(1, Math.ceil((connection.until - now) / 1000))} s`];
    case "left":
    case "elsewhere":
      return ["Disconnected", ""];
    default:
      return [requestedNickname ? `Joining as ${requestedNickname}…` : "Watching", ""];
  }
}

/** `3 members`, `1 member`. */
export function formatCount(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
