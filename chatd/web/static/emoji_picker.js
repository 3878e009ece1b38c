/** The emoji picker: a button at the composer, and a panel above it with a search and a grid.
 *
 * By keyboard: arrow keys move in the grid, which is one stop of the Tab key; Enter inserts; Escape
 * goes back to the message. In the search, Enter inserts the first emoji found.
 */

import { createButton, createElement } from "./dom.js";
import { EMOJI_GROUPS } from "./emoji.js";

const ALL = EMOJI_GROUPS.flatMap(([, emoji]) => emoji);

/** Add the button to `tools`, and the panel before `form`; what is picked goes into `field`. */
export function createEmojiPicker({ tools, form, field }) {
  const toggle = createButton("emoji-toggle", () => (panel.hidden ? open() : close()), "☺");
  toggle.setAttribute("aria-label", "Emoji");
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-controls", "emoji");
  toggle.title = "Emoji";

  const search = createElement("input");
  search.id = "emoji-search";
  search.type = "search";
  search.autocomplete = "off";
  search.spellcheck = false;
  search.maxLength = 40;
  search.placeholder = "Search emoji";
  const label = createElement("label", "visually-hidden", "Search emoji");
  label.htmlFor = search.id;
  const found = createElement("p", "visually-hidden");
  found.setAttribute("role", "status");
  const grid = createElement("div", "emoji-grid");
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", "Emoji");
  const done = createButton("small", () => close(), "Close");
  const panel = createElement(
    "section",
    "emoji-panel",
    createElement("div", "emoji-row", label, search, done),
    found,
    grid,
  );
  panel.id = "emoji";
  panel.setAttribute("aria-label", "Emoji");
  panel.hidden = true;
  tools.append(toggle);
  form.before(panel);

  function open() {
    panel.hidden = false;
    toggle.setAttribute("aria-expanded", "true");
    search.value = "";
    found.textContent = "";
    show(EMOJI_GROUPS);
    // On a phone the focus in the field would bring up the keyboard, over the emoji.
    const isTouch = matchMedia("(pointer: coarse)").matches;
    (isTouch ? grid.querySelector("button") : search).focus();
  }

  function close() {
    panel.hidden = true;
    toggle.setAttribute("aria-expanded", "false");
    grid.replaceChildren();
    field.focus();
  }

  function pick(emoji) {
    // The field keeps its caret while it does not have the focus.
    field.setRangeText(emoji, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  function show(groups) {
    grid.replaceChildren(
      ...groups.flatMap(([name, emoji]) => [
        ...(name ? [createElement("h3", "", name)] : []),
        ...emoji.map(createChoice),
      ]),
    );
    setStop(grid.querySelector("button"));
  }

  function createChoice([emoji, name]) {
    const choice = createButton("emoji-choice", () => pick(emoji), emoji);
    choice.setAttribute("aria-label", name);
    choice.title = name;
    choice.tabIndex = -1;
    return choice;
  }

  /** Make `choice` the one that the Tab key goes to. */
  function setStop(choice) {
    grid.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    choice?.setAttribute("tabindex", "0");
  }

  search.addEventListener("input", () => {
    const matches = findEmoji(search.value);
    if (search.value.trim() === "") {
      found.textContent = "";
      show(EMOJI_GROUPS);
    } else {
      found.textContent = matches.length ? `${matches.length} found` : "Nothing was found";
      show([["", matches]]);
    }
  });
  grid.addEventListener("focusin", ({ target }) => setStop(target));
  panel.addEventListener("keydown", (event) => {
    const choices = [...grid.querySelectorAll("button")];
    const index = choices.indexOf(event.target);
    if (event.isComposing) {
      return;
    }
    if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter" && event.target === search) {
      choices[0]?.click();
    } else if (event.key === "ArrowDown" && event.target === search) {
      choices[0]?.focus();
    } else if (event.key === "ArrowUp" && index >= 0 && index === above(choices, index)) {
      search.focus();
    } else if (index >= 0 && event.key in MOVES) {
      choices[MOVES[event.key](choices, index)]?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });

  return () => {
    if (form.hidden && !panel.hidden) {
      close(); // the user is not in the chat any more
    }
  };
}

/** The emoji of which each word of `text` begins a word, `[emoji, name, words]` each. Pure. */
export function findEmoji(text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return ALL.filter(([emoji, , words]) => {
    const all = words.split(/[\s-]+/);
    return wanted.every((each) => each === emoji || all.some((word) => word.startsWith(each)));
  });
}

/** For each key, the index that it leads to from another one. */
const MOVES = {
  ArrowLeft: (choices, index) => Math.max(0, index - 1),
  ArrowRight: (choices, index) => Math.min(choices.length - 1, index + 1),
  ArrowUp: above,
  ArrowDown: below,
  Home: () => 0,
  End: (choices) => choices.length - 1,
};

/** The choice in the row above that is nearest; the same one in the first row. */
function above(choices, index) {
  return nearest(choices, index, -1);
}

function below(choices, index) {
  return nearest(choices, index, 1);
}

function nearest(choices, index, step) {
  const from = choices[index];
  let best = index;
  let top = null;
  for (let each = index + step; each >= 0 && each < choices.length; each += step) {
    const { offsetTop, offsetLeft } = choices[each];
    if (offsetTop === from.offsetTop) {
      continue;
    }
    top ??= offsetTop;
    if (offsetTop !== top) {
      break;
    }
    const distance = Math.abs(offsetLeft - from.offsetLeft);
    if (best === index || distance < Math.abs(choices[best].offsetLeft - from.offsetLeft)) {
      best = each;
    }
  }
  return best;
}
