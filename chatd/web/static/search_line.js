/** Reads what follows `/search`: words, phrases in quotes, and filters. Pure.
 *
 * The rules are those of chatd/wire/search_line.py, where they are explained. The cases in
 * tests/slash_commands.json are for both.
 */

import { SECONDS } from "./durations.js";
import { casefold } from "./names.js";
import { AT, COLON, HASH, NotSent, isAt, splitWords, withoutInvisibles } from "./recipients.js";

const USAGE = "/search WORDS [in:#ROOM] [from:NAME] [since:2d]";

/** Length of a search, in code points. */
const MAX_SEARCH_CHARACTERS = 256;
/** How much an error quotes of an invalid value. */
const MAX_QUOTED_CHARACTERS = 25;

const QUOTES = /["“”„‟«»「」『』\uff02]/;
const COLON_CHARACTER = new RegExp(`[${COLON}]`);
const ONLY_MARKS = new RegExp(`^[${AT}${HASH}]*$`);
const AGE = /^([1-9][0-9]{0,5})([mhdw])$/;

/** For each filter the key of the search, and what reads its value. */
const FILTERS = new Map([
  ["in", ["room", readRoom]],
  ["room", ["room", readRoom]],
  ["from", ["from", readSender]],
  ["since", ["since", readAge]],
]);

/** The data of a `search` frame, or NotSent. */
export function parseSearch(text) {
  if (text.length > 2 * MAX_SEARCH_CHARACTERS && [...text].length > 2 * MAX_SEARCH_CHARACTERS) {
    throw new NotSent(`A search may have at most ${MAX_SEARCH_CHARACTERS} characters.`);
  }
  const filters = {};
  const parts = text.split(QUOTES);
  const pieces = parts.flatMap((part, index) =>
    index % 2
      ? [index === parts.length - 1 ? `"${part}` : `"${part}"`]
      : splitWords(part).filter((word) => !isFilter(word, filters)),
  );
  const words = pieces.join(" ");
  if (!words && filters.room === undefined && filters.from === undefined) {
    throw new NotSent(`Usage: ${USAGE}`);
  }
  return { words, ...filters };
}

/** A room's name from what the user typed; the # may be omitted. */
export function readRoom(text) {
  return isAt(text, 0, HASH) ? text : `#${text}`;
}

/** Whether `word` is a filter; its value is added to `filters`. */
function isFilter(word, filters) {
  const colon = word.search(COLON_CHARACTER);
  const name = casefold(withoutInvisibles(word.slice(0, Math.max(0, colon))));
  if (colon < 0 || !FILTERS.has(name)) {
    return false;
  }
  const [key, read] = FILTERS.get(name);
  const value = withoutInvisibles(word.slice(colon + 1));
  if (ONLY_MARKS.test(value)) {
    throw new NotSent(
      `Put what ${name}: means directly behind it: in:#dev, from:ice, since:2d.`,
    );
  }
  if (filters[key] !== undefined) {
    throw new NotSent(`A search may have ${name}: only once.`);
  }
  filters[key] = read(value);
  return true;
}

function readSender(value) {
  let start = 0;
  while (isAt(value, start, AT)) {
    start += 1;
  }
  return value.slice(start);
}

/** How long before now, as a negative number of milliseconds. */
function readAge(value) {
  const found = AGE.exec(casefold(value));
  if (!found) {
    const quoted = [...value].slice(0, MAX_QUOTED_CHARACTERS).join("");
    throw new NotSent(`'${quoted}' is no time: 30m, 12h, 2d or 3w.`);
  }
  return -1000 * Number(found[1]) * SECONDS[found[2]];
}
