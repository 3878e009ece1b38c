/** Names: which are equal, which colour is theirs, and whether a text calls one of them. Pure. */

export const LOBBY = "#lobby";

/** How many colours there are for nicknames; colours.css has a class for each. */
export const NICKNAME_COLOURS = 12;

/** What is compared: two names are equal if this is, as the server folds them. */
export function folded(name) {
  const lower = [...name].map((character) =>
    // By way of upper case, as "ß" and "ẞ" are "ss"; but a dotless i would become one with a dot.
    character === "ı" ? character : character.toLowerCase().toUpperCase().toLowerCase(),
  );
  return lower.join("").replaceAll("ς", "σ").normalize("NFKC");
}

/** The number of a nickname's colour, the same on every page; its spelling makes no difference. */
export function colour(nickname) {
  // FNV-1a: names that differ little are to differ in colour.
  let hash = 0x811c9dc5;
  for (const character of folded(nickname)) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  return (hash >>> 0) % NICKNAME_COLOURS;
}

/** Whether `text` names `nickname`, as a word of its own. */
export function mentions(text, nickname) {
  const name = folded(nickname).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return (
    name !== "" &&
    new RegExp(`(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, "u").test(folded(text))
  );
}
