/** Names of users and rooms: comparison and colours. Pure. */

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
