/** The messages of the current room: their elements, the part that is shown, and scrolling.
 *
 * A room may have thousands of items, so only a window of them has elements. While the reader is at
 * the end, the window follows new messages. Once the reader has scrolled up, the window is anchored
 * to its first item, and moves by a step when the reader comes to its end or asks for older ones.
 */

import { createElement, createName, createNickname, createNotice, keyedList } from "./dom.js";
import { escape } from "./escape.js";
import { createMessageText } from "./message_text.js";
import { formatCount } from "./messages.js";
import { mentions } from "./mentions.js";
import { isSameName } from "./names.js";
import { isComplete } from "./state.js";
import { formatDate, formatDateTime, formatTime, isoTimestamp } from "./time.js";

/** Size of the window while it follows the end, and otherwise. */
const FOLLOWING_ITEMS = 200;
const MAX_WINDOW_ITEMS = 400;
/** How many items the window moves by. */
const STEP_ITEMS = 100;
/** Closer to the end than this, the reader counts as at the end. */
const END_PIXELS = 40;

/** Messages of one sender within this time are grouped. */
const GROUP_MILLISECONDS = 5 * 60_000;

/** A function that shows the current room of a state in `log`, an element that scrolls. */
export function createMessageList({ log, content, list, older, newer }, session) {
  let state;
  let room = { items: [] };
  let roomKey = null;
  let isFollowing = true;
  let firstItem = null; // of the window, unless it follows the end
  let isLoadingOlder = false;
  let lastSeenItem = null;

  const showItems = keyedList(list, {
    create: (item) => createItem(item, state.nickname),
    update: updateItem,
    // An item that leaves the window may come back. Its element is then the same, highlighted for the
    // nickname that the user had when the message was first shown.
    cache: new WeakMap(),
  });

  const pixelsBelow = () => log.scrollHeight - log.scrollTop - log.clientHeight;

  /** The window: the index of its first item, and of the item after its last. */
  function windowBounds() {
    const { length } = room.items;
    if (isFollowing) {
      return [Math.max(0, length - FOLLOWING_ITEMS), length];
    }
    const start = Math.max(0, room.items.indexOf(firstItem));
    return [start, Math.min(length, start + MAX_WINDOW_ITEMS)];
  }

  function draw() {
    const [start, end] = windowBounds();
    const anchor = isFollowing ? null : firstVisible();
    showItems(room.items.slice(start, end));
    older.hidden = start === 0 && isComplete(room);
    if (isFollowing) {
      log.scrollTop = log.scrollHeight;
      lastSeenItem = lastOf(room.items);
    } else if (anchor) {
      // What came or went above the anchor has moved it: move it back to where the reader saw it.
      log.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    }
    drawNewerButton();
  }

  /** The first element that the reader sees, and its position. */
  function firstVisible() {
    const edge = log.getBoundingClientRect().top;
    for (const element of list.children) {
      const { top, bottom } = element.getBoundingClientRect();
      if (bottom > edge) {
        return { element, top };
      }
    }
    return null;
  }

  /** The button to go to the end; notices, such as who has left, do not count as new messages. */
  function drawNewerButton() {
    const after = isFollowing ? [] : room.items.slice(room.items.lastIndexOf(lastSeenItem) + 1);
    const unseen = after.filter(({ kind }) => kind !== "notice").length;
    newer.hidden = isFollowing || (unseen === 0 && pixelsBelow() < log.clientHeight);
    newer.textContent = unseen ? formatCount(unseen, "new message") : "Jump to newest";
  }

  /** Anchor the window to the item at `index`. */
  function moveWindow(index) {
    isFollowing = false;
    firstItem = room.items[Math.max(0, index)];
    draw();
  }

  function showOlder() {
    // The button is above the first item: that is where the reader goes on.
    log.scrollTop = 0;
    const [start] = windowBounds();
    if (start > 0) {
      moveWindow(start - STEP_ITEMS);
      return;
    }
    isLoadingOlder = true;
    moveWindow(0);
    session.loadOlder();
  }

  function followEnd() {
    isFollowing = true;
    draw();
  }

  log.addEventListener("scroll", () => {
    const [start, end] = windowBounds();
    if (pixelsBelow() >= END_PIXELS) {
      if (isFollowing) {
        isFollowing = false;
        firstItem = room.items[start];
      }
      drawNewerButton();
    } else if (end < room.items.length) {
      moveWindow(start + STEP_ITEMS);
    } else if (!isFollowing) {
      followEnd();
    }
  });
  older.addEventListener("click", showOlder);
  newer.addEventListener("click", () => {
    followEnd();
    log.focus();
  });
  // The composer grows with its text, and fonts load late: the end stays in sight all the same.
  const resizeObserver = new ResizeObserver(() => {
    if (isFollowing) {
      log.scrollTop = log.scrollHeight;
    }
  });
  resizeObserver.observe(log);
  resizeObserver.observe(content);

  return (nextState) => {
    state = nextState;
    const isOtherRoom = roomKey !== state.currentRoom;
    const before = room;
    room = state.rooms.get(state.currentRoom);
    if (!isOtherRoom && before.items === room.items && before.firstSeq === room.firstSeq) {
      return;
    }
    if (isOtherRoom) {
      roomKey = state.currentRoom;
      isFollowing = true;
      isLoadingOlder = false;
      log.setAttribute("aria-label", `Messages in ${escape(room.name)}`);
    }
    if (lastSeenItem && !room.items.includes(lastSeenItem)) {
      // All that the reader saw is gone, or was sent by a former server.
      isFollowing = true;
    }
    const last = lastOf(room.items);
    if (last !== lastOf(before.items) && (last?.kind === "own" || last?.isOwn)) {
      // A user who has sent a message wants to see it.
      isFollowing = true;
    }
    if (isOtherRoom || !before.isLoaded || isLoadingOlder) {
      muteLiveRegion(log);
    }
    const added = isLoadingOlder ? room.items.indexOf(firstItem) : 0;
    if (added > 0 || isComplete(room)) {
      isLoadingOlder = false;
    }
    if (added > 0) {
      moveWindow(added - STEP_ITEMS);
    } else {
      draw();
    }
  };
}

/** Keep screen readers from reading what is added to `log` in this frame: it is history.
 *
 * A live region is read when the browser updates its accessibility tree, which is after the frame
 * is drawn. So the region is switched on again one frame later.
 */
function muteLiveRegion(log) {
  log.setAttribute("aria-live", "off");
  log.setAttribute("aria-busy", "true");
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      log.setAttribute("aria-live", "polite");
      log.setAttribute("aria-busy", "false");
    }),
  );
}

/** The element of `item`, for the user called `nickname`. */
function createItem(item, nickname) {
  const body = createElement("div", "body", ...CONTENT[item.kind](item));
  const element = createElement("li", "", body);
  element.dataset.kind = item.kind;
  if (nickname && item.kind === "message" && mentions(item.text, nickname)) {
    element.classList.add("mention");
  }
  return element;
}

/** Fit the element of `item` to the item before it: whether it is grouped, or begins a day. */
function updateItem(element, item, previous) {
  element.classList.toggle("follows", isGrouped(item, previous));
  const isNewDay = formatDate(item.time) !== (previous ? formatDate(previous.time) : "");
  const date = element.querySelector(".day");
  if (isNewDay && !date) {
    element.prepend(createElement("span", "day", formatDate(item.time)));
  } else if (!isNewDay) {
    date?.remove();
  }
}

const CONTENT = {
  message: (item) => createMessage(item, createNickname(item.source, "source")),
  own: (item) => createMessage(item, createNickname(item.source, "source")),
  private: (item) =>
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
    ),
  notice: (item) => [
    createElement("span", "text", ...createNotice(item.words)),
    " ",
    createTime(item.time),
  ],
};

function createMessage(item, sender) {
  const text = createMessageText(item.text);
  return [createElement("span", "head", sender, " ", createTime(item.time)), text];
}

function createTime(time) {
  const element = createElement("time", "", formatTime(time));
  element.dateTime = isoTimestamp(time);
  element.title = formatDateTime(time);
  return element;
}

function lastOf(items) {
  return items[items.length - 1];
}

function isGrouped(item, previous) {
  const isMessage = item.kind === "message" || item.kind === "own";
  return (
    isMessage &&
    previous?.kind === item.kind &&
    isSameName(previous.source, item.source) &&
    item.time - previous.time < GROUP_MILLISECONDS
  );
}
