/** A file in a message: its name as a link, its size, and a picture if it is one. */

import { createButton, createElement, createName } from "./dom.js";
import { escape } from "./escape.js";
import { formatSize, isPicture, pathOf } from "./files.js";

/** `{ create, component }`: makes the element of a file, and shows pictures as the user chooses. */
export function createFileView(getUrl) {
  let showsAtOnce = false;

  function create(file) {
    const link = createLink(file, getUrl);
    const element = createElement(
      "div",
      "file",
      createElement("span", "text", link),
      " ",
      createElement("span", "size", formatSize(file.bytes)),
    );
    if (isPicture(file)) {
      const show = createButton("small show-picture", () => {
        const hadFocus = document.activeElement === show;
        show.replaceWith(createPicture(file, link.href));
        if (hadFocus) {
          link.focus();
        }
      }, "Show the picture");
      element.append(" ", show);
      if (showsAtOnce) {
        show.click();
      }
    }
    return element;
  }

  return {
    create,
    component({ pictures }, before) {
      showsAtOnce = pictures === "once";
      if (showsAtOnce && pictures !== before?.pictures) {
        document.querySelectorAll(".show-picture").forEach((button) => button.click());
      }
    },
  };
}

/** A link that downloads a file. */
export function createLink(file, getUrl) {
  const link = createElement("a", "", createName(file.name));
  link.href = getUrl(pathOf(file));
  link.download = file.name;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

/** The picture, in a box of a size that does not depend on it: nothing moves when it has come. */
function createPicture(file, url) {
  const image = createElement("img", "picture");
  image.alt = escape(file.name);
  image.decoding = "async";
  // The file may be at another node, which lets the pages of this cluster read it.
  image.crossOrigin = "anonymous";
  image.referrerPolicy = "no-referrer";
  image.addEventListener("error", () =>
    image.replaceWith(createElement("p", "picture gone", "This picture cannot be shown: it is gone, or damaged.")),
  );
  image.src = url;
  return image;
}
