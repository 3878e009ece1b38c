/** What outlives a reload: the nickname; and in this tab, drafts and unconfirmed lines. */

import { STANDINGS, broken } from "./backlog.js";

const NICKNAME = "nickname";
const WRITTEN = "written";

/** The nickname that was used last; empty if there is none. */
export function rememberedNickname() {
  return attempt(() => localStorage.getItem(NICKNAME)) ?? "";
}

/** `state` with what was written in this tab before a reload. */
export function restored(state) {
  const written = attempt(() => JSON.parse(sessionStorage.getItem(WRITTEN)));
  return {
    ...state,
    drafts: new Map(listed(written?.drafts).filter(isDraft)),
    backlog: broken(listed(written?.backlog).filter(isEntry)),
  };
}

/** Remember what is worth it, as far as it has changed; a listener of the store. */
export function remember(state, before) {
  if (state.me && state.me !== before.me) {
    attempt(() => localStorage.setItem(NICKNAME, state.me));
  }
  if (state.drafts !== before.drafts || state.backlog !== before.backlog) {
    const written = {
      drafts: [...state.drafts].filter(([, text]) => text),
      backlog: state.backlog,
    };
    attempt(() => sessionStorage.setItem(WRITTEN, JSON.stringify(written)));
  }
}

// Another version of the page may have written it, or another page that was at this address.

function listed(value) {
  return Array.isArray(value) ? value : [];
}

function isDraft(value) {
  return Array.isArray(value) && value.length === 2 && value.every(isText);
}

function isEntry(value) {
  const { line, room, why, status, frame } = value ?? {};
  return (
    Number.isSafeInteger(value?.id) &&
    [line, room, why, frame?.type].every(isText) &&
    STANDINGS.has(status) &&
    isWhole(frame)
  );
}

function isWhole({ type, data }) {
  switch (type) {
    case "join":
      return isText(data?.room);
    case "set-name":
      return isText(data?.nickname);
    case "private":
      return Array.isArray(data?.to) && data.to.every(isText);
    default:
      return true;
  }
}

function isText(value) {
  return typeof value === "string";
}

/** A browser may have no room, or not allow it: the page works all the same. */
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
