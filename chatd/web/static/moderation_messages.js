/** What hosts and operators do, in the words of chatd/wire/moderation_sentences.py. Pure.
 *
 * Notices are lists of words; see messages.js.
 */

import { because, duration, lasting } from "./durations.js";
import { LOBBY, isSameName } from "./names.js";

const name = (text) => ({ name: text });
const chatOr = (room) => (room ? name(room) : "the chat");
const inRoom = (room) => (room ? [" in ", name(room)] : []);
const left = (until, now) => (until ? lasting(Math.max(until - now, 1)) : "");
const byWhom = (nickname) => (nickname ? [" by ", name(nickname)] : []);

/** The notice of what was done, by `what` of the event. */
const MODERATION = {
  __proto__: null,
  kick: ({ by, nickname, room }) => [name(by), " removed ", name(nickname), " from ", chatOr(room), "."],
  ban: ({ by, nickname, room }) => [name(by), " banned ", name(nickname), " from ", chatOr(room), "."],
  unban: ({ by, nickname, room }) => [
    name(by),
    " lifted the ban on ",
    name(nickname),
    ...inRoom(room),
    ".",
  ],
  mute: ({ by, nickname, room }) => [name(by), " muted ", name(nickname), ...inRoom(room), "."],
  unmute: ({ by, nickname, room }) => [name(by), " unmuted ", name(nickname), ...inRoom(room), "."],
  host: ({ nickname }) => [name(nickname), " is a host now."],
  unhost: ({ nickname }) => [name(nickname), " is not a host any more."],
  invite: ({ by, nickname, room }) => [
    name(by),
    " invited ",
    name(nickname),
    " to ",
    name(room),
    ".",
  ],
  operator: ({ by, nickname, room }) => [
    name(by),
    " made ",
    name(nickname),
    " an operator of ",
    name(room),
    ".",
  ],
  unoperator: ({ by, nickname, room }) => [
    name(nickname),
    " is not an operator of ",
    name(room),
    " any more (",
    name(by),
    ").",
  ],
  voice: ({ by, nickname, room }) => [
    name(by),
    " gave ",
    name(nickname),
    " a voice in ",
    name(room),
    ", also while it is read-only.",
  ],
  unvoice: ({ by, nickname, room }) => [
    name(nickname),
    " has no voice of its own in ",
    name(room),
    " any more (",
    name(by),
    ").",
  ],
  remove: ({ by, nickname, room, seq, reason }) => [
    name(by),
    ` removed message ${seq}`,
    ...(isSameName(by, nickname) ? [] : [" of ", name(nickname)]),
    ...(room === LOBBY ? [] : inRoom(room)),
    because(reason),
    ".",
  ],
  "read-only": ({ by, room, value }) =>
    value
      ? [name(by), " made ", name(room), " read-only."]
      : [name(room), " is not read-only any more (", name(by), ")."],
  slow: ({ by, room, value }) =>
    value
      ? [
          name(by),
          " made ",
          name(room),
          ` slow: ${duration(1000 * value)} between two messages of one member.`,
        ]
      : [name(room), " is not slow any more (", name(by), ")."],
  closed: ({ by, room, value }) =>
    value
      ? [name(by), " closed ", name(room), ": nobody else may join it."]
      : [name(room), " is open again (", name(by), ")."],
  key: ({ by, room, value }) =>
    value
      ? [
          name(by),
          " gave ",
          name(room),
          " a key: joining needs the word, and the room is for its members alone.",
        ]
      : [
          "Joining ",
          name(room),
          " needs no word any more (",
          name(by),
          "); the room stays for its members alone.",
        ],
  "topic-lock": ({ by, room, value }) =>
    value
      ? [name(by), " locked the topic of ", name(room), "."]
      : ["The topic of ", name(room), " is not locked any more (", name(by), ")."],
  limit: ({ by, room, value }) =>
    value
      ? [name(by), " gave ", name(room), ` a limit: nobody else may join ${value} members.`]
      : [name(room), " has no limit any more (", name(by), ")."],
  private: ({ by, room, value }) =>
    value
      ? [name(by), " made ", name(room), " private: until it ends, it is for its members alone."]
      : [name(room), " is not private (", name(by), ")."],
};

/** What the member concerned is told, by `what`. */
const RESTRICTED = {
  __proto__: null,
  kick: ({ by, room, reason }) => [
    "You were removed from ",
    chatOr(room),
    ...byWhom(by),
    `${because(reason)}. You may come back.`,
  ],
  ban: ({ room, reason, until = 0 }, now) => [
    "You are banned from ",
    chatOr(room),
    `${left(until, now)}${because(reason)}.`,
  ],
  mute: ({ room, reason, until = 0 }, now) => [
    "You are muted",
    ...inRoom(room),
    `${left(until, now)}${because(reason)}.`,
  ],
  unmute: ({ room }) => ["You are not muted", ...inRoom(room), " any more."],
  remove: ({ by, room, reason, seq }) => [
    `Your message ${seq}`,
    ...inRoom(room),
    " was removed",
    ...byWhom(by),
    `${because(reason)}.`,
  ],
};

const PARTICIPLES = { __proto__: null, ban: "banned", mute: "muted" };

/** A notice of what a host or operator has done; undefined for what the page does not know. */
export function describeModeration(data) {
  return MODERATION[data.what]?.(data);
}

/** A notice for the member concerned, at the server's time `now`; undefined as above. */
export function describeRestricted(data, now) {
  return RESTRICTED[data.what]?.(data, now);
}

/** A notice for each ban and mute of a list, or one that there is none. */
export function describeBans({ bans, room }, now) {
  return bans.length
    ? bans.map(({ what, nickname, by, reason, until = 0, address }) => [
        name(nickname),
        ` is ${PARTICIPLES[what] ?? what}${left(until, now)}${address ? ", with the address" : ""} (by `,
        name(by),
        `)${because(reason)}.`,
      ])
    : [["Nobody is banned from ", chatOr(room), " or muted there."]];
}

/** In place of the text of a message that was removed. */
export function describeRemoved(by) {
  return ["Removed by ", name(by), "."];
}

/** The notice for the user who is invited. */
export function describeInvited({ room, by }) {
  return [name(by), " invites you to ", name(room), `: /join ${room}`];
}

/** The settings of a room, in a few words each. */
export function describeSettings({
  isReadOnly,
  slow,
  isClosed,
  isKeyed,
  isPrivate,
  isTopicLocked,
  limit,
}) {
  return [
    ...(isReadOnly ? ["read-only"] : []),
    ...(slow ? [`slow: ${duration(1000 * slow)}`] : []),
    ...(isClosed ? ["closed"] : []),
    ...(isKeyed ? ["joining needs a word"] : []),
    ...(isPrivate ? ["for its members alone"] : []),
    ...(isTopicLocked ? ["topic locked"] : []),
    ...(limit ? [`at most ${limit} members`] : []),
  ];
}

/** Words as one text. */
export function joinWords(words) {
  return words.map((word) => word.name ?? word).join("");
}
