/** Small helpers to make elements. What others wrote becomes text, never markup. */

import { colour } from "./names.js";
import { visible } from "./visible.js";

/** An element of a kind with a class and children: elements, and strings, which become text. */
export function element(kind, name, ...children) {
  const made = document.createElement(kind);
  if (name) {
    made.className = name;
  }
  made.append(...children);
  return made;
}

/** A button that does `act`. */
export function button(name, act, ...children) {
  const made = element("button", name, ...children);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** A name that others have chosen: whatever it is made of, it stays in its place. */
export function nameOf(name, kind = "") {
  return element("bdi", kind, visible(name));
}

/** The same in the nickname's colour. */
export function nickname(name, kind = "") {
  return nameOf(name, `${kind} colour-${colour(name)}`.trim());
}

/** A sentence of strings and names. */
export function sentence(words) {
  return words.map((word) => (typeof word === "string" ? visible(word) : nameOf(word.name)));
}

/** Make the children of `parent` be `wanted`; what stays is not touched, so focus stays, too. */
export function arrange(parent, wanted) {
  const stays = new Set(wanted);
  for (const child of [...parent.children]) {
    if (!stays.has(child)) {
      child.remove();
    }
  }
  wanted.forEach((child, at) => {
    if (parent.children[at] !== child) {
      parent.insertBefore(child, parent.children[at] ?? null);
    }
  });
}
