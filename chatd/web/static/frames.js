/** What a frame of the server makes of the state. Pure.
 *
 * The id of a request tells what its answer is for: a number is a line of the person's, in the
 * backlog; a word is what the page asked by itself.
 */

import * as backlog from "./backlog.js";
import { answerOf } from "./answers.js";
import { LOBBY, folded } from "./names.js";
import * as people from "./people.js";
import * as sentences from "./sentences.js";
import { isUnseen, kept, noted, notedHere, withRoom, withRooms } from "./state.js";
import * as timeline from "./timeline.js";

/** The state after `frame`, which came at `now` (milliseconds since 1970). */
export function received(state, frame, now) {
  const take = FRAMES[frame.type];
  const taken = take ? take(state, frame.data ?? {}, frame, now) : state;
  const isPart = frame.data?.more === true;
  return typeof frame.id === "number" && frame.type !== "error" && !isPart
    ? { ...taken, backlog: backlog.without(taken.backlog, frame.id) }
    : taken;
}

const FRAMES = {
  // Nothing but these: a server may name a type as something is named that every object has.
  __proto__: null,

  watching: (state, data, frame, now) => ({
    ...onServer(state, data, now),
    link: { is: "watching" },
    me: "",
  }),

  welcome: (state, data, frame, now) => ({
    ...withRooms(onServer(state, data, now), (each) => ({ ...each, isRead: false })),
    link: { is: "online" },
    me: data.nickname,
    wanted: data.nickname,
    isReturning: true,
    account: null,
    problem: "",
    people: people.entered(state.people, data.nickname),
  }),

  message: (state, data) => {
    const isUnread = isUnseen(state, folded(data.room));
    return withRoom(state, data.room, (room) => ({
      ...room,
      items: timeline.heard(room.items, message(state, data), kept(state, data.room)),
      unread: room.unread + (isUnread ? 1 : 0),
    }));
  },

  private: (state, { source, to, time, text }) => {
    const shown = notedHere(state, Object.freeze({ kind: "private", source, to, time, text }));
    return isUnseen(state, state.shown)
      ? withRoom(shown, shown.rooms.get(shown.shown).name, (room) => ({
          ...room,
          unread: room.unread + 1,
        }))
      : shown;
  },

  entered: (state, data, frame, now) =>
    happened(state, people.entered(state.people, data.nickname), notice("entered", data, now)),

  left: (state, data, frame, now) =>
    happened(state, people.left(state.people, data.nickname), notice("left", data, now)),

  renamed: (state, data, frame, now) => {
    const after = happened(
      state,
      people.renamed(state.people, data.old, data.new),
      notice("renamed", data, now),
    );
    return isMe(state, data.old)
      ? { ...after, me: data.new, wanted: data.new, account: null }
      : after;
  },

  joined: (state, data, frame, now) => {
    const after = moved(
      state,
      people.joined(state.people, data.room, data.nickname),
      data,
      notice("joined", data, now),
    );
    return isMe(state, data.nickname)
      ? { ...after, home: new Map(state.home).set(folded(data.room), data.room) }
      : after;
  },

  parted: (state, data, frame, now) => {
    const after = moved(
      state,
      people.parted(state.people, data.room, data.nickname),
      data,
      notice("parted", data, now),
    );
    if (!isMe(state, data.nickname)) {
      return after;
    }
    const home = new Map(state.home);
    home.delete(folded(data.room));
    return { ...after, home, shown: state.shown === folded(data.room) ? LOBBY : state.shown };
  },

  history: (state, { room, messages, more }, { id }, now) => {
    const asked = typeof id === "string" ? id.split(" ")[0] : "";
    const merge = asked === "history" && !more ? timeline.current : timeline.merged;
    const after = withRoom(state, room, (each) => ({
      ...each,
      items: merge(
        each.items,
        messages.map((told) => message(state, told)),
      ),
      isRead: each.isRead || !more,
      beginning:
        asked === "older" && !messages.length
          ? (timeline.oldest(each.items)?.seq ?? 0)
          : each.beginning,
    }));
    const [then, since] = [state, after].map(({ rooms }) => rooms.get(folded(room))?.items);
    return typeof id === "number" && !more && then === since
      ? told(after, [sentences.nothingNew(room, messages.length)], now)
      : after;
  },

  users: (state, data, frame, now) => {
    if (typeof frame.id === "number") {
      return told(state, sentences.people(data.users), now);
    }
    const listing = [...state.listing, ...data.users];
    return data.more
      ? { ...state, listing }
      : { ...state, listing: [], people: people.listed(listing) };
  },

  rooms: (state, data, frame, now) => told(state, sentences.rooms(data.rooms), now),

  ok: (state, data, frame, now) => answerOf(state, "ok", frame, now),

  error: (state, data, frame, now) => answerOf(state, "error", frame, now),

  goodbye: (state, { reason }) => ({
    ...state,
    ...(reason === "server is stopping" ? {} : { wanted: "", isReturning: false, account: null }),
    problem:
      reason === "quit" || reason === "server is stopping"
        ? state.problem
        : sentences.goodbye(reason),
  }),
};

/** `state` on a server, which may be another one, or have been started anew. */
function onServer(state, { server, started }, now) {
  if (state.started === started && state.server === server) {
    return state;
  }
  const anew = { ...state, server, started };
  if (!state.started) {
    return anew;
  }
  const words = ["The server was started anew; what was said before is gone."];
  return notedHere(
    withRooms(anew, (each) => ({ ...each, items: [], isRead: false, beginning: 0 })),
    {
      kind: "notice",
      time: now,
      words,
    },
  );
}

function message(state, { seq, time, source, text }) {
  return Object.freeze({ kind: isMe(state, source) ? "own" : "message", seq, time, source, text });
}

function isMe(state, nickname) {
  return state.me !== "" && sentences.isSame(state.me, nickname);
}

function notice(type, data, now) {
  return Object.freeze({ kind: "notice", time: now, words: sentences.EVENTS[type](data) });
}

function happened(state, those, item) {
  return notedHere({ ...state, people: those, changes: state.changes + 1 }, item);
}

function moved(state, those, { room }, item) {
  return noted({ ...state, people: those, changes: state.changes + 1 }, room, item);
}

function told(state, lines, now) {
  return lines.reduce(
    (all, words) => notedHere(all, Object.freeze({ kind: "notice", time: now, words })),
    state,
  );
}
