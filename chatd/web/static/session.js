/** The session: what the page sends and when, and what the user can do.
 *
 * Requests of the page itself have words as their ids, lines of the user have numbers; see
 * server_events.js.
 *
 * After a connection opens, the page either enters (`hello`) if the user has asked for that or was
 * online before, or else watches. A refused `hello` is followed by `watch`, so that the user can
 * read while choosing another nickname. Once online, the page asks for the users and the history,
 * and sends what waits in the outbox.
 *
 * A page that was online resumes its session: it is in its rooms again, gets what it has missed,
 * and sends again what was not confirmed. If the server does not know the session any more, the
 * page joins the rooms that the user was in.
 */

import { serverNow, setServerTime, synchronize } from "./clock.js";
import { NotSent, parse } from "./commands.js";
import { createConnection, retryDelay } from "./connection.js";
import { createHistory } from "./history.js";
import { createLocalCommands } from "./local_commands.js";
import { EXPULSIONS } from "./moderation_events.js";
import { LOBBY, casefold, isSameName } from "./names.js";
import { createNodes } from "./nodes.js";
import { MAX_ENTRIES, nextToSend } from "./outbox.js";
import { TEMPORARY_REFUSALS } from "./refusals.js";
import { encode } from "./resumption.js";
import { createSearch } from "./search.js";
import { createSecrets, withWord, withoutSecret } from "./secrets.js";
import { hasComposerNote, isEntered } from "./state.js";
import { isTalk } from "./talks.js";

const PROTOCOL_VERSION = 1;

/** Time limit for the reply to `quit`; to find out that a connection is dead takes far longer. */
const QUIT_MILLISECONDS = 2000;
/** For so long a `hello` without a reply may still arrive, and take the session from the page. */
const LATE_MILLISECONDS = 60_000;

/** Refusals of a node after which the page tries another one. */
const NODE_REFUSALS = new Set(["full", "cut-off", "too-many-watchers"]);

/** The session of one page, on the state in `store`. */
export function createSession(store) {
  const { dispatch } = store;
  const nodes = createNodes(() => store.state.nodeOrigins);
  const connection = createConnection(dispatch, nodes, { onOpen, onFrame, onNoneLeft });
  const history = createHistory(store, connection.send);
  const secrets = createSecrets(store, connection.send);
  const search = createSearch(store, connection.send);
  let enterTimer = null;
  let quitTimer = null;
  let isHelloUnanswered = false;
  let lateUntil = 0;
  let shownElsewhere;

  function onOpen() {
    clearTimeout(enterTimer);
    if (isHelloUnanswered) {
      lateUntil = performance.now() + LATE_MILLISECONDS;
    }
    isHelloUnanswered = false;
    synchronize(nodes.url("/health"));
    if (quitTimer !== null) {
      close();
    } else if (store.state.requestedNickname) {
      enter();
    } else {
      watch();
    }
  }

  /** Once for each node: the page tries the others again and again. */
  function onNoneLeft() {
    const origin = nodes.elsewhere();
    if (origin && origin !== shownElsewhere) {
      shownElsewhere = origin;
      showNotices([
        `The chat has moved to machines that this page may not connect to. Open ${origin}/ in ` +
          "another tab to go on. What you have typed, and was not sent, stays here.",
      ]);
    }
  }

  function watch() {
    connection.send({ type: "watch", id: "watch" });
  }

  function enter() {
    const { requestedNickname, resumption } = store.state;
    isHelloUnanswered = true;
    connection.send({
      type: "hello",
      id: "hello",
      data: {
        nickname: requestedNickname,
        version: PROTOCOL_VERSION,
        ...(resumption ? { resume: encode(resumption) } : {}),
      },
    });
  }

  function onFrame(frame) {
    if (frame.id === "hello") {
      isHelloUnanswered = false;
    }
    if (secrets.sendKnownPassword(frame) || leavesNode(frame)) {
      return;
    }
    // A private message or a confirmation may be an old one, after the session was resumed.
    if (frame.type === "message" && typeof frame.data?.time === "number") {
      setServerTime(frame.data.time);
    }
    const before = store.state;
    dispatch({ type: "frameReceived", frame, now: serverNow() });
    REACTIONS[frame.type]?.(frame, before);
    sendOutbox();
  }

  /** What the page sends after a frame; `before` is the state before the frame. */
  const REACTIONS = {
    __proto__: null,
    watching: () => {
      nodes.entered();
      requestOverview();
      const { requestedNickname, entersAgain, passwordPrompt } = store.state;
      // The user asked to enter before the reply to `watch`. If the page enters again by itself,
      // then it has just been refused, and `enterTimer` runs.
      if (requestedNickname && !entersAgain && !passwordPrompt) {
        enter();
      }
    },
    welcome: ({ data }, before) => {
      nodes.entered();
      if (!data.resumed) {
        rejoinRooms();
      }
      joinWantedRoom();
      // Before the history, whose messages would otherwise be shown before private ones that were
      // sent between them.
      sendOutbox();
      requestOverview();
      if (before.outbox.some(({ status }) => status === "waiting")) {
        showNotices(["Sending the lines you typed while offline."]);
      }
    },
    joined: ({ data }) => {
      const { nickname, currentRoom } = store.state;
      if (isSameName(data.nickname, nickname) && currentRoom === casefold(data.room)) {
        history.loadNewest();
      }
    },
    parted: ({ data }) => {
      if (isSameName(data.nickname, store.state.nickname)) {
        history.loadNewest();
      }
    },
    // The list that everyone may read does not have the users of a private room.
    "room-settings": ({ data }) => data.private && requestUsers(),
    history: history.fillGap,
    error: (frame, before) => {
      const { id, data } = frame;
      secrets.forgetWrong(frame, before);
      if (id !== "hello") {
        return;
      }
      if (data.code === "banned") {
        close();
        return;
      }
      if (before.connection.state === "connecting") {
        watch();
      }
      if (before.entersAgain && TEMPORARY_REFUSALS.has(data.code)) {
        clearTimeout(enterTimer);
        enterTimer = setTimeout(
          () => store.state.entersAgain && !store.state.nickname && enter(),
          retryDelay(),
        );
      }
    },
    goodbye: ({ data }) => FAREWELLS[data.reason]?.(),
  };

  const FAREWELLS = {
    __proto__: null,
    ...Object.fromEntries(Object.keys(EXPULSIONS).map((reason) => [reason, close])),
    quit: close,
    inactive: connection.open,
    // In a cluster, an own late `hello` at the last node may have taken the session.
    "resumed elsewhere": () =>
      nodes.isCluster() && performance.now() < lateUntil
        ? connection.retryLater()
        : connection.yieldSession(),
  };

  /** Request the users, and the history of the current room. */
  function requestOverview() {
    requestUsers();
    history.loadNewest();
    requestTopic();
  }

  function requestUsers() {
    connection.send({ type: "users", id: "users" });
  }

  /** Join the rooms that the user was in, in a new session. */
  function rejoinRooms() {
    const { joinedRooms } = store.state;
    if (!joinedRooms.has(LOBBY)) {
      connection.send({ type: "leave", id: "rejoin", data: { room: LOBBY } });
    }
    for (const [key, room] of joinedRooms) {
      if (key !== LOBBY) {
        connection.send({ type: "join", id: `rejoin ${room}`, data: secrets.dataToRejoin(room) });
      }
    }
  }

  /** Join the room that the user looked at while choosing a nickname. */
  function joinWantedRoom() {
    const { wantedRoom, joinedRooms } = store.state;
    if (wantedRoom && !joinedRooms.has(casefold(wantedRoom))) {
      withErrors(() => joinRoom(wantedRoom));
    }
    dispatch({ type: "wantedRoomJoined" });
  }

  /** Leave a node that is full or cut off for another one; false if there is none to try. */
  function leavesNode({ type, id, data }) {
    return (
      type === "error" &&
      (id === "hello" || id === "watch") &&
      NODE_REFUSALS.has(data?.code) &&
      connection.moveOn()
    );
  }

  /** Send as many waiting entries of the outbox as may be sent now. */
  function sendOutbox() {
    if (store.state.connection.state !== "online") {
      return;
    }
    const entries = nextToSend(store.state.outbox);
    if (entries.length) {
      // Marked first: if the connection is lost in between, the entries count as sent.
      dispatch({ type: "entriesSent", ids: entries.map(({ id }) => id) });
      entries.forEach(({ id, frame }) => connection.send({ ...frame, id, n: id }));
    }
  }

  function showNotices(...notices) {
    dispatch({ type: "noticesShown", notices, now: serverNow() });
  }

  function selectRoom(room) {
    dispatch({ type: "roomSelected", room });
    if (!store.state.rooms.get(store.state.currentRoom).isLoaded) {
      history.loadNewest();
    }
    requestTopic();
  }

  function openTalk(nicknames) {
    dispatch({ type: "talkOpened", nicknames });
    if (!isEntered(store.state)) {
      fail(`Choose a nickname to write to ${nicknames.join(", ")}.`);
    }
  }

  function closeTalk(nicknames) {
    dispatch({ type: "talkClosed", nicknames });
  }

  /** Ask for the topic of the current room, which is sent unasked only to its members. */
  function requestTopic() {
    const { name, topic } = store.state.rooms.get(store.state.currentRoom);
    if (!isTalk(name) && topic === null && store.state.connection.state !== "connecting") {
      connection.send({ type: "topic", id: `topic ${name}`, data: { room: name } });
    }
  }

  function fail(message) {
    dispatch({ type: "failed", message });
  }

  function queueLine(line, frame) {
    if (store.state.outbox.length >= MAX_ENTRIES) {
      throw new NotSent(`There are ${MAX_ENTRIES} unsent lines already.`);
    }
    dispatch({ type: "lineQueued", line, frame, now: Date.now() });
    secrets.rememberWord(frame);
    if (frame.type === "join") {
      selectRoom(frame.data.room);
    }
    sendOutbox();
  }

  function joinRoom(room, key) {
    queueLine(`/join ${room}`, { type: "join", data: withWord(room, key) });
  }

  /** Give the host code. It is never queued, since what is queued is shown and stored. */
  function giveHostCode(code) {
    if (store.state.connection.state !== "online") {
      throw new NotSent("You are offline. Give the host code again when you are connected.");
    }
    fail(""); // what was wrong with the code before
    connection.send({ type: "host", id: "host", data: { code } });
  }

  /** Throw NotSent if a message would be refused. Its text is empty: the note says why already. */
  function checkMayWrite({ type, data }) {
    const key = type === "message" ? casefold(data.room) : "";
    if (store.state.rooms.has(key) && hasComposerNote(store.state, key, serverNow())) {
      throw new NotSent("");
    }
  }

  function wantRoom(room) {
    selectRoom(room);
    dispatch({ type: "roomWanted", room });
  }

  /** Leave the chat: with `quit` if possible, and after a time limit without its reply. */
  function leave() {
    if (store.state.connection.state === "online") {
      connection.send({ type: "quit", id: "quit" });
      quitTimer ??= setTimeout(close, QUIT_MILLISECONDS);
    } else {
      close();
    }
  }

  function close() {
    clearTimeout(quitTimer);
    quitTimer = null;
    connection.close();
  }

  const localCommands = createLocalCommands(store, search, {
    showNotices,
    selectRoom,
    openTalk,
    closeTalk,
    leave,
  });

  return {
    open: connection.open,
    url: nodes.url,
    check: connection.check,
    suspend: connection.suspend,
    unsuspend: connection.unsuspend,
    loadOlder: history.loadOlder,
    selectRoom,
    openTalk,
    closeTalk,
    showCleared: () => dispatch({ type: "cleared", isCleared: false }),
    choosePictures: (pictures) => dispatch({ type: "picturesChosen", pictures }),
    chooseArrivals: (arrivals) => dispatch({ type: "arrivalsChosen", arrivals }),
    leave,

    /** Search for a typed text; false if it is invalid. */
    search: (text) => withErrors(() => search.start(parse(`/search ${text}`, LOBBY).data)),
    loadMoreResults: () => withErrors(search.loadMore),
    closeSearch: () => dispatch({ type: "searchClosed" }),

    /** Enter under `nickname`, now or when there is a connection. */
    requestNickname(nickname) {
      clearTimeout(enterTimer);
      dispatch({ type: "nicknameRequested", nickname });
      if (store.state.connection.state === "watching") {
        enter();
      }
    },

    sendPassword: secrets.sendPassword,

    /** Have `run(frame)` called for a command that another part of the page carries out. */
    onCommand(type, run) {
      localCommands[type] = run;
    },

    cancelPassword: () => dispatch({ type: "passwordCancelled" }),
    /** Change the draft of `room`, or of the current one, if that has got another name meanwhile. */
    changeDraft(text, room) {
      const { rooms, currentRoom } = store.state;
      dispatch({ type: "draftChanged", text, room: rooms.has(room) ? room : currentRoom });
    },
    discardEntry: (id) => dispatch({ type: "entryDiscarded", id }),

    /** Move a line from the outbox into the draft of its room, and show that room. */
    editEntry(id) {
      const entry = store.state.outbox.find((each) => each.id === id);
      if (entry) {
        dispatch({ type: "entryEdited", id });
        selectRoom(store.state.rooms.get(entry.room)?.name ?? entry.room);
      }
    },

    /** Join a room; a watcher is shown it, and joins it with a nickname. */
    joinRoom: (room) =>
      isEntered(store.state) ? withErrors(() => joinRoom(room)) : wantRoom(room),

    /** Join a room with its word, or cancel that. */
    joinWithKey(room, key) {
      dispatch({ type: "keyPromptClosed" });
      withErrors(() => joinRoom(room, key));
    },
    cancelKey: () => dispatch({ type: "keyPromptClosed" }),
    giveHostCode: (code) => withErrors(() => giveHostCode(code)),

    /** Send a command that was not typed; `line` is what the user would have typed. */
    send: ({ line, frame }) => withErrors(() => queueLine(line, frame)),
    setIgnored: (nickname, isIgnored) =>
      withErrors(() => localCommands[isIgnored ? "ignore" : "unignore"]({ data: { nickname } })),

    /** Enter under the nickname that the user had, after a host has removed the user. */
    enterAgain(nickname) {
      dispatch({ type: "nicknameRequested", nickname });
      connection.open();
    },
    setTopic: (room, text) =>
      withErrors(() =>
        queueLine(`/topic ${room} ${text || "-"}`, { type: "topic", data: { room, text } }),
      ),

    /** Take the nickname that is possible instead of a refused one. */
    takeSuggestion() {
      const { nickname, entry } = store.state.suggestion;
      if (!entry) {
        this.requestNickname(nickname);
        return;
      }
      withErrors(() => queueLine(`/setname ${nickname}`, { type: "set-name", data: { nickname } }));
      // The refused line is in the outbox or, if nothing else was typed there, in the draft again.
      dispatch({ type: "entryDiscarded", id: entry.id });
      if (store.state.drafts.get(entry.room) === entry.line) {
        dispatch({ type: "draftChanged", text: "", room: entry.room });
      }
    },

    leaveRoom: (room) =>
      withErrors(() => queueLine(`/leave ${room}`, { type: "leave", data: { room } })),

    /** Carry out or queue a line typed in `room`. False if it is invalid; it stays in the draft. */
    submit(line, room) {
      return withErrors(() => {
        // A command may select another room, and the draft to clear is the one of this room.
        const { currentRoom, rooms } = store.state;
        if (room !== currentRoom) {
          // It has changed since the user saw it: what is meant for few must not go to others.
          throw new NotSent("Another room is shown now. Nothing was sent.");
        }
        const frame = parse(line, rooms.get(currentRoom).name);
        if (localCommands[frame?.type]) {
          localCommands[frame.type](frame);
        } else if (frame?.type === "host") {
          giveHostCode(frame.data.code);
        } else if (frame) {
          checkMayWrite(frame);
          queueLine(withoutSecret(line, frame), frame);
        }
        dispatch({ type: "draftChanged", text: "", room: currentRoom });
      });
    },
  };

  /** Run `action`; false if it throws NotSent, whose message is then shown. */
  function withErrors(action) {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof NotSent)) {
        throw error;
      }
      fail(error.message);
      return false;
    }
  }
}
