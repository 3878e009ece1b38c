/** A menu that opens at a button: the pattern "menu button" of the ARIA Authoring Practices.
 *
 * Arrow keys, Home, End and first letters move in it, Enter and Space choose, Escape and Tab close
 * it. The focus then returns to the button.
 */

import { createButton, createElement } from "./dom.js";

/** Pixels between the menu and the edges of the window. */
const MARGIN_PIXELS = 8;

/** Make `button` one that opens a menu. */
export function markAsMenuButton(button) {
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
}

/** The one menu of the page: `open(button, label, items)` and `close()`.
 *
 * An item has a `label` and what to `run`; with `isChecked`, true or false, it is one to switch.
 * `run` gets the button, for a dialog that gives the focus back to it.
 */
export function createMenu() {
  const list = createElement("ul", "popup");
  list.setAttribute("role", "menu");
  list.hidden = true;
  let opener = null;

  function open(button, label, items, anchor = button) {
    close(false);
    opener = button;
    list.setAttribute("aria-label", label);
    list.classList.toggle("switches", items.some(({ isChecked }) => isChecked !== undefined));
    list.replaceChildren(...items.map(createItem));
    // In the same part of the page: a drawer closes when it loses the focus.
    button.closest(".drawer, main").append(list);
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    place(anchor.getBoundingClientRect());
    choices()[0]?.focus();
  }

  function createItem({ label, isChecked, run }) {
    const choose = () => {
      const button = opener;
      close(true);
      run(button);
    };
    const choice = createButton("", choose, label);
    choice.tabIndex = -1;
    choice.setAttribute("role", isChecked === undefined ? "menuitem" : "menuitemcheckbox");
    if (isChecked !== undefined) {
      choice.setAttribute("aria-checked", String(isChecked));
    }
    const item = createElement("li", "", choice);
    item.setAttribute("role", "none");
    return item;
  }

  /** Below the button, or above it where there is more space; never beside the window. */
  function place({ top, bottom, right }) {
    const { width, height } = list.getBoundingClientRect();
    const below = bottom + height + MARGIN_PIXELS <= innerHeight;
    const y = below ? bottom : Math.max(MARGIN_PIXELS, top - height);
    const x = Math.min(Math.max(MARGIN_PIXELS, right - width), innerWidth - width - MARGIN_PIXELS);
    list.style.top = `${Math.min(y, Math.max(MARGIN_PIXELS, innerHeight - height - MARGIN_PIXELS))}px`;
    list.style.left = `${x}px`;
  }

  /** Close it, and return the focus to the button unless it is elsewhere already. */
  function close(withFocus = list.contains(document.activeElement)) {
    if (list.hidden) {
      return;
    }
    opener.setAttribute("aria-expanded", "false");
    if (withFocus) {
      opener.focus();
    }
    list.hidden = true;
  }

  const choices = () => [...list.querySelectorAll("button")];

  /** For each key, the index to move to from another one among `count`. */
  const MOVES = {
    __proto__: null,
    ArrowDown: (index, count) => (index + 1) % count,
    ArrowUp: (index, count) => (index + count - 1) % count,
    Home: () => 0,
    End: (index, count) => count - 1,
  };

  function onKey(event) {
    const all = choices();
    const index = all.indexOf(document.activeElement);
    if (event.key === "Tab") {
      close(true); // and the browser goes on from the button
      return;
    }
    if (event.key === "Escape") {
      close(true);
    } else if (MOVES[event.key]) {
      all[MOVES[event.key](index, all.length)].focus();
    } else if (event.key.length === 1 && event.key !== " ") {
      const isNext = ({ textContent }) => textContent.toLowerCase().startsWith(event.key.toLowerCase());
      [...all.slice(index + 1), ...all].find(isNext)?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  list.addEventListener("keydown", onKey);
  list.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !list.contains(relatedTarget)) {
      close(false);
    }
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!list.contains(target) && !opener?.contains(target)) {
      close(false);
    }
  });
  addEventListener("resize", () => close());

  return {
    open,
    close: () => close(),
    /** Open it, or close it if it is open at this button. */
    toggle(button, ...rest) {
      if (!list.hidden && opener === button) {
        close(true);
      } else {
        open(button, ...rest);
      }
    },
  };
}
