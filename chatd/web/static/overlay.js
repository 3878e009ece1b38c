/** A dialog over the page. Safari 15.0 has no `<dialog>`, and no `inert` for the page behind it. */

import { createButton, createElement } from "./dom.js";

const FOCUSABLE = "a[href], button, input, summary, [tabindex='0']";

/** A dialog with a heading; `open(opener, ...children)` shows it, and its end focuses the opener. */
export function createOverlay(id, heading) {
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
    openedBy?.focus();
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
    /** Show it, with the focus on its heading. */
    open(opener) {
      openedBy = opener;
      element.hidden = false;
      title.focus();
    },
    isOpen: () => !element.hidden,
    fill: (...children) => content.replaceChildren(...children),
  };
}
