/** One item of a room as an element: a message, a notice, something private. */

import { day, moment, stamp, timeOfDay } from "./clock.js";
import { element, nameOf, nickname, sentence } from "./elements.js";
import { folded, mentions } from "./names.js";
import { visibleText } from "./visible.js";

/** Messages of one person within this time stand together. */
const TOGETHER_MILLISECONDS = 5 * 60_000;

const LINK = /https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}]/g;

/** The element of `item`, for the person called `me`. */
export function itemElement(item, me) {
  const body = element("div", "body", ...CONTENT[item.kind](item));
  const made = element("li", item.kind === "private" && item.isOwn ? "mine" : "", body);
  made.dataset.kind = item.kind;
  if (item.seq !== undefined) {
    made.dataset.seq = item.seq;
  }
  if (me && item.kind === "message" && mentions(item.text, me)) {
    made.classList.add("mention");
  }
  return made;
}

/** Fit the element `made` of `item` to what stands `before` it, another item or nothing. */
export function fit(made, item, before) {
  made.classList.toggle("follows", follows(before, item));
  const isNewDay = day(item.time) !== (before ? day(before.time) : "");
  const shown = made.querySelector(".day");
  if (isNewDay && !shown) {
    made.prepend(element("span", "day", day(item.time)));
  } else if (!isNewDay) {
    shown?.remove();
  }
}

const CONTENT = {
  message: (item) => spoken(item, nickname(item.source, "source")),
  own: (item) => spoken(item, nickname(item.source, "source")),
  private: (item) =>
    spoken(
      item,
      element(
        "span",
        "speaker",
        nickname(item.source, "source"),
        element(
          "span",
          "to",
          " privately to ",
          ...item.to.flatMap((name, at) => (at ? [", ", nameOf(name)] : [nameOf(name)])),
        ),
      ),
    ),
  notice: (item) => [element("span", "text", ...sentence(item.words)), " ", when(item.time)],
};

function spoken(item, speaker) {
  const text = element("p", "text", ...linked(visibleText(item.text)));
  text.dir = "auto";
  return [element("span", "head", speaker, " ", when(item.time)), text];
}

function when(time) {
  const made = element("time", "", timeOfDay(time));
  made.dateTime = stamp(time);
  made.title = moment(time);
  return made;
}

/** `text` with its web addresses as links, which tell the other side nothing of this page. */
function linked(text) {
  const parts = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(LINK)) {
    parts.push(text.slice(end, index), link(address));
    end = index + address.length;
  }
  return [...parts, text.slice(end)];
}

function link(address) {
  if (!URL.canParse(address)) {
    return address;
  }
  const made = element("a", "", address);
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

function follows(before, item) {
  const isSpeech = item.kind === "message" || item.kind === "own";
  return (
    isSpeech &&
    before?.kind === item.kind &&
    folded(before.source) === folded(item.source) &&
    item.time - before.time < TOGETHER_MILLISECONDS
  );
}
