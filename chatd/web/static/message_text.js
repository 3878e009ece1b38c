/** The text of a message as elements: links, code and quotes.
 *
 * Nothing is taken away: what marks code and quotes stays in sight, muted, so the text is the same
 * when it is copied, and nobody can make it look like what it is not. The text is escaped first; the
 * elements are built from it, never from markup. The work grows with the length of the text only:
 * it is cut into lines, each line into tokens, and every token is looked at once.
 */

import { createElement } from "./dom.js";
import { escapeMessage } from "./escape.js";

/** After so many elements the rest of a message is plain text. */
const MAX_ELEMENTS = 400;

const OPENING_FENCE = /^```[\w+#.-]*[ \t]*\n$/;
const CLOSING_FENCE = /^```[ \t]*\n?$/;
const QUOTE = /^>(?:[ \t]|\n?$)/;
/** Backticks, and what may be a link. An escaped character begins with `<`, where a link ends. */
const TOKEN = /`+|(?:https?:\/\/|mailto:)[^\s<>"'`]+/gi;
const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const ENDS_WITH_WORD = /[\p{L}\p{N}_]$/u;
/** What ends a sentence is no part of a link, and a bracket only if the link has opened it. */
const PUNCTUATION = ".,;:!?*_~…";
const BRACKETS = { ")": "(", "]": "[", "}": "{" };

/** The element of a message's `text`; `findMarked(text)` returns what to mark, `[start, end]` each. */
export function createMessageText(text, findMarked = () => []) {
  const element = createElement("div", "text", ...createNodes(escapeMessage(text), findMarked));
  element.dir = "auto";
  return element;
}

function createNodes(text, findMarked) {
  const builder = { left: MAX_ELEMENTS, findMarked };
  return splitBlocks(splitLines(text)).flatMap(([kind, lines]) => {
    if (builder.left <= 0 || kind === "text") {
      return lines.flatMap((line) => createInline(line, builder));
    }
    builder.left -= 1;
    return [kind === "code" ? createCodeBlock(lines) : createQuote(lines, builder)];
  });
}

/** The lines of `text`, each with its line break. */
function splitLines(text) {
  const lines = text.split("\n");
  const last = lines.pop();
  const complete = lines.map((line) => `${line}\n`);
  return last === "" ? complete : [...complete, last];
}

/** Blocks of code, quotes, and lines of text: pairs of the kind and the lines. */
function splitBlocks(lines) {
  const fences = lines.flatMap((line, index) => (CLOSING_FENCE.test(line) ? [index] : []));
  const blocks = [];
  let fence = 0; // the first one of them after the current line
  let index = 0;
  while (index < lines.length) {
    const start = index;
    let kind = "text";
    while (fences[fence] <= start) {
      fence += 1;
    }
    if (fence < fences.length && OPENING_FENCE.test(lines[start])) {
      kind = "code";
      index = fences[fence] + 1;
    } else if (QUOTE.test(lines[start])) {
      kind = "quote";
      while (index < lines.length && QUOTE.test(lines[index])) {
        index += 1;
      }
    } else {
      index += 1;
    }
    blocks.push([kind, lines.slice(start, index)]);
  }
  return blocks;
}

/** The last line break is inside, where it makes no empty line.
 *
 * Around the elements `pre` and `blockquote` Firefox would copy more line breaks.
 */
function createCodeBlock(lines) {
  const [first, last] = [lines[0], lines[lines.length - 1]].map(createMark);
  return createElement("code", "block", first, lines.slice(1, -1).join(""), last);
}

function createQuote(lines, builder) {
  const quote = createElement(
    "span",
    "quote",
    ...lines.flatMap((line) => {
      if (builder.left <= 0) {
        return [line];
      }
      const mark = line.slice(0, line[1] === " " || line[1] === "\t" ? 2 : 1);
      builder.left -= 1;
      return [createMark(mark), ...createInline(line.slice(mark.length), builder)];
    }),
  );
  quote.setAttribute("role", "blockquote");
  return quote;
}

/** A screen reader does not read the marks, since it knows the elements. */
function createMark(text) {
  const mark = createElement("span", "mark", text);
  mark.setAttribute("aria-hidden", "true");
  return mark;
}

/** The nodes of a line: links, code between backticks, and text. */
function createInline(line, builder) {
  const tokens = [...line.matchAll(TOKEN)];
  const closing = matchBackticks(tokens);
  const nodes = [];
  let end = 0;
  for (let index = 0; index < tokens.length && builder.left > 0; index += 1) {
    const { 0: token, index: start } = tokens[index];
    if (start < end) {
      continue; // it is in a piece of code
    }
    if (token[0] !== "`") {
      const link = ENDS_WITH_WORD.test(line.slice(Math.max(0, start - 2), start)) ? null : createLink(token);
      if (link) {
        builder.left -= 1;
        nodes.push(...createText(line.slice(end, start), builder), link);
        end = start + link.textContent.length;
      }
    } else if (closing[index] !== undefined) {
      builder.left -= 3;
      const last = tokens[closing[index]];
      const code = line.slice(start + token.length, last.index);
      nodes.push(...createText(line.slice(end, start), builder));
      nodes.push(createElement("code", "", createMark(token), code, createMark(token)));
      end = last.index + token.length;
    }
  }
  return [...nodes, ...createText(line.slice(end), builder)];
}

/** For each run of backticks, the index of the next run that is as long. */
function matchBackticks(tokens) {
  const closing = [];
  const next = new Map();
  for (let index = tokens.length - 1; index >= 0; index -= 1) {
    const token = tokens[index][0];
    if (token[0] === "`") {
      closing[index] = next.get(token.length);
      next.set(token.length, index);
    }
  }
  return closing;
}

/** Text without links and code, in which names may be marked. */
function createText(text, builder) {
  if (!text) {
    return [];
  }
  const nodes = [];
  let end = 0;
  for (const [start, stop] of builder.findMarked(text)) {
    if (builder.left > 0) {
      builder.left -= 1;
      nodes.push(text.slice(end, start), createElement("mark", "", text.slice(start, stop)));
      end = stop;
    }
  }
  return [...nodes, text.slice(end)];
}

/** The link that `text` begins with; null if it is none. */
function createLink(text) {
  const shown = withoutPunctuation(text);
  const url = parseUrl(shown);
  if (!url) {
    return null;
  }
  const link = createElement("a", "", shown);
  link.href = url.href;
  link.target = "_blank";
  // The other site learns neither the address of this page nor gets access to its window.
  link.rel = "noopener noreferrer";
  if (!shown.toLowerCase().startsWith(`${url.protocol}//${url.hostname}`) && url.hostname) {
    link.title = url.href; // a name in another script: the one that the browser asks for
  }
  return link;
}

/** A URL that a browser opens, and that leads where it seems to lead; null for any other. */
function parseUrl(text) {
  try {
    const url = new URL(text);
    const isPlain = url.username === "" && url.password === "";
    const isComplete = url.protocol === "mailto:" ? url.pathname.includes("@") : url.hostname !== "";
    return SCHEMES.has(url.protocol) && isPlain && isComplete ? url : null;
  } catch {
    return null;
  }
}

function withoutPunctuation(text) {
  const open = {};
  for (const character of text) {
    open[character] = (open[character] ?? 0) + 1;
  }
  let end = text.length;
  for (; end > 0; end -= 1) {
    const character = text[end - 1];
    const opening = BRACKETS[character];
    const isUnopened = opening && open[character] > (open[opening] ?? 0);
    if (!isUnopened && !PUNCTUATION.includes(character)) {
      break;
    }
    open[character] -= 1;
  }
  return text.slice(0, end);
}
