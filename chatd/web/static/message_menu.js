/** The button at a message that opens its menu: where the mouse is, or where the keyboard goes.
 *
 * There is one for all messages, beside the log: a screen reader, which reads what comes into the
 * log, must not read a button at each message; and Tab passes it at once. While it has the focus,
 * arrow keys move it from message to message.
 */

import { escape } from "./escape.js";
import { itemOf } from "./message_item.js";
import { markAsMenuButton } from "./menu.js";
import { formatTime } from "./time.js";

/** How much of a message its button tells. */
const MAX_LABEL_CHARACTERS = 80;

/** A function that is called when the messages have changed; `getItems(item)` has the menu's items. */
export function createMessageMenu({ log, list, button, status }, menu, getItems) {
  let current = null; // the element of the message at which the button is
  markAsMenuButton(button);

  const hasMenu = (element) => {
    const item = itemOf(element);
    return item?.source !== undefined && getItems(item).length > 0;
  };
  const elements = () => [...list.children].filter(hasMenu);

  function moveTo(element) {
    current = element;
    const item = element && itemOf(element);
    button.setAttribute("aria-label", item ? `Message of ${describe(item)}` : "No message");
    place();
  }

  function place() {
    if (!current) {
      return;
    }
    const frame = log.getBoundingClientRect();
    const body = current.querySelector(".body").getBoundingClientRect();
    const isInSight = body.bottom > frame.top && body.top < frame.bottom;
    button.classList.toggle("out", !isInSight);
    button.style.top = `${Math.max(0, body.top - frame.top - button.offsetHeight / 3)}px`;
    button.style.right = `${frame.right - body.right + 4}px`;
  }

  /** The last message in sight, or the last one of all. */
  function lastInSight() {
    const { bottom } = log.getBoundingClientRect();
    const all = elements().reverse();
    return all.find((each) => each.getBoundingClientRect().top < bottom) ?? all[0] ?? null;
  }

  function open() {
    const items = current ? getItems(itemOf(current)) : [];
    if (items.length) {
      menu.toggle(button, button.getAttribute("aria-label"), items);
    }
  }

  list.addEventListener("mouseover", ({ target }) => {
    const element = target.closest("#items > li");
    if (element && hasMenu(element) && button.getAttribute("aria-expanded") !== "true") {
      moveTo(element);
      button.classList.add("near");
    }
  });
  log.addEventListener("mouseleave", ({ relatedTarget }) => {
    button.classList.toggle("near", button.contains(relatedTarget));
  });
  button.addEventListener("mouseleave", ({ relatedTarget }) => {
    button.classList.toggle("near", log.contains(relatedTarget));
  });
  log.addEventListener("scroll", () => {
    place();
    menu.close();
  });
  list.addEventListener("click", ({ target }) => {
    const name = target.closest(".source");
    const element = name?.closest("#items > li");
    if (element && hasMenu(element)) {
      moveTo(element);
      menu.open(button, button.getAttribute("aria-label"), getItems(itemOf(element)), name);
    }
  });
  button.addEventListener("click", open);
  button.addEventListener("focus", () => {
    if (!current?.isConnected) {
      moveTo(lastInSight());
    }
  });
  button.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const all = step ? elements() : [];
    const next = all[all.indexOf(current) + step];
    if (!step) {
      return;
    }
    event.preventDefault();
    if (next) {
      next.scrollIntoView({ block: "nearest" });
      moveTo(next);
      status.textContent = describe(itemOf(next));
    }
  });
  button.addEventListener("blur", () => {
    status.textContent = "";
  });

  return (state, before) => {
    if (before && state.rooms === before.rooms && state.currentRoom === before.currentRoom) {
      return;
    }
    if (current && !current.isConnected) {
      current = null;
      button.classList.remove("near");
    }
    button.hidden = ![...list.children].some(hasMenu);
    if (document.activeElement === button && !current) {
      moveTo(lastInSight());
    }
    place();
  };
}

function describe({ source, text, time, removed }) {
  const said = removed ? "removed" : [...text.replace(/\s+/g, " ")].slice(0, MAX_LABEL_CHARACTERS).join("");
  return escape(`${source}, ${formatTime(time)}: ${said}`);
}
