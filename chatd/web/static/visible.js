/** Text that others wrote, with a visible replacement for what would mislead. Pure.
 *
 * The rules are those of chatd/wire/lines.py, so that a name looks the same everywhere.
 */

/** Marks on one character; scripts need up to five or six. */
const PILED_MARKS = 8;

/** The Latin, Greek, Cyrillic and Armenian letters come before this, and need no joiners. */
const FIRST_JOINED = 0x0590;

const PLAIN = /^[ -~]*$/;
const JOINER = /^[\u200c\u200d]$/;
const SELECTOR = /^[\ufe00-\ufe0f]$/;
/** What has a variant as an emoji, though it comes before the first that is joined. */
const VARIED = /^[0-9#*\u00a9\u00ae]$/;
const MARK = /^[\p{Mn}\p{Me}]$/u;
const SHOWS_NOTHING =
  /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]$/u;

/** `text` with each character spelled out that a line might obey, or that shows nothing. */
export function visible(text) {
  if (PLAIN.test(text)) {
    return text;
  }
  let shown = "";
  let before = " ";
  let marks = 0;
  for (const character of text) {
    marks = MARK.test(character) ? marks + 1 : 0;
    shown += isTrick(character, before) || marks > PILED_MARKS ? spelled(character) : character;
    before = character;
  }
  return shown;
}

/** The same for a message, which keeps its lines and tabs. */
export function visibleText(text) {
  return text
    .split(/([\n\t])/)
    .map((part) => (part === "\n" || part === "\t" ? part : visible(part)))
    .join("");
}

function isTrick(character, before) {
  const isFirst = before.codePointAt(0) < FIRST_JOINED;
  if (JOINER.test(character)) {
    return isFirst || JOINER.test(before);
  }
  if (SELECTOR.test(character)) {
    return (isFirst && !VARIED.test(before)) || JOINER.test(before) || SELECTOR.test(before);
  }
  return SHOWS_NOTHING.test(character);
}

function spelled(character) {
  return `<U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`;
}
