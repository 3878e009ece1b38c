/** What survives a reload: the nickname; and in the same tab drafts, the outbox, unread marks, and
 * what the server does not send again: private messages, notices, and what a former server sent.
 */

import { STATUSES, markUnknown } from "./outbox.js";
import { withRoom } from "./state.js";
import { unnumbered } from "./timeline.js";

/** The keys in `localStorage` and in `sessionStorage`. */
const NICKNAME = "nickname";
const UNSENT = "unsent";
const SHOWN = "shown";
/** Set while no page uses what is stored: from the end of one page until the next one begins. */
const IS_RELEASED = "released";

/** Bounds on what is kept of each room and of all: browsers give a page a few million characters. */
const MAX_SHOWN_ITEMS = 200;
const MAX_SHOWN_CHARACTERS = 1_000_000;

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
  const shown = take(SHOWN);
  const restored = {
    ...state,
    drafts: new Map(toArray(unsent?.drafts).filter(isDraft)),
    outbox: markUnknown(toArray(unsent?.outbox).filter(isEntry), !isReleased),
  };
  return isReleased ? toArray(shown).filter(isRoom).reduce(withShown, restored) : restored;
}

function withShown(state, { name, unread, items }) {
  return withRoom(state, name, (room) => ({
    ...room,
    unread,
    items: items.filter(isItem).map(Object.freeze),
  }));
}

/** Save what only this page knows when it ends, and discard that if the user comes back to it. */
export function trackEnd(store) {
  addEventListener("pagehide", () => {
    keep(IS_RELEASED, true);
    keep(SHOWN, shownRooms(store.state));
  });
  addEventListener("pageshow", () => [IS_RELEASED, SHOWN].forEach(take));
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
    .map(({ name, unread, items }) => {
      const last = unnumbered(items).slice(-MAX_SHOWN_ITEMS);
      return { name, unread, items: last.reverse().filter(fits).reverse() };
    })
    .filter(({ unread, items }) => unread || items.length);
}

/** Save what has changed; a subscriber of the store. */
export function save(state, before) {
  if (state.nickname && state.nickname !== before.nickname) {
    attempt(() => localStorage.setItem(NICKNAME, state.nickname));
  }
  if (state.drafts !== before.drafts || state.outbox !== before.outbox) {
    keep(UNSENT, {
      drafts: [...state.drafts].filter(([, text]) => text),
      outbox: state.outbox,
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

function isRoom(value) {
  return (
    isString(value?.name) && Number.isSafeInteger(value.unread) && Array.isArray(value.items)
  );
}

function isItem(value) {
  const { kind, seq, time, source, text, to, words } = value ?? {};
  if (typeof time !== "number" || seq !== undefined) {
    return false;
  }
  switch (kind) {
    case "notice":
      return Array.isArray(words) && words.every((word) => isString(word?.name ?? word));
    case "private":
      return [source, text].every(isString) && Array.isArray(to) && to.every(isString);
    case "message":
    case "own":
      return [source, text].every(isString);
    default:
      return false;
  }
}

function isString(value) {
  return typeof value === "string";
}

/** Keep `value` for the next page in this tab. */
function keep(key, value) {
  attempt(() => sessionStorage.setItem(key, JSON.stringify(value)));
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
