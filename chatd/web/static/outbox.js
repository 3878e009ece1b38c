/** The lines that the server has not confirmed yet. Pure.
 *
 * An entry has one of four statuses:
 *   waiting: not sent yet.
 *   sent: sent; its reply is outstanding. If the session is resumed after a lost connection, it is
 *     sent again under its number, and the server carries it out once.
 *   unknown: sent in a session that is over. The line may or may not have arrived, and sending it
 *     again could post it twice: so the user decides.
 *   refused: the server refused it, for the `reason`.
 *
 * The `id` of an entry is the id and the number of its frame: a reply finds its entry by it, and
 * the server a line that is sent again. Entries are sent in order, and leave the outbox when they
 * are confirmed, edited or discarded by the user.
 *
 * Entries behind a `/setname` wait for its reply: the first of them may be the password that the
 * new nickname needs, typed at once. chatd/client/session.py does the same.
 */

import { isSameName } from "./names.js";
import { isTalk } from "./talks.js";

/** The possible statuses of an entry. */
export const STATUSES = new Set(["waiting", "sent", "unknown", "refused"]);
/** Frames sent and not confirmed at a time: the server remembers the outcomes of as many. */
const MAX_UNCONFIRMED = 32;
/** Entries that the outbox takes. */
export const MAX_ENTRIES = 1000;
/** The types of the frames whose text others read. */
const MESSAGE_TYPES = new Set(["message", "private"]);

/** The id of the next line: above all others of the session, also those of another window.
 *
 * The time is above what a window has used that the user has left and comes back to. `lastId` is
 * above the time if that was set back, or if lines are typed within a millisecond.
 */
export function nextId(lastId, milliseconds) {
  return Math.max(lastId + 1, milliseconds);
}

/** `outbox` with the line that the user typed for `room`, and its frame. */
export function add(outbox, { id, line, frame, room }) {
  return [...outbox, { id, line, frame, room, status: "waiting", reason: "" }];
}

/** Whether an entry is a private line, or was typed in a private talk, as a command. */
export function isPrivate({ frame, room }) {
  return frame.type === "private" || isTalk(room);
}

/** The entries to show in a room: a private one only where it was typed. */
export function shownIn(outbox, currentRoom) {
  return outbox.filter((entry) => entry.room === currentRoom || !isPrivate(entry));
}

/** `outbox` in which the private lines that wait go to a recipient's new nickname. */
export function renameRecipients(outbox, oldNickname, newNickname) {
  return outbox.map((entry) => {
    const { to } = entry.frame.data ?? {};
    return entry.status === "waiting" && to?.some((name) => isSameName(name, oldNickname))
      ? {
          ...entry,
          frame: {
            ...entry.frame,
            data: {
              ...entry.frame.data,
              to: to.map((name) => (isSameName(name, oldNickname) ? newNickname : name)),
            },
          },
        }
      : entry;
  });
}

/** The entries to send now. */
export function nextToSend(outbox) {
  const sent = outbox.filter((entry) => entry.status === "sent");
  if (sent.some(isRenaming)) {
    return [];
  }
  const next = outbox
    .filter((entry) => entry.status === "waiting")
    .slice(0, Math.max(0, MAX_UNCONFIRMED - sent.length));
  const renaming = next.findIndex(isRenaming);
  return renaming < 0 ? next : next.slice(0, renaming + 1);
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

/** `outbox` on a connection that resumes the session: what was sent is sent again. */
export function resend(outbox) {
  return outbox.map((entry) => (entry.status === "sent" ? { ...entry, status: "waiting" } : entry));
}

/** `outbox` with an entry that may have arrived or not. */
export function markOutdated(outbox, id) {
  return outbox.map((entry) => (entry.id === id ? { ...entry, status: "unknown" } : entry));
}

/** `outbox` after the session; with those that wait, if another page may send them. */
export function markUnknown(outbox, withWaiting = false) {
  const marked = outbox.map((entry) =>
    entry.status === "sent" || (withWaiting && entry.status === "waiting")
      ? { ...entry, status: "unknown" }
      : entry,
  );
  const renaming = outbox.find((entry) => entry.status === "sent" && isRenaming(entry));
  return renaming ? withholdPassword(marked, renaming) : marked;
}

/** `outbox` after a `/setname` that was not carried out: the message behind it is kept as refused.
 *
 * Behind another `/setname`, a message waits for the reply to that one.
 */
export function withholdPassword(outbox, { id, frame }) {
  const next = outbox.find(
    (entry) =>
      entry.id > id &&
      entry.status === "waiting" &&
      (isRenaming(entry) || MESSAGE_TYPES.has(entry.frame.type)),
  );
  return next && !isRenaming(next)
    ? markRefused(
        outbox,
        next.id,
        `the line behind /setname ${frame.data.nickname}, as it may be the password. ` +
          "Send it again if it is none.",
      )
    : outbox;
}

function isRenaming({ frame }) {
  return frame.type === "set-name";
}
