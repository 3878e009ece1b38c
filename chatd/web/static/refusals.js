/** How a refusal, the frame `error`, changes the state. Pure. */

import * as outbox from "./outbox.js";
import { LOBBY, casefold } from "./names.js";
import * as search from "./search.js";
import { appendReplies, hasComposerNote, without } from "./state.js";

/** Refusals of a `hello` that may soon be over: mostly the user's own former connection still has
 * the nickname or the slot, as the server has not yet found out that it is dead.
 */
export const TEMPORARY_REFUSALS = new Set(["nickname-taken", "full", "cut-off"]);

const PASSWORD_REFUSALS = new Set(["wrong-password", "too-many-attempts"]);

/** Refusals of a nickname that may be an account, in use or not. */
const ACCOUNT_REFUSALS = new Set(["password-required", "nickname-taken", "blocked"]);

/** Refusals of a message whose reason the note above the composer says, once the page knows it. */
const NOTED_REFUSALS = new Set(["read-only", "slow"]);

/** The state after an `error`, for the `entry` of the outbox that it answers, or for a request. */
export function refused(state, entry, frame, now) {
  const { suggestion, message } = frame.data;
  const next = entry
    ? lineRefused(withoutPassword(state, entry, frame.data), entry, frame.data, now)
    : requestRefused(state, frame, now);
  return suggestion
    ? { ...next, suggestion: { nickname: suggestion, error: message, entry } }
    : next;
}

/** `state`, in which the line behind a refused line is not sent if it may be a password. */
function withoutPassword(state, entry, { code }) {
  return entry.frame.type === "set-name" && ACCOUNT_REFUSALS.has(code)
    ? { ...state, outbox: outbox.withholdPassword(state.outbox, entry) }
    : state;
}

/** The state after an `error` for a line. */
function lineRefused(state, entry, { code, message }, now) {
  if (entry.frame.type === "set-name" && code === "password-required") {
    const { nickname } = entry.frame.data;
    return {
      ...withoutEntry(state, entry),
      passwordPrompt: { nickname, isRenaming: true },
      error: "",
    };
  }
  if (entry.frame.type === "join" && code === "already-in-room") {
    return withoutEntry(state, entry);
  }
  if (entry.frame.type === "join" && code === "wrong-key") {
    const { room, key } = entry.frame.data;
    return {
      ...whereTyped(withoutEntry(state, entry), entry),
      keyPrompt: { room, isWrong: Boolean(key) },
      error: "",
    };
  }
  if (code === "outdated-number") {
    return { ...state, outbox: outbox.markOutdated(state.outbox, entry.id) };
  }
  const shown = whereTyped(state, entry);
  const isNoted =
    NOTED_REFUSALS.has(code) &&
    entry.room === shown.currentRoom &&
    hasComposerNote(shown, entry.room, now);
  const reason = isNoted ? "" : message;
  const next = { ...shown, error: reason };
  // The line stays in the outbox if its room is not shown, or if the user is typing another one.
  if (entry.room !== next.currentRoom || state.drafts.get(entry.room)) {
    return { ...next, outbox: outbox.markRefused(state.outbox, entry.id, reason) };
  }
  // Otherwise it goes back into the empty draft, to be corrected and sent again.
  return {
    ...withoutEntry(next, entry),
    drafts: new Map(state.drafts).set(entry.room, entry.line),
  };
}

/** `state`, back in the room where a line was typed: the room to join was shown before the reply. */
function whereTyped(state, { frame, room }) {
  const key = frame.type === "join" ? casefold(frame.data.room) : "";
  const before = room === key ? LOBBY : room;
  const shown = state.currentRoom === key ? before : state.currentRoom;
  return { ...state, currentRoom: state.rooms.has(shown) ? shown : state.currentRoom };
}

/** The state after an `error` for a request that the page made by itself. */
function requestRefused(state, { id, data: { code, message } }, now) {
  if (id === "hello") {
    // "already-entered": the user pressed the button twice.
    return code === "already-entered" ? state : entryRefused(state, code, message);
  }
  if (id === "rename") {
    return { ...state, error: message };
  }
  if (typeof id === "string" && id.startsWith("rejoin ")) {
    const key = casefold(id.slice("rejoin ".length));
    return appendReplies(
      { ...state, joinedRooms: without(state.joinedRooms, key) },
      [[message]],
      now,
    );
  }
  if (typeof id === "string" && id.startsWith("search ")) {
    return { ...state, search: search.failed(state.search, id, message) };
  }
  if (id === "watch") {
    // A refused `hello` is followed by a `watch`; if both are refused, the first reason counts.
    return { ...state, error: state.error || message };
  }
  // The history of a room that has ended is simply empty.
  return code === "no-such-room" ? state : { ...state, error: message };
}

/** The state after the user was not let in. */
function entryRefused(state, code, message) {
  if (code === "password-required") {
    return {
      ...state,
      passwordPrompt: { nickname: state.requestedNickname, isRenaming: false },
      error: "",
    };
  }
  // While a password is asked for, a server that failed to check it is asked again: were the form
  // gone, the next password might be typed where messages are.
  if (PASSWORD_REFUSALS.has(code) || (code === "server-failed" && state.passwordPrompt)) {
    return {
      ...state,
      passwordPrompt: state.passwordPrompt ?? {
        nickname: state.requestedNickname,
        isRenaming: false,
      },
      error: message,
    };
  }
  if (state.entersAgain && TEMPORARY_REFUSALS.has(code)) {
    return { ...state, error: `${message} You will rejoin automatically as soon as it is free.` };
  }
  return {
    ...state,
    requestedNickname: "",
    entersAgain: false,
    passwordPrompt: null,
    ...(code === "banned"
      ? { resumption: null, farewell: { sentence: message, nickname: "" } }
      : { error: message }),
  };
}

function withoutEntry(state, entry) {
  return { ...state, outbox: outbox.remove(state.outbox, entry.id) };
}
