/** A dialog over the page. Safari 15.0 has no `<dialog>`, and no `inert` for the page behind it. */

import { createButton, createElement } from "./dom.js";

const FOCUSABLE = "a[href], button, input, select, summary, [tabindex='0']";

/** A dialog with a heading. Its end focuses what has opened it, and calls `onEnd`. */
export function createOverlay(id, heading, onEnd = () => {}) {
  let openedBy = null;
  const title = createElement("h2", "", heading);
  title.id = `${id}-title`;
  title.tabIndex = -1;
  const close = createButton("small", () => end(), "Close");
  const content = createElement("div");
  const box = createElement("div", "box", createElement("div", "title", title, close), content);
  const element = createElement("div", "overlay", box);
  element.id = id;
  element.setAttribute("role", "dialog");
  element.setAttribute("aria-modal", "true");
  element.setAttribute("aria-labelledby", title.id);
  element.hidden = true;
  document.body.append(element);

  function end() {
    element.hidden = true;
    content.replaceChildren();
    // What has opened it may be hidden by now, as a menu is.
    (openedBy?.offsetParent ? openedBy : document.getElementById("message"))?.focus();
    onEnd();
  }

  element.addEventListener("click", (event) => event.target === element && end());
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      end();
    } else if (event.key === "Tab") {
      keepFocus(event);
    }
  });

  /** Behind the last element comes the first one, since the page behind is covered. */
  function keepFocus(event) {
    const all = [...element.querySelectorAll(FOCUSABLE)].filter((each) => each.offsetParent);
    const [from, to] = event.shiftKey ? [all[0], all[all.length - 1]] : [all[all.length - 1], all[0]];
    if (document.activeElement === from || (event.shiftKey && document.activeElement === title)) {
      event.preventDefault();
      to.focus();
    }
  }

  return {
    /** Show it, with the focus on its heading, or on what is `first`. */
    open(opener, first = title) {
      openedBy = opener;
      element.hidden = false;
      first.focus();
    },
    close: end,
    setTitle(text) {
      title.textContent = text;
    },
    isOpen: () => !element.hidden,
    fill: (...children) => content.replaceChildren(...children),
  };
}
