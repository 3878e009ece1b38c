/** What the person and the connection make of the state. Pure. */

import * as backlog from "./backlog.js";
import { received } from "./frames.js";
import { LOBBY, folded } from "./names.js";
import { left, listed, rooms as inhabited } from "./people.js";
import { drafted, notedHere, withRoom, withRooms } from "./state.js";

/** The state after `action`, which has a `type` and what belongs to it. */
export function reduced(state, action) {
  return ACTIONS[action.type](state, action);
}

const ACTIONS = {
  // The connection.
  received: (state, { frame, now }) => received(state, frame, now),
  connecting: (state) => ({ ...offline(state), link: { is: "connecting" } }),
  lost: (state, { until }) => ({ ...offline(state), link: { is: "waiting", until } }),
  left: (state) => {
    const gone = offline(state);
    // What waited to be sent is not sent by itself when the person comes back some day.
    const waiting = gone.backlog.filter((each) => each.status === "waiting");
    const back = waiting.reduce((all, { id }) => ACTIONS.takenBack(all, { id }), gone);
    return {
      ...back,
      link: { is: "left" },
      problem: "",
      wanted: "",
      isReturning: false,
      account: null,
      home: new Map([[LOBBY, LOBBY]]),
    };
  },
  polled: (state, { users }) => swept({ ...state, people: listed(users) }),

  // The person.
  wanted: (state, { nickname }) => ({
    ...state,
    wanted: nickname,
    isReturning: state.isReturning && folded(nickname) === folded(state.wanted),
    account: null,
    problem: "",
  }),
  anotherNickname: (state) => ({
    ...state,
    account: null,
    problem: "",
    ...(state.account?.isRenaming ? {} : { wanted: "", isReturning: false }),
  }),
  shown: (state, { room }) =>
    seen({
      ...withRoom(state, room, (each) => each),
      shown: folded(room),
      problem: "",
    }),
  hidden: (state, { isHidden }) => seen({ ...state, isHidden }),
  drafted: (state, { text, room = state.shown }) => ({
    ...state,
    drafts: new Map(state.drafts).set(room, text),
  }),
  queued: (state, { line, frame }) => ({
    ...state,
    backlog: backlog.added(state.backlog, { line, frame, room: state.shown }),
    problem: "",
  }),
  sent: (state, { ids }) => ({ ...state, backlog: backlog.sent(state.backlog, ids) }),
  takenBack: (state, { id }) => {
    const entry = state.backlog.find((each) => each.id === id);
    if (!entry) {
      return state;
    }
    const draft = [state.drafts.get(entry.room), entry.line].filter(Boolean).join("\n");
    return {
      ...ACTIONS.dismissed(state, { id }),
      drafts: new Map(state.drafts).set(entry.room, draft),
    };
  },
  dismissed: (state, { id }) => ({ ...state, backlog: backlog.without(state.backlog, id) }),

  // The page itself.
  problem: (state, { sentence }) => ({ ...state, problem: sentence }),
  said: (state, { lines, now }) =>
    lines.reduce(
      (all, words) => notedHere(all, Object.freeze({ kind: "notice", time: now, words })),
      { ...state, problem: "" },
    ),
};

function offline(state) {
  return {
    ...withRooms(state, (each) => ({ ...each, isRead: false })),
    me: "",
    people: state.me ? left(state.people, state.me) : state.people,
    listing: [],
    backlog: backlog.broken(state.backlog),
    account: state.account?.isRenaming ? null : state.account,
  };
}

/** `state` with what is shown read, if the person looks. */
function seen(state) {
  return state.isHidden
    ? state
    : withRoom(state, state.rooms.get(state.shown).name, (each) =>
        each.unread ? { ...each, unread: 0 } : each,
      );
}

/** `state` without the rooms that nobody is in, looks at or has written for. */
function swept(state) {
  const alive = inhabited(state.people);
  const written = new Set(drafted(state));
  const stays = (key) =>
    key === LOBBY ||
    key === state.shown ||
    state.home.has(key) ||
    alive.has(key) ||
    written.has(key);
  return { ...state, rooms: new Map([...state.rooms].filter(([key]) => stays(key))) };
}
