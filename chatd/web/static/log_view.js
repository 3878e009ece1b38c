/** The log: a window on the items of the room that is shown, and where the reader is in it. */

import { arrange } from "./elements.js";
import { fit, itemElement } from "./item_view.js";
import { counted } from "./sentences.js";
import { isWhole } from "./state.js";
import { visible } from "./visible.js";

/** Items that are elements while the reader is at the end, and at most. */
const FOLLOWED = 200;
const MOST = 400;
/** Items that the window moves by. */
const STEP = 100;
/** Nearer to the end than this, the reader is at the end. */
const NEAR_PIXELS = 40;

/** Show the room of each state in `log`; `session` is asked for what is older. */
export function logView({ log, content, list, older, newer }, session) {
  const elements = new WeakMap();
  let state;
  let room = { items: [] };
  let shown = null;
  let isFollowing = true;
  let first = null;
  let wantsOlder = false;
  let lastSeen = null;

  const reach = () => log.scrollHeight - log.scrollTop - log.clientHeight;

  /** From which item the window shows, and up to which. */
  function bounds() {
    const { length } = room.items;
    if (isFollowing) {
      return [Math.max(0, length - FOLLOWED), length];
    }
    const from = Math.max(0, room.items.indexOf(first));
    return [from, Math.min(length, from + MOST)];
  }

  function draw() {
    const [from, to] = bounds();
    const mark = isFollowing ? null : landmark();
    const items = room.items.slice(from, to);
    arrange(
      list,
      items.map((item, at) => {
        const made = elementOf(item);
        fit(made, item, items[at - 1]);
        return made;
      }),
    );
    older.hidden = from === 0 && isWhole(room);
    if (isFollowing) {
      log.scrollTop = log.scrollHeight;
      lastSeen = room.items.at(-1);
    } else if (mark) {
      log.scrollTop += mark.made.getBoundingClientRect().top - mark.top;
    }
    tellNew();
  }

  function elementOf(item) {
    if (!elements.has(item)) {
      elements.set(item, itemElement(item, state.me));
    }
    return elements.get(item);
  }

  /** The first element that the reader sees, and where it is. */
  function landmark() {
    const edge = log.getBoundingClientRect().top;
    for (const made of list.children) {
      const { top, bottom } = made.getBoundingClientRect();
      if (bottom > edge) {
        return { made, top };
      }
    }
    return null;
  }

  function tellNew() {
    const after = isFollowing ? [] : room.items.slice(room.items.lastIndexOf(lastSeen) + 1);
    const unseen = after.filter(({ kind }) => kind !== "notice").length;
    newer.hidden = isFollowing || (unseen === 0 && reach() < log.clientHeight);
    newer.textContent = unseen ? counted(unseen, "new message") : "To the newest";
  }

  /** Move the window, and read on from where the reader was. */
  function read(from) {
    isFollowing = false;
    first = room.items[Math.max(0, from)];
    draw();
  }

  function showOlder() {
    // The button is at the top, and who presses it reads on from there.
    log.scrollTop = 0;
    const [from] = bounds();
    if (from > 0) {
      read(from - STEP);
      return;
    }
    wantsOlder = true;
    read(0);
    session.readOlder();
  }

  function toEnd() {
    isFollowing = true;
    draw();
  }

  log.addEventListener("scroll", () => {
    const [from, to] = bounds();
    if (reach() >= NEAR_PIXELS) {
      if (isFollowing) {
        isFollowing = false;
        first = room.items[from];
      }
      tellNew();
    } else if (to < room.items.length) {
      read(from + STEP);
    } else if (!isFollowing) {
      toEnd();
    }
  });
  older.addEventListener("click", showOlder);
  newer.addEventListener("click", () => {
    toEnd();
    log.focus();
  });
  const resized = new ResizeObserver(() => {
    if (isFollowing) {
      log.scrollTop = log.scrollHeight;
    }
  });
  resized.observe(log);
  resized.observe(content);

  return (next) => {
    state = next;
    const isOther = shown !== next.shown;
    const then = room;
    room = next.rooms.get(next.shown);
    if (!isOther && then.items === room.items && then.beginning === room.beginning) {
      return;
    }
    if (isOther) {
      shown = next.shown;
      isFollowing = true;
      wantsOlder = false;
      log.setAttribute("aria-label", `Messages in ${visible(room.name)}`);
    }
    const last = room.items.at(-1);
    if (last !== then.items.at(-1) && (last?.kind === "own" || last?.isOwn)) {
      // Whoever writes wants to see it said.
      isFollowing = true;
    }
    // What was said before is not read aloud: only what is new.
    const isPast = isOther || !then.isRead || wantsOlder;
    if (isPast) {
      quieten(log);
    }
    const added = wantsOlder ? room.items.indexOf(first) : 0;
    if (added > 0 || isWhole(room)) {
      wantsOlder = false;
    }
    if (added > 0) {
      read(added - STEP);
    } else {
      draw();
    }
  };
}

/** Nothing of what comes into `log` now is read aloud. */
function quieten(log) {
  log.setAttribute("aria-live", "off");
  log.setAttribute("aria-busy", "true");
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      log.setAttribute("aria-live", "polite");
      log.setAttribute("aria-busy", "false");
    }),
  );
}
