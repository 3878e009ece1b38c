/** Text that other users wrote, with misleading characters written as `<U+202E>`. Pure.
 *
 * The rules are those of chatd/wire/rendering.py, so that the page and the terminal show the same;
 * tests/browser/test_parity.py compares the two.
 */

/** Marks on one character; the scripts that use them need up to five or six. */
const MAX_COMBINING_MARKS = 8;

/** The end of the Latin, Greek, Cyrillic and Armenian characters, which need no joiners. */
const FIRST_JOINED = 0x0590;

const PRINTABLE_ASCII = /^[ -~]*$/;
const JOINER = /^[\u200c\u200d]$/;
const VARIATION_SELECTOR = /^[\ufe00-\ufe0f]$/;
/** Characters before FIRST_JOINED that have an emoji variant. */
const HAS_EMOJI_VARIANT = /^[0-9#*\u00a9\u00ae]$/;
const MARK = /^[\p{Mn}\p{Me}]$/u;
const INVISIBLE =
  /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]$/u;

/** `text` with each control, invisible or deceptive character replaced by its code point. */
export function escape(text) {
  if (PRINTABLE_ASCII.test(text)) {
    return text;
  }
  let escaped = "";
  let previous = " ";
  let marks = 0;
  for (const character of text) {
    marks = MARK.test(character) ? marks + 1 : 0;
    escaped +=
      isDeceptive(character, previous) || marks > MAX_COMBINING_MARKS
        ? formatCodePoint(character)
        : character;
    previous = character;
  }
  return escaped;
}

/** The same for a message, which keeps its lines and tabs. */
export function escapeMessage(text) {
  return text
    .split(/([\n\t])/)
    .map((part) => (part === "\n" || part === "\t" ? part : escape(part)))
    .join("");
}

/** Whether `character` must not be shown as it is after the character `previous`.
 *
 * Emoji and some scripts need joiners and variation selectors, but only after certain characters.
 * Elsewhere they show nothing, and make two names that look the same differ.
 */
function isDeceptive(character, previous) {
  const takesNoJoiner = previous.codePointAt(0) < FIRST_JOINED;
  if (JOINER.test(character)) {
    return takesNoJoiner || JOINER.test(previous);
  }
  if (VARIATION_SELECTOR.test(character)) {
    return (
      (takesNoJoiner && !HAS_EMOJI_VARIANT.test(previous)) ||
      JOINER.test(previous) ||
      VARIATION_SELECTOR.test(previous)
    );
  }
  return INVISIBLE.test(character);
}

function formatCodePoint(character) {
  return `<U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`;
}
