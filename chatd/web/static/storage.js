/** What survives a reload: the nickname, who is ignored, and how arrivals are shown; and in the same tab drafts, the outbox, unread marks, the
 * session, and what the server does not send again: private messages, notices, and what a former
 * server sent.
 *
 * The session and the private messages are in the storage only from the end of one page to the
 * beginning of the next one in the tab. So a duplicated tab never gets them: two pages with one
 * session would drive each other out.
 */

import { PICTURES_SHOWN } from "./files.js";
import { STATUSES, markUnknown } from "./outbox.js";
import { casefold } from "./names.js";
import { ARRIVALS } from "./rows.js";
import { hasSecret, hasWord } from "./secrets.js";
import { isEntered, roomsWithUnsent, withRoom } from "./state.js";
import { isTalk } from "./talks.js";
import { unnumbered } from "./timeline.js";

/** The keys in `localStorage` and in `sessionStorage`. */
const NICKNAME = "nickname";
const IGNORED = "ignored";
const ARRIVALS_SHOWN = "arrivals";
const PICTURES = "pictures";
const UNSENT = "unsent";
const SHOWN = "shown";
const NODES = "nodes";
const SESSION = "session";
/** Set while no page uses what is stored: from the end of one page until the next one begins. */
const IS_RELEASED = "released";

/** Bounds on what is kept of each room and of all: browsers give a page a few million characters. */
const MAX_SHOWN_ITEMS = 200;
const MAX_SHOWN_CHARACTERS = 1_000_000;

/** The server knows a session for so long without a connection. A tab that is opened again later,
 * perhaps with the browser, must not enter by itself.
 */
const SESSION_MILLISECONDS = 3_600_000;

/** The last nickname; empty if there is none. */
export function loadNickname() {
  return attempt(() => localStorage.getItem(NICKNAME)) ?? "";
}

/** `state` with what the page had before a reload.
 *
 * A duplicated tab gets a copy of what another page still uses, and that page sends the lines that
 * wait. So here the user decides about them; and what was said to the other page stays there.
 */
export function restore(state) {
  const isReleased = take(IS_RELEASED) === true;
  const unsent = load(UNSENT);
  const [shown, session] = [SHOWN, SESSION].map(take);
  const outbox = toArray(unsent?.outbox).filter(isEntry);
  const isResumed = isReleased && isSession(session);
  const ignored = toArray(attempt(() => JSON.parse(localStorage.getItem(IGNORED))));
  const arrivals = attempt(() => localStorage.getItem(ARRIVALS_SHOWN));
  const pictures = attempt(() => localStorage.getItem(PICTURES));
  const restored = {
    ...state,
    ignored: new Map(ignored.filter(isString).map((name) => [casefold(name), name])),
    arrivals: ARRIVALS.has(arrivals) ? arrivals : state.arrivals,
    pictures: PICTURES_SHOWN.has(pictures) ? pictures : state.pictures,
    nodeOrigins: toArray(load(NODES)).filter(isString),
    drafts: new Map(toArray(unsent?.drafts).filter(isDraft)),
    outbox: isResumed ? outbox : markUnknown(outbox, !isReleased),
    lastId: Math.max(0, ...outbox.map(({ id }) => id)),
    talksOwner: isString(unsent?.talksOwner) ? unsent.talksOwner : "",
  };
  const withDrafts = roomsWithUnsent(restored)
    .filter(isTalk)
    .reduce((next, name) => withRoom(next, name, (room) => room), restored);
  const withItems = isReleased
    ? toArray(shown).filter(isRoom).reduce(withShown, withDrafts)
    : withDrafts;
  return isResumed ? withSession(withItems, session) : withItems;
}

/** `state` of a user who enters again by itself, in the session of the page before. */
function withSession(state, { nickname, rooms, currentRoom, lastId, token, lastPrivate, seen }) {
  const joinedRooms = new Map(rooms.map((room) => [casefold(room), room]));
  return {
    ...withRoom(state, currentRoom, (room) => room),
    requestedNickname: nickname,
    talksOwner: nickname,
    entersAgain: true,
    joinedRooms,
    currentRoom: casefold(currentRoom),
    lastId: Math.max(state.lastId, lastId),
    resumption: {
      token,
      lastPrivate,
      seen: new Map(seen.map(([room, seq]) => [casefold(room), [room, seq]])),
    },
  };
}

function withShown(state, { name, unread, mentions, newSince, isClosed, items }) {
  return withRoom(state, name, (room) => ({
    ...room,
    unread,
    mentions: isNumber(mentions) ? mentions : 0,
    newSince: isNumber(newSince) ? newSince : 0,
    isClosed: isClosed === true,
    items: items.filter(isItem).map(Object.freeze),
  }));
}

/** Save what only this page knows when it ends.
 *
 * If the user comes back to it by the browser's history, another page may have gone on with all
 * that meanwhile. So the page is loaded again, unless nothing could be stored.
 */
export function trackEnd(store) {
  function onEnd() {
    const areShownKept = keep(SHOWN, shownRooms(store.state));
    keep(SESSION, currentSession(store.state, areShownKept));
    keep(IS_RELEASED, true);
  }

  addEventListener("pagehide", onEnd);
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && load(IS_RELEASED)) {
      removeEventListener("pagehide", onEnd);
      location.reload();
    }
  });
}

/** What the next page needs to go on with the session; null if this page has none.
 *
 * A private message counts as received only once it is stored: otherwise it is sent again.
 */
function currentSession(state, areShownKept) {
  const { resumption, requestedNickname, joinedRooms, rooms, currentRoom, lastId } = state;
  return resumption && state.requestedNickname && isEntered(state)
    ? {
        savedAt: Date.now(),
        nickname: requestedNickname,
        rooms: [...joinedRooms.values()],
        currentRoom: rooms.get(currentRoom).name,
        lastId,
        token: resumption.token,
        lastPrivate: areShownKept ? resumption.lastPrivate : 0,
        seen: [...resumption.seen.values()],
      }
    : null;
}

/** Of each room what the server does not send again. A user who has left leaves nothing behind. */
function shownRooms({ connection, rooms }) {
  if (connection.state === "left") {
    return [];
  }
  let charactersLeft = MAX_SHOWN_CHARACTERS;
  const fits = (item) => {
    charactersLeft -= JSON.stringify(item).length;
    return charactersLeft >= 0;
  };
  return [...rooms.values()]
    .map(({ items, ...room }) => {
      const { name, unread, mentions, newSince, isClosed } = room;
      const last = unnumbered(items).slice(-MAX_SHOWN_ITEMS);
      const kept = last.reverse().filter(fits).reverse();
      return { name, unread, mentions, newSince, isClosed, items: kept };
    })
    .filter(
      ({ name, unread, newSince, items }) =>
        unread || newSince || items.length || isTalk(name),
    );
}

/** Save what has changed; a subscriber of the store. */
export function save(state, before) {
  if (state.nickname && state.nickname !== before.nickname) {
    attempt(() => localStorage.setItem(NICKNAME, state.nickname));
  }
  if (state.ignored !== before.ignored) {
    attempt(() => localStorage.setItem(IGNORED, JSON.stringify([...state.ignored.values()])));
  }
  if (state.arrivals !== before.arrivals) {
    attempt(() => localStorage.setItem(ARRIVALS_SHOWN, state.arrivals));
  }
  if (state.pictures !== before.pictures) {
    attempt(() => localStorage.setItem(PICTURES, state.pictures));
  }
  if (String(state.nodeOrigins) !== String(before.nodeOrigins)) {
    keep(NODES, state.nodeOrigins);
  }
  if (["drafts", "outbox", "talksOwner"].some((key) => state[key] !== before[key])) {
    keep(UNSENT, {
      talksOwner: state.talksOwner,
      drafts: [...state.drafts].filter(([, text]) => text && !hasSecret(text)),
      outbox: state.outbox.filter((entry) => !hasWord(entry)),
    });
  }
}

// What is stored may be from another version of the page, or from another page that was at this
// address: a part that is not valid is left out.

function toArray(value) {
  return Array.isArray(value) ? value : [];
}

function isDraft(value) {
  return Array.isArray(value) && value.length === 2 && value.every(isString);
}

function isEntry(value) {
  const { line, room, reason, status, frame } = value ?? {};
  return (
    Number.isSafeInteger(value?.id) &&
    [line, room, reason, frame?.type].every(isString) &&
    STATUSES.has(status) &&
    hasData(frame)
  );
}

/** Whether a frame has the fields that its reply is handled with. */
function hasData({ type, data }) {
  switch (type) {
    case "join":
      return isString(data?.room);
    case "set-name":
      return isString(data?.nickname);
    case "private":
      return Array.isArray(data?.to) && data.to.every(isString);
    default:
      return true;
  }
}

function isSession(value) {
  const { savedAt, nickname, rooms, currentRoom, token } = value ?? {};
  return (
    Date.now() - savedAt < SESSION_MILLISECONDS &&
    [nickname, currentRoom, token].every((text) => isString(text) && text) &&
    [value.lastId, value.lastPrivate].every(isNumber) &&
    Array.isArray(rooms) &&
    rooms.every(isString) &&
    Array.isArray(value.seen) &&
    value.seen.every((each) => Array.isArray(each) && isString(each[0]) && isNumber(each[1]))
  );
}

function isNumber(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function isRoom(value) {
  return (
    isString(value?.name) && Number.isSafeInteger(value.unread) && Array.isArray(value.items)
  );
}

function isItem(value) {
  const { kind, seq, time, to, words, presence } = value ?? {};
  if (typeof time !== "number" || seq !== undefined) {
    return false;
  }
  switch (kind) {
    case "notice":
      return (
        Array.isArray(words) &&
        words.every((word) => isString(word?.name ?? word)) &&
        isString(presence?.nickname ?? "")
      );
    case "private":
      return isSaid(value) && Array.isArray(to) && to.every(isString);
    case "message":
    case "own":
      return isSaid(value);
    default:
      return false;
  }
}

function isSaid({ source, text, file, removed }) {
  return (
    [source, text, removed ?? ""].every(isString) &&
    (file === undefined || ([file?.id, file?.name].every(isString) && isNumber(file.bytes)))
  );
}

function isString(value) {
  return typeof value === "string";
}

/** Keep `value` for the next page in this tab; whether that succeeded. */
function keep(key, value) {
  return attempt(() => {
    sessionStorage.setItem(key, JSON.stringify(value));
    return true;
  });
}

/** What the last page in this tab has kept; null or undefined if that is nothing. */
function load(key) {
  return attempt(() => JSON.parse(sessionStorage.getItem(key)));
}

/** The same, which is kept no longer. */
function take(key) {
  const value = load(key);
  attempt(() => sessionStorage.removeItem(key));
  return value;
}

/** The result of `action`; null if the storage is full or forbidden, which the page tolerates. */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
