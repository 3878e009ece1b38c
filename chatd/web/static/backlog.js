/** What the person said and the server has not confirmed: nothing is lost without a word. Pure.
 *
 * An entry is `waiting` to be sent, `sent`, `unknown` (the connection broke before it was
 * confirmed: sending it again might say it twice, so the person decides) or `refused`. Its `id` is
 * that of the frame.
 */

/** How an entry may stand. */
export const STANDINGS = new Set(["waiting", "sent", "unknown", "refused"]);
/** Frames under way that the server has not confirmed; the others wait here. */
const UNCONFIRMED = 32;
/** Entries kept; no more lines are taken then. */
export const ENTRIES = 1000;

/** `backlog` with a line that the person typed; `frame` is what it asks for. */
export function added(backlog, { line, frame, room }) {
  const id = 1 + Math.max(0, ...backlog.map((each) => each.id));
  return [...backlog, { id, line, frame, room, status: "waiting", why: "" }];
}

/** Those that can be sent now. */
export function sendable(backlog) {
  const underWay = backlog.filter((each) => each.status === "sent").length;
  return backlog
    .filter((each) => each.status === "waiting")
    .slice(0, Math.max(0, UNCONFIRMED - underWay));
}

/** `backlog` with those of `ids` under way. */
export function sent(backlog, ids) {
  return backlog.map((each) => (ids.includes(each.id) ? { ...each, status: "sent" } : each));
}

/** The entry under way that a frame with this `id` answers; undefined if there is none. */
export function answered(backlog, id) {
  return backlog.find((each) => each.id === id && each.status === "sent");
}

/** `backlog` without an entry. */
export function without(backlog, id) {
  return backlog.filter((each) => each.id !== id);
}

/** `backlog` with an entry refused, for the reason `why`. */
export function refused(backlog, id, why) {
  return backlog.map((each) => (each.id === id ? { ...each, status: "refused", why } : each));
}

/** `backlog` after the connection broke. */
export function broken(backlog) {
  return backlog.map((each) => (each.status === "sent" ? { ...each, status: "unknown" } : each));
}
