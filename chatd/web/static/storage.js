/** What outlives a reload: the nickname; and in this tab, drafts and unconfirmed lines. */

import { broken } from "./backlog.js";

const NICKNAME = "nickname";
const WRITTEN = "written";

/** The nickname that was used last; empty if there is none. */
export function rememberedNickname() {
  return attempt(() => localStorage.getItem(NICKNAME)) ?? "";
}

/** `state` with what was written in this tab before a reload. */
export function restored(state) {
  const written = attempt(() => JSON.parse(sessionStorage.getItem(WRITTEN)));
  return written
    ? { ...state, drafts: new Map(written.drafts), backlog: broken(written.backlog) }
    : state;
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

/** A browser may have no room, or not allow it: the page works all the same. */
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}
