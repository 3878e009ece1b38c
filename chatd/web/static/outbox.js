/** The lines that the server has not confirmed yet. Pure.
 *
 * An entry has one of four statuses:
 *   waiting: not sent yet.
 *   sent: sent; its reply is outstanding.
 *   unknown: the connection was lost before the reply. The line may or may not have arrived, and
 *     sending it again could post it twice: so the user decides.
 *   refused: the server refused it, for the `reason`.
 *
 * The `id` of an entry is the id of its frame, so that a reply finds its entry. Entries are sent in
 * order, and leave the outbox when they are confirmed, edited or discarded by the user.
 */

/** The possible statuses of an entry. */
export const STATUSES = new Set(["waiting", "sent", "unknown", "refused"]);
/** Frames sent and not confirmed at a time. The fewer, the fewer are `unknown` after a loss. */
const MAX_UNCONFIRMED = 32;
/** Entries that the outbox takes. */
export const MAX_ENTRIES = 1000;

/** `outbox` with the line that the user typed for `room`, and its frame. */
export function add(outbox, { line, frame, room }) {
  const id = 1 + Math.max(0, ...outbox.map((entry) => entry.id));
  return [...outbox, { id, line, frame, room, status: "waiting", reason: "" }];
}

/** The entries to send now. */
export function nextToSend(outbox) {
  const unconfirmed = outbox.filter((entry) => entry.status === "sent").length;
  return outbox
    .filter((entry) => entry.status === "waiting")
    .slice(0, Math.max(0, MAX_UNCONFIRMED - unconfirmed));
}

/** `outbox` with the entries of `ids` sent. */
export function markSent(outbox, ids) {
  return outbox.map((entry) => (ids.includes(entry.id) ? { ...entry, status: "sent" } : entry));
}

/** The sent entry that a reply with this `id` belongs to; undefined if there is none. */
export function findSent(outbox, id) {
  return outbox.find((entry) => entry.id === id && entry.status === "sent");
}

/** `outbox` without an entry. */
export function remove(outbox, id) {
  return outbox.filter((entry) => entry.id !== id);
}

/** `outbox` with an entry refused. */
export function markRefused(outbox, id, reason) {
  return outbox.map((entry) => (entry.id === id ? { ...entry, status: "refused", reason } : entry));
}

/** `outbox` after the connection was lost; with those that wait, if another page may send them. */
export function markUnknown(outbox, withWaiting = false) {
  return outbox.map((entry) =>
    entry.status === "sent" || (withWaiting && entry.status === "waiting")
      ? { ...entry, status: "unknown" }
      : entry,
  );
}
