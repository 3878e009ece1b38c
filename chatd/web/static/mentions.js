/** Finds the mentions of a member in a message: its nickname as a word, with or without `@`. Pure.
 *
 * The rules are those of chatd/wire/mentions.py; the cases in tests/mentions.json are for both.
 */

import { casefold } from "./names.js";

/** As much of a text is looked through, in code points. */
const MAX_CHARACTERS = 4096;

/** A character with the marks that may become a part of it, the vowels of Hangul among them. */
const CHARACTER = /[^][\p{M}\u1160-\u11ff]*/gu;

const BEGINS_WITH_WORD = /^[\p{L}\p{N}_]/u;

/** Whether `text` mentions the member called `nickname`. */
export function mentions(text, nickname) {
  return mentionSpans(text, nickname).length > 0;
}

/** Where `text` mentions the member called `nickname`: pairs of the begin and the end of each. */
export function mentionSpans(text, nickname) {
  const name = casefold(nickname);
  const shown = firstCharacters(text);
  if (!name || !casefold(shown).includes(name)) {
    return [];
  }
  let folded = "";
  const origins = [];
  for (const { 0: character, index } of shown.matchAll(CHARACTER)) {
    const part = casefold(character);
    folded += part;
    origins.push(...Array(part.length).fill([index, index + character.length]));
  }
  const spans = [];
  for (let start = folded.indexOf(name); start >= 0; start = folded.indexOf(name, start + 1)) {
    const end = start + name.length;
    const first = folded[start - 1] === "@" && !endsWithWord(folded, start - 1) ? start - 1 : start;
    if (!endsWithWord(folded, first) && !beginsWithWord(folded, end)) {
      spans.push([origins[first][0], origins[end - 1][1]]);
      start = end - 1;
    }
  }
  return spans;
}

function firstCharacters(text) {
  return text.length <= MAX_CHARACTERS ? text : [...text].slice(0, MAX_CHARACTERS).join("");
}

// A code point has at most two characters. Lookbehind would be simpler, but Safari 15 lacks it.

function endsWithWord(text, end) {
  // Not with "$": Chrome 156 finds no letter beyond the basic plane so.
  const last = [...text.slice(Math.max(0, end - 2), end)].pop();
  return last !== undefined && BEGINS_WITH_WORD.test(last);
}

function beginsWithWord(text, start) {
  return BEGINS_WITH_WORD.test(text.slice(start, start + 2));
}
