/** The conversation with the server: what is sent when, and what the person can do. */

import { FOR_NOW } from "./answers.js";
import { ENTRIES, sendable } from "./backlog.js";
import { NotSent, help, read } from "./commands.js";
import { createLink, pause } from "./link.js";
import { LOBBY, folded } from "./names.js";
import { createReading } from "./reading.js";

/** The version of the protocol. */
const VERSION = 1;

/** For the server to say goodbye; a link that is dead may take far longer to be found out. */
const GOODBYE_MILLISECONDS = 2000;

/** The session of one page, over the state in `store`. */
export function createSession(store) {
  const { dispatch } = store;
  const passwords = new Map();
  const link = createLink(dispatch, { greet, received });
  const reading = createReading(store, link.send);
  let again = null;
  let leaving = null;

  function greet() {
    clearTimeout(again);
    if (leaving !== null) {
      close();
    } else if (store.state.wanted) {
      enter();
    } else {
      watch();
    }
  }

  function watch() {
    link.send({ type: "watch", id: "watch" });
  }

  function enter() {
    link.send({
      type: "hello",
      id: "hello",
      data: { nickname: store.state.wanted, version: VERSION },
    });
  }

  function received(frame) {
    if (signsInAgain(frame)) {
      return;
    }
    const before = store.state;
    dispatch({ type: "received", frame, now: Date.now() });
    AFTER[frame.type]?.(frame, before);
    pump();
  }

  /** What the page does by itself when it has got a frame of a type. */
  const AFTER = {
    __proto__: null,
    watching: () => {
      lookAround();
      const { wanted, isReturning, account } = store.state;
      // Who asked before there was an answer; who comes back has been refused just now.
      if (wanted && !isReturning && !account) {
        enter();
      }
    },
    welcome: () => {
      goBack();
      lookAround();
      if (store.state.backlog.some(({ status }) => status === "waiting")) {
        say(["Sending the lines you typed meanwhile."]);
      }
    },
    joined: ({ data }) => {
      if (
        folded(data.nickname) === folded(store.state.me) &&
        store.state.shown === folded(data.room)
      ) {
        reading.newest();
      }
    },
    parted: ({ data }) => {
      if (folded(data.nickname) === folded(store.state.me)) {
        reading.newest();
      }
    },
    history: reading.missed,
    error: ({ id, data }, before) => {
      if (data.code === "wrong-password") {
        passwords.delete(folded(before.account?.nickname ?? before.wanted));
      }
      if (id !== "hello") {
        return;
      }
      if (before.link.is === "connecting") {
        watch();
      }
      if (before.isReturning && FOR_NOW.has(data.code)) {
        clearTimeout(again);
        again = setTimeout(() => store.state.isReturning && !store.state.me && enter(), pause());
      }
    },
    goodbye: ({ data }) => {
      if (data.reason === "quit") {
        close();
      } else if (data.reason === "inactive") {
        link.open();
      }
    },
  };

  /** Ask for what there is to see; part of coming, so it is no activity of its own. */
  function lookAround() {
    link.send({ type: "users", id: "users" });
    reading.newest();
  }

  /** Go to the rooms that the person was in. */
  function goBack() {
    const { home } = store.state;
    if (!home.has(LOBBY)) {
      link.send({ type: "leave", id: "rejoin", data: { room: LOBBY } });
    }
    for (const [key, room] of home) {
      if (key !== LOBBY) {
        link.send({ type: "join", id: `rejoin ${room}`, data: { room } });
      }
    }
  }

  /** Whether a frame asks for a password that is known; the person need not hear of it. */
  function signsInAgain({ type, id, data }) {
    const { wanted } = store.state;
    const password = passwords.get(folded(wanted));
    const isAsked = type === "error" && id === "hello" && data?.code === "password-required";
    if (isAsked && password !== undefined) {
      authenticate(wanted, password, "hello");
      return true;
    }
    return false;
  }

  function authenticate(account, password, id) {
    link.send({ type: "authenticate", id, data: { account, password } });
  }

  /** Send what waits, as far as it may be under way. */
  function pump() {
    if (store.state.link.is !== "online") {
      return;
    }
    const entries = sendable(store.state.backlog);
    if (entries.length) {
      dispatch({ type: "sent", ids: entries.map(({ id }) => id) });
      entries.forEach(({ id, frame }) => link.send({ ...frame, id }));
    }
  }

  function say(...lines) {
    dispatch({ type: "said", lines, now: Date.now() });
  }

  function show(room) {
    dispatch({ type: "shown", room });
    if (!store.state.rooms.get(store.state.shown).isRead) {
      reading.newest();
    }
  }

  function queue(line, frame) {
    if (store.state.backlog.length >= ENTRIES) {
      throw new NotSent(`${ENTRIES} lines wait already.`);
    }
    dispatch({ type: "queued", line, frame });
    if (frame.type === "join") {
      show(frame.data.room);
    }
    pump();
  }

  /** Say so and go; without an answer as well, and never to be taken in again by itself. */
  function leave() {
    if (store.state.link.is === "online") {
      link.send({ type: "quit", id: "quit" });
      leaving ??= setTimeout(close, GOODBYE_MILLISECONDS);
    } else {
      close();
    }
  }

  function close() {
    clearTimeout(leaving);
    leaving = null;
    link.close();
  }

  /** What a typed line does that is no request of its own. */
  const HERE = {
    help: () => say(...help().map(([written, does]) => [`${written}: ${does}`])),
    "go-to": ({ data }) => show(data.room),
    "ask-whom": () => say(["To whom? Choose somebody in the list of people, or write: @NAME text"]),
    quit: leave,
  };

  return {
    begin: link.open,
    check: link.check,
    readOlder: reading.older,
    show,
    leave,
    comeBack: link.open,

    /** Enter under `nickname`, as soon as there is a connection. */
    join(nickname) {
      clearTimeout(again);
      dispatch({ type: "wanted", nickname });
      if (store.state.link.is === "watching") {
        enter();
      }
    },

    /** Answer the question for the password. */
    signIn(password) {
      const { nickname, isRenaming } = store.state.account;
      passwords.set(folded(nickname), password);
      authenticate(nickname, password, isRenaming ? "rename" : "hello");
    },

    anotherNickname: () => dispatch({ type: "anotherNickname" }),
    drafted: (text) => dispatch({ type: "drafted", text }),
    dismiss: (id) => dispatch({ type: "dismissed", id }),

    /** Have a line of the backlog in the draft again, of the room that it was written for. */
    takeBack(id) {
      const entry = store.state.backlog.find((each) => each.id === id);
      if (entry) {
        dispatch({ type: "takenBack", id });
        show(store.state.rooms.get(entry.room)?.name ?? entry.room);
      }
    },

    /** Go into a room, or out of it, by a button. */
    joinRoom: (room) => attempt(() => queue(`/join ${room}`, { type: "join", data: { room } })),
    leaveRoom: (room) => attempt(() => queue(`/leave ${room}`, { type: "leave", data: { room } })),

    /** Take what the person typed; false if it cannot be sent, and stays in the draft. */
    submit(line) {
      return attempt(() => {
        const room = store.state.rooms.get(store.state.shown).name;
        const meant = read(line, room);
        const draft = store.state.shown;
        if (HERE[meant?.type]) {
          HERE[meant.type](meant);
        } else if (meant) {
          queue(line, meant);
        }
        dispatch({ type: "drafted", text: "", room: draft });
      });
    },
  };

  function attempt(act) {
    try {
      act();
      return true;
    } catch (why) {
      if (!(why instanceof NotSent)) {
        throw why;
      }
      dispatch({ type: "problem", sentence: why.message });
      return false;
    }
  }
}
