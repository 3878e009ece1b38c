/** The elements of messages, notices, and condensed arrivals. */

import { createElement, createName, createNickname, createNotice } from "./dom.js";
import { mentionSpans, mentions } from "./mentions.js";
import { createMessageText } from "./message_text.js";
import { describeRemoved } from "./moderation_messages.js";
import { isSameName } from "./names.js";
import { MAX_UNFOLDED, describeArrivals } from "./rows.js";
import { formatDate, formatDateTime, formatTime, isoTimestamp } from "./time.js";

/** Messages of one sender within this time are grouped. */
const GROUP_MILLISECONDS = 5 * 60_000;

const ITEMS = new WeakMap();

/** The row that an element shows; undefined for another element. */
export function itemOf(element) {
  return ITEMS.get(element);
}

/** The element of a row, as in rows.js, for the user called `nickname`.
 *
 * `createFile` makes the element of a file.
 */
export function createItem(item, nickname, createFile) {
  const element = createElement("li", "", createElement("div", "body"));
  ITEMS.set(element, item);
  draw(element, item, nickname);
  if (item.file) {
    element.querySelector(".text").replaceWith(createFile(item.file));
  }
  element.classList.toggle("action", item.action === true);
  if (nickname && item.kind === "message" && mentions(item.text, nickname)) {
    element.classList.add("mention");
  }
  return element;
}

/** Fit the element of a row to the row before it: whether it is grouped, or begins a day.
 *
 * `isNew`: whether what the user has not seen begins with it.
 */
export function updateItem(element, item, previous, isNew) {
  if (Number(element.dataset.count) !== countOf(item)) {
    draw(element, item, "");
  }
  element.classList.toggle("follows", !isNew && isGrouped(item, previous));
  const isNewDay = formatDate(item.time) !== (previous ? formatDate(previous.time) : "");
  setMark(element, "new", isNew && "New messages");
  setMark(element, "day", isNewDay && formatDate(item.time));
}

/** Fill the element of a row; that of arrivals again, when there are more of them. */
function draw(element, item, nickname) {
  element.dataset.kind = item.kind === "arrivals" ? "notice" : item.kind;
  element.dataset.count = countOf(item);
  const content = CONTENT[item.kind](item, nickname);
  const details = item.kind === "arrivals" && element.querySelector("details");
  if (details) {
    // It stays unfolded, and keeps the focus.
    for (const tag of ["summary", "ul"]) {
      details
        .querySelector(tag)
        .replaceChildren(...content[0].querySelector(tag).childNodes);
    }
    return;
  }
  element.querySelector(".body").replaceChildren(...content);
}

function countOf(item) {
  return item.items?.length ?? 1;
}

/** Set the text of a mark above the body of an element; without a text there is no mark. */
function setMark(element, className, text) {
  const mark = element.querySelector(`:scope > .${className}`);
  if (text && !mark) {
    element.prepend(createElement("span", className, text));
  } else if (!text) {
    mark?.remove();
  }
}

const CONTENT = {
  message: (item, nickname) =>
    createMessage(item, createNickname(item.source, "source"), nickname),
  own: (item) => createMessage(item, createNickname(item.source, "source")),
  private: (item, nickname) =>
    createMessage(
      item,
      createElement(
        "span",
        "sender",
        createNickname(item.source, "source"),
        createElement(
          "span",
          "to",
          " privately to ",
          ...item.to.flatMap((name, index) =>
            index ? [", ", createName(name)] : [createName(name)],
          ),
        ),
      ),
      item.isOwn ? "" : nickname,
    ),
  notice: createSentence,
  arrivals: ({ items }) => {
    const last = items[items.length - 1];
    const sentence = createSentence({ words: describeArrivals(items), time: last.time });
    const each = items
      .slice(-MAX_UNFOLDED)
      .map((item) => createElement("li", "", ...createSentence(item)));
    return [
      createElement(
        "details",
        "",
        createElement("summary", "", ...sentence),
        createElement("ul", "", ...each),
      ),
    ];
  },
};

function createSentence({ words, time }) {
  return [createElement("span", "text", ...createNotice(words)), " ", createTime(time)];
}

/** The content of a message, with the mentions of `nickname` marked. */
function createMessage(item, sender, nickname = "") {
  const text = item.removed
    ? createRemoved(item)
    : createMessageText(item.text, (each) => mentionSpans(each, nickname));
  if (item.action) {
    return [createElement("span", "head", "* ", sender), " ", text, " ", createTime(item.time)];
  }
  return [createElement("span", "head", sender, " ", createTime(item.time)), text];
}

/** In place of the text of a message that was removed. */
export function createRemoved({ removed }) {
  return createElement("span", "text removed", ...createNotice(describeRemoved(removed)));
}

function createTime(time) {
  const element = createElement("time", "", formatTime(time));
  element.dateTime = isoTimestamp(time);
  element.title = formatDateTime(time);
  return element;
}

function isGrouped(item, previous) {
  return (
    item.source !== undefined &&
    previous?.kind === item.kind &&
    !item.action &&
    !previous.action &&
    String(previous.to) === String(item.to) &&
    isSameName(previous.source, item.source) &&
    item.time - previous.time < GROUP_MILLISECONDS
  );
}
