/** The messages of the current room: their elements, the part that is shown, and scrolling.
 *
 * A room may have thousands of items, so only a window of them has elements. While the reader is at
 * the end, the window follows new messages. Once the reader has scrolled up, the window is anchored
 * to its first item, and moves by a step when the reader comes to its end or asks for older ones.
 */

import { keyedList } from "./dom.js";
import { escape } from "./escape.js";
import { createItem, updateItem } from "./message_item.js";
import { formatCount } from "./messages.js";
import { keyOf, rowsOf } from "./rows.js";
import { isComplete } from "./state.js";
import { isTalk, talkMembers } from "./talks.js";

/** Size of the window while it follows the end, and otherwise. */
const FOLLOWING_ITEMS = 200;
const MAX_WINDOW_ITEMS = 400;
/** How many items the window moves by. */
const STEP_ITEMS = 100;
/** Closer to the end than this, the reader counts as at the end. */
const END_PIXELS = 40;

/** A function that shows the current room of a state in `log`, an element that scrolls.
 *
 * `onSelect` is called when the user opens a private talk from here; `createFile` makes the element
 * of a file.
 */
export function createMessageList(
  { log, content, list, older, newer },
  session,
  { onSelect, createFile },
) {
  let state;
  let room = { items: [] };
  let rows = [];
  let roomKey = null;
  let isFollowing = true;
  let shownHeight = 0; // of the log, as the reader saw it last
  let firstKey = null; // of the first row of the window, unless it follows the end
  let firstNew = null; // the row with which what is new begins
  let isLoadingOlder = false;
  let lastSeenKey = null;

  const showItems = keyedList(list, {
    key: keyOf,
    create: (row) => createItem(row, state.nickname, createFile),
    update: (element, row, previous) => updateItem(element, row, previous, row === firstNew),
    // An item that leaves the window may come back. Its element is then the same, highlighted for the
    // nickname that the user had when the message was first shown.
    cache: new WeakMap(),
  });

  const indexOf = (key) => rows.findIndex((row) => keyOf(row) === key);
  const pixelsBelow = () => log.scrollHeight - log.scrollTop - log.clientHeight;

  /** The window: the index of its first item, and of the item after its last. */
  function windowBounds() {
    const { length } = rows;
    if (isFollowing) {
      return [Math.max(0, length - FOLLOWING_ITEMS), length];
    }
    const start = Math.max(0, indexOf(firstKey));
    return [start, Math.min(length, start + MAX_WINDOW_ITEMS)];
  }

  function draw() {
    const [start, end] = windowBounds();
    const anchor = isFollowing ? null : firstVisible();
    showItems(rows.slice(start, end));
    older.hidden = start === 0 && isComplete(room) && !room.clearedAfter;
    if (isFollowing) {
      log.scrollTop = log.scrollHeight;
      lastSeenKey = rows.length ? keyOf(lastOf(rows)) : null;
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
    const after = isFollowing ? [] : rows.slice(indexOf(lastSeenKey) + 1);
    const unseen = after.filter(({ source }) => source !== undefined).length;
    newer.hidden = isFollowing || (unseen === 0 && pixelsBelow() < log.clientHeight);
    newer.textContent = unseen ? formatCount(unseen, "new message") : "Jump to newest";
  }

  function anchorTo(index) {
    const row = rows[Math.max(0, index)];
    firstKey = row ? keyOf(row) : null;
  }

  /** Anchor the window to the row at `index`. */
  function moveWindow(index) {
    isFollowing = false;
    anchorTo(index);
    draw();
  }

  /** Show what is new from its beginning, if it does not all fit: the reader has seen the rest. */
  function showNew() {
    draw();
    const index = rows.indexOf(firstNew);
    const top = () => {
      const element = list.children[index - windowBounds()[0]];
      return (element?.getBoundingClientRect().top ?? -Infinity) - log.getBoundingClientRect().top;
    };
    if (top() >= 0) {
      return;
    }
    lastSeenKey = index > 0 ? keyOf(rows[index - 1]) : null;
    moveWindow(index - STEP_ITEMS);
    log.scrollTop += top();
    drawNewerButton();
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
    if (room.clearedAfter) {
      session.showCleared();
    } else {
      session.loadOlder();
    }
  }

  function followEnd() {
    isFollowing = true;
    draw();
  }

  log.addEventListener("scroll", () => {
    if (isFollowing && log.clientHeight < shownHeight) {
      return; // what lies below has grown in this frame, and nobody has scrolled: see below
    }
    const [start, end] = windowBounds();
    if (pixelsBelow() >= END_PIXELS) {
      if (isFollowing) {
        isFollowing = false;
        anchorTo(start);
      }
      drawNewerButton();
    } else if (end < rows.length) {
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
  list.addEventListener("click", ({ target }) => {
    const talk = target.closest("[data-room]")?.dataset.room;
    if (talk) {
      session.openTalk(talkMembers(talk));
      onSelect();
    }
  });
  // The composer grows with its text, and fonts load late: the end stays in sight all the same.
  const resizeObserver = new ResizeObserver(() => {
    shownHeight = log.clientHeight;
    if (isFollowing) {
      log.scrollTop = log.scrollHeight;
    }
  });
  resizeObserver.observe(log);
  resizeObserver.observe(content);

  return (nextState) => {
    const stateBefore = state ?? nextState;
    state = nextState;
    const isOtherRoom = roomKey !== state.currentRoom;
    const before = room;
    room = state.rooms.get(state.currentRoom);
    const keys = ["items", "firstSeq", "newSince", "clearedAfter"];
    if (
      !isOtherRoom &&
      keys.every((key) => before[key] === room[key]) &&
      stateBefore.ignored === state.ignored &&
      stateBefore.arrivals === state.arrivals
    ) {
      return;
    }
    rows = rowsOf(room, state);
    firstNew = room.newSince ? rows.find((row) => isNew(row, room.newSince)) : null;
    if (isOtherRoom) {
      roomKey = state.currentRoom;
      isFollowing = true;
      isLoadingOlder = false;
      log.setAttribute("aria-label", describeLog(room.name));
      log.dataset.talk = String(isTalk(room.name));
    }
    if (lastSeenKey && indexOf(lastSeenKey) < 0) {
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
    const added = isLoadingOlder ? indexOf(firstKey) : 0;
    if (added > 0 || isComplete(room)) {
      isLoadingOlder = false;
    }
    if (added > 0) {
      moveWindow(added - STEP_ITEMS);
    } else if (isOtherRoom && firstNew) {
      showNew();
    } else {
      draw();
    }
  };
}

function describeLog(name) {
  return isTalk(name)
    ? `Private messages with ${escape(talkMembers(name).join(", "))}`
    : `Messages in ${escape(name)}`;
}

/** Whether a row is a message of another user since `time`. */
function isNew({ kind, isOwn, time: sent }, time) {
  return (kind === "message" || (kind === "private" && !isOwn)) && sent >= time;
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

function lastOf(items) {
  return items[items.length - 1];
}
