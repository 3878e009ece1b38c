/** Helpers to create elements. Text of other users becomes text nodes, never markup. */

import { escape } from "./escape.js";
import { colourOf } from "./names.js";

/** An element with a class and children, which are elements and strings. */
export function createElement(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) {
    element.className = className;
  }
  element.append(...children);
  return element;
}

/** A button that calls `onClick`. */
export function createButton(className, onClick, ...children) {
  const button = createElement("button", className, ...children);
  button.type = "button";
  button.addEventListener("click", onClick);
  return button;
}

/** Set the text of an element if it differs: a screen reader reads it again each time it is set. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** A name that some user has chosen; `bdi` keeps its direction from affecting the text around. */
export function createName(name, className = "") {
  return createElement("bdi", className, escape(name));
}

/** The same in the nickname's colour. */
export function createNickname(name, className = "") {
  return createName(name, `${className} colour-${colourOf(name)}`.trim());
}

/** The nodes of a notice; see messages.js. */
export function createNotice(words) {
  return words.map((word) => {
    if (typeof word === "string") {
      return escape(word);
    }
    const name = createName(word.name);
    if (!word.talk) {
      return name;
    }
    // message_list.js handles a click on it.
    const button = createElement("button", "link", name);
    button.type = "button";
    button.dataset.room = word.talk;
    return button;
  });
}

/** A function that shows a list of values as the children of `parent`, an element for each.
 *
 * An element stays the same as long as its value is in the list, so that it keeps the focus.
 *
 * `create(value)` makes an element, and `update(element, value, previousValue)` is called for each
 * element each time. `key(value)` identifies a value. In a WeakMap as the `cache`, an element also
 * stays while its key, an object, is not in the list.
 */
export function keyedList(parent, { create, update, key = (value) => value, cache = new Map() }) {
  return (values) => {
    const keys = values.map(key);
    const elements = values.map((value, index) => {
      if (!cache.has(keys[index])) {
        cache.set(keys[index], create(value));
      }
      const element = cache.get(keys[index]);
      update?.(element, value, values[index - 1]);
      return element;
    });
    reconcile(parent, elements);
    if (cache instanceof Map) {
      const used = new Set(keys);
      [...cache.keys()].filter((each) => !used.has(each)).forEach((each) => cache.delete(each));
    }
  };
}

/** Make `elements` the children of `parent`.
 *
 * An element that is in its place already is not touched: moving it would take the focus from it,
 * and in a live region a screen reader would read it again.
 */
export function reconcile(parent, elements) {
  const kept = new Set(elements);
  for (const child of [...parent.children]) {
    if (!kept.has(child)) {
      child.remove();
    }
  }
  elements.forEach((element, index) => {
    if (parent.children[index] !== element) {
      parent.insertBefore(element, parent.children[index] ?? null);
    }
  });
}
