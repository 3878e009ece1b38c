/** What the page tells the server to resume its session, after a lost connection or a reload. Pure.
 *
 * A resumption has the `token` of the session, a secret; `lastPrivate`, the number of the last
 * private message; and `seen`, for each room its name and the number of its last message. It is
 * null while the page has no session that it could resume: because the user has not entered yet or
 * has left, or because the server has no sessions.
 *
 * docs/reference/protocol.rst has the rules.
 */

import { casefold, isSameName } from "./names.js";

/** The resumption of a new session; null if the server gave no token. */
export function begin(token) {
  return token ? { token, lastPrivate: 0, seen: new Map() } : null;
}

/** `resumption` of a session that was resumed. */
export function goOn(resumption, token) {
  const { lastPrivate, seen } = resumption ?? begin(token);
  return { token, lastPrivate, seen };
}

/** `resumption` after a message of a room has arrived. */
export function markSeen(resumption, room, seq) {
  return (
    resumption && { ...resumption, seen: new Map(resumption.seen).set(casefold(room), [room, seq]) }
  );
}

/** `resumption` after an own message was confirmed, perhaps again after later ones. */
export function markConfirmed(resumption, room, seq) {
  const [, last] = resumption?.seen.get(casefold(room)) ?? ["", 0];
  return seq > last ? markSeen(resumption, room, seq) : resumption;
}

/** `resumption` without a room that the user has left, or joined: its numbers may begin again. */
export function forgetRoom(resumption, room) {
  if (!resumption) {
    return resumption;
  }
  const seen = new Map(resumption.seen);
  seen.delete(casefold(room));
  return { ...resumption, seen };
}

/** `resumption` of a user who has left while the server could not be told.
 *
 * The server still has the nickname for a while. A user who comes back under it goes on with the
 * session, and is not kept out by it; under another nickname the user is somebody new.
 */
export function leave(resumption, nickname) {
  return resumption && { ...resumption, leftAs: nickname };
}

/** `resumption` of a user who asks for a nickname. */
export function requestNickname(resumption, nickname) {
  const { leftAs } = resumption ?? {};
  return leftAs === undefined || isSameName(leftAs, nickname) ? resumption : null;
}

/** `resumption` as a `hello` carries it. */
export function encode({ token, lastPrivate, seen }) {
  return { session: token, private: lastPrivate, seen: Object.fromEntries(seen.values()) };
}
