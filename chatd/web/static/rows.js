/** The rows that show the items of a room: an item each, or one for arrivals and departures. Pure.
 *
 * A row is an item, or `{ kind: "arrivals", first, items, time }` for items between which nothing
 * else is; `first` is the first of them, which stays when others come.
 */

import { casefold } from "./names.js";
import { isTalk } from "./talks.js";

/** How arrivals and departures can be shown. */
export const ARRIVALS = new Set(["condensed", "all", "none"]);

/** So many names are shown of each kind; of one more, that name is shown instead of "1 other". */
const MAX_NAMES = 2;
/** Arrivals that are shown when they are unfolded; as many as the terminal keeps. */
export const MAX_UNFOLDED = 500;

const HAS_COME = { __proto__: null, entered: true, joined: true, left: false, parted: false };

/** What users did, by whether the first thing was to come, and whether the last one was. */
const VERBS = {
  "true true": "came in",
  "false false": "left",
  "true false": "came and went",
  "false true": "left and came back",
};

/** The rows of a room, for a user who ignores some nicknames, a map of which the keys count.
 *
 * In a private talk it matters who has left: somebody else may have come in under that nickname.
 */
export function rowsOf({ name, items, clearedAfter }, { ignored, arrivals: chosen }) {
  const arrivals = isTalk(name) ? "all" : chosen;
  const rows = [];
  for (const item of items.slice(items.lastIndexOf(clearedAfter) + 1)) {
    const nickname = item.presence?.nickname ?? item.source;
    if (nickname !== undefined && !item.isOwn && ignored.has(casefold(nickname))) {
      continue;
    }
    if (!isArrival(item) || arrivals === "all") {
      rows.push(item);
    } else if (arrivals === "condensed") {
      addArrival(rows, item);
    }
  }
  return rows;
}

/** What identifies a row: the same object as long as the row is there. */
export function keyOf(row) {
  return row.first ?? row;
}

/** Words, as in messages.js, such as `ana, ben and 26 others came in; moon left`. */
export function describeArrivals(items) {
  const users = new Map();
  for (const { presence } of items) {
    const key = casefold(presence.nickname);
    const hasCome = HAS_COME[presence.type];
    users.set(key, {
      name: presence.nickname,
      first: users.get(key)?.first ?? hasCome,
      last: hasCome,
    });
  }
  const byVerb = new Map();
  for (const { name, first, last } of users.values()) {
    const verb = VERBS[`${first} ${last}`];
    byVerb.set(verb, [...(byVerb.get(verb) ?? []), { name }]);
  }
  return [...byVerb].flatMap(([verb, names], index) => [
    index ? "; " : "",
    ...listNames(names),
    ` ${verb}`,
  ]);
}

function listNames(names) {
  const shown =
    names.length > MAX_NAMES + 1
      ? [
          ...names.slice(0, MAX_NAMES),
          `${(names.length - MAX_NAMES).toLocaleString("en")} others`,
        ]
      : names;
  return shown.flatMap((name, index) => {
    const separator = index === shown.length - 1 ? " and " : ", ";
    return index ? [separator, name] : [name];
  });
}

function isArrival({ presence }) {
  return presence !== undefined && presence.type in HAS_COME;
}

function addArrival(rows, item) {
  const last = rows[rows.length - 1];
  if (!last || !(last.kind === "arrivals" || isArrival(last)) || !isSameDay(last, item)) {
    rows.push(item);
  } else if (last.kind === "arrivals") {
    // It was made in this call, and nobody else has it yet.
    last.items.push(item);
  } else {
    rows[rows.length - 1] = {
      kind: "arrivals",
      first: last,
      items: [last, item],
      time: last.time,
    };
  }
}

function isSameDay(one, other) {
  return new Date(one.time).toDateString() === new Date(other.time).toDateString();
}
