/** What an `ok` or `error` makes of the state: lines are confirmed, or refused. Pure. */

import * as backlog from "./backlog.js";
import { folded } from "./names.js";
import * as sentences from "./sentences.js";
import { kept, notedHere, withRoom } from "./state.js";
import * as timeline from "./timeline.js";

/** Refused for now: whoever comes back keeps trying, as it is mostly their own ghost. */
export const FOR_NOW = new Set(["nickname-taken", "full"]);

const ABOUT_PASSWORDS = new Set(["wrong-password", "too-many-attempts"]);

/** The state after an answer of a `type`, "ok" or "error". */
export function answerOf(state, type, frame, now) {
  const entry =
    typeof frame.id === "number" ? backlog.answered(state.backlog, frame.id) : undefined;
  if (type === "ok") {
    return entry ? done(state, entry, frame.data ?? {}, now) : state;
  }
  return entry ? refused(state, entry, frame.data) : refusedToPage(state, frame, now);
}

function done(state, { frame }, data, now) {
  const said = { source: state.me, time: data.time, text: frame.data?.text };
  if (frame.type === "message") {
    return withRoom(state, data.room, (room) => ({
      ...room,
      items: timeline.heard(
        room.items,
        Object.freeze({ kind: "own", seq: data.seq, ...said }),
        kept(state, data.room),
      ),
    }));
  }
  if (frame.type !== "private") {
    return { ...state, problem: "" };
  }
  const missed = data.missed ?? [];
  const to = frame.data.to.filter(
    (name) => !missed.some((each) => sentences.isSame(each.nickname, name)),
  );
  const shown = notedHere(state, Object.freeze({ kind: "private", isOwn: true, to, ...said }));
  return missed.length
    ? notedHere(
        shown,
        Object.freeze({ kind: "notice", time: now, words: sentences.missed(missed) }),
      )
    : shown;
}

function refused(state, entry, { code, message }) {
  if (entry.frame.type === "set-name" && code === "password-required") {
    const { nickname } = entry.frame.data;
    return { ...without(state, entry), account: { nickname, isRenaming: true }, problem: "" };
  }
  if (entry.frame.type === "join" && code === "already-in-room") {
    return without(state, entry);
  }
  const back =
    entry.frame.type === "join" && state.shown === folded(entry.frame.data.room)
      ? entry.room
      : state.shown;
  const there = { ...state, shown: state.rooms.has(back) ? back : state.shown, problem: message };
  // Where it cannot be seen, or there is no place for it, it waits to be taken back.
  if (entry.room !== there.shown || state.drafts.get(entry.room)) {
    return { ...there, backlog: backlog.refused(state.backlog, entry.id, message) };
  }
  // An empty draft has room for it: it can be mended and sent again.
  return { ...without(there, entry), drafts: new Map(state.drafts).set(entry.room, entry.line) };
}

/** The page itself asked for something. */
function refusedToPage(state, { id, data: { code, message } }, now) {
  if (id === "hello") {
    // The second press of the button came while the first was under way.
    return code === "already-entered" ? state : notEntered(state, code, message);
  }
  if (id === "rename") {
    return { ...state, problem: message };
  }
  if (typeof id === "string" && id.startsWith("rejoin ")) {
    const home = new Map(state.home);
    home.delete(folded(id.slice("rejoin ".length)));
    return notedHere(
      { ...state, home },
      Object.freeze({ kind: "notice", time: now, words: [message] }),
    );
  }
  if (id === "watch") {
    // Why one was not taken in matters more than that one cannot watch, either.
    return { ...state, problem: state.problem || message };
  }
  // Of a room that is gone there is nothing to read.
  return code === "no-such-room" ? state : { ...state, problem: message };
}

function notEntered(state, code, message) {
  if (code === "password-required") {
    return { ...state, account: { nickname: state.wanted, isRenaming: false }, problem: "" };
  }
  if (ABOUT_PASSWORDS.has(code)) {
    return {
      ...state,
      account: state.account ?? { nickname: state.wanted, isRenaming: false },
      problem: message,
    };
  }
  if (state.isReturning && FOR_NOW.has(code)) {
    return { ...state, problem: `${message} You are taken in again as soon as it is free.` };
  }
  return { ...state, wanted: "", isReturning: false, account: null, problem: message };
}

function without(state, entry) {
  return { ...state, backlog: backlog.without(state.backlog, entry.id) };
}
