/** Text that other users wrote, with misleading characters written as `<U+202E>`. Pure.
 *
 * The rules are those of chatd/wire/rendering.py, so that the page and the terminal show the same;
 * tests/browser/test_parity.py compares the two.
 */

/** Marks on one character; the scripts that use them need up to five or six. */
const MAX_COMBINING_MARKS = 8;

const PRINTABLE_ASCII = /^[ -~]*$/;
const MARK = /^[\p{Mn}\p{Me}]$/u;
const HIDDEN =
  /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}\u2800]$/u;

/** Pairs that are kept: a character that shows nothing, after one that needs it.
 *
 * Joiners and variation selectors belong to emoji and to some scripts, but not to Latin, Greek,
 * Cyrillic and Armenian, which come before U+0590. Anywhere else they make two names that look the
 * same differ.
 */
const KEPT_PAIR = new RegExp(
  [
    "[\\u0590-\\u200b\\u200e-\\u{10ffff}][\\u200c\\u200d]",
    "[0-9#*\\u00a9\\u00ae\\u0590-\\u200b\\u200e-\\ufdff\\ufe10-\\u{10ffff}][\\ufe00-\\ufe0f]",
    "[\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3fffd}][\\u{e0100}-\\u{e01ef}]",
    "[\\u1820-\\u18aa][\\u180b-\\u180d\\u180f]",
  ]
    .map((pair) => `^${pair}$`)
    .join("|"),
  "u",
);

/** A flag of England, Scotland or Wales: a black flag, its name in tags, and an end. */
const FLAG = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f}/gu;

/** `text` with each control, invisible or deceptive character replaced by its code point. */
export function escape(text) {
  if (PRINTABLE_ASCII.test(text)) {
    return text;
  }
  let escaped = "";
  let end = 0;
  for (const flag of text.matchAll(FLAG)) {
    escaped += escapePart(text.slice(end, flag.index), end > 0) + flag[0];
    end = flag.index + flag[0].length;
  }
  return escaped + escapePart(text.slice(end), end > 0);
}

/** The same for text without such a flag; `isAfterFlag`, if one comes before it. */
function escapePart(text, isAfterFlag) {
  let escaped = "";
  let previous = isAfterFlag ? "\u{e007f}" : " ";
  let marks = 0;
  for (const character of text) {
    marks = MARK.test(character) ? marks + 1 : 0;
    const isKept = !HIDDEN.test(character) || KEPT_PAIR.test(previous + character);
    escaped += isKept && marks <= MAX_COMBINING_MARKS ? character : formatCodePoint(character);
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

function formatCodePoint(character) {
  return `<U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`;
}
