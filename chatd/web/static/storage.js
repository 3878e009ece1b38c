/** What survives a reload: the nickname; and in the same tab, drafts and the outbox. */

import { STATUSES, markUnknown } from "./outbox.js";

/** The keys in `localStorage` and in `sessionStorage`. */
const NICKNAME = "nickname";
const UNSENT = "unsent";
/** Set while no page uses what is stored: from the end of one page until the next one begins. */
const IS_RELEASED = "released";

/** The last nickname; empty if there is none. */
export function loadNickname() {
  return attempt(() => localStorage.getItem(NICKNAME)) ?? "";
}

/** `state` with the drafts and the outbox from before a reload.
 *
 * A duplicated tab gets a copy of what another page still uses, and that page sends the lines that
 * wait. So here the user decides about them.
 */
export function restore(state) {
  const isReleased = attempt(() => sessionStorage.getItem(IS_RELEASED)) !== null;
  attempt(() => sessionStorage.removeItem(IS_RELEASED));
  const unsent = attempt(() => JSON.parse(sessionStorage.getItem(UNSENT)));
  return {
    ...state,
    drafts: new Map(toArray(unsent?.drafts).filter(isDraft)),
    outbox: markUnknown(toArray(unsent?.outbox).filter(isEntry), !isReleased),
  };
}

/** Note the end of the page, and that it goes on if the user comes back to it. */
export function trackEnd() {
  addEventListener("pagehide", () => attempt(() => sessionStorage.setItem(IS_RELEASED, "")));
  addEventListener("pageshow", () => attempt(() => sessionStorage.removeItem(IS_RELEASED)));
}

/** Save what has changed; a subscriber of the store. */
export function save(state, before) {
  if (state.nickname && state.nickname !== before.nickname) {
    attempt(() => localStorage.setItem(NICKNAME, state.nickname));
  }
  if (state.drafts !== before.drafts || state.outbox !== before.outbox) {
    const unsent = {
      drafts: [...state.drafts].filter(([, text]) => text),
      outbox: state.outbox,
    };
    attempt(() => sessionStorage.setItem(UNSENT, JSON.stringify(unsent)));
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

function isString(value) {
  return typeof value === "string";
}

/** The result of `action`; null if the storage is full or forbidden, which the page tolerates. */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
