/** Names of users and rooms: comparison, colours, and mentions in a text. Pure. */

export const LOBBY = "#lobby";

/** How many colours there are for nicknames; colours.css has a class for each. */
export const NICKNAME_COLOURS = 12;

/** The key of a name: two names are the same if their keys are equal, as on the server. */
export function casefold(name) {
  // JavaScript has no casefold(). By way of upper case "ß" and "ẞ" both become "ss", as there; but
  // "ı" (without a dot) must not become "i".
  const lower = [...name].map((character) =>
    character === "ı" ? character : character.toLowerCase().toUpperCase().toLowerCase(),
  );
  return lower.join("").replace(/ς/g, "σ").normalize("NFKC");
}

/** Whether two names are the same. */
export function isSameName(one, other) {
  return casefold(one) === casefold(other);
}

/** The number of a nickname's colour: the same on every page, however the nickname is spelled. */
export function colourOf(nickname) {
  // FNV-1a, which gives similar names different colours.
  let hash = 0x811c9dc5;
  for (const character of casefold(nickname)) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  return (hash >>> 0) % NICKNAME_COLOURS;
}

const ENDS_WITH_WORD = /[\p{L}\p{N}_]$/u;
const BEGINS_WITH_WORD = /^[\p{L}\p{N}_]/u;

/** Whether `text` contains `nickname` as a whole word. */
export function mentions(text, nickname) {
  const name = casefold(nickname);
  const all = casefold(text);
  for (let start = name ? all.indexOf(name) : -1; start >= 0; start = all.indexOf(name, start + 1)) {
    // A code point has at most two characters. Lookbehind would be simpler, but Safari 15 lacks it.
    const before = all.slice(Math.max(0, start - 2), start);
    const after = all.slice(start + name.length, start + name.length + 2);
    if (!ENDS_WITH_WORD.test(before) && !BEGINS_WITH_WORD.test(after)) {
      return true;
    }
  }
  return false;
}
