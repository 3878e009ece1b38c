/** The badge on the tab's icon: how many messages ask for the user, or a dot for any unread ones. */

import { countAttention } from "./attention.js";
import { countUnread } from "./state.js";

const MAX_COUNT = 9;

/** A function that draws the badge of a state into `link`, the element of the tab's icon. */
export function createBadge(link) {
  const plain = link.href;
  let image = null; // the icon, once it is loaded
  let shown = "";

  function draw(badge) {
    shown = badge;
    link.href =
      badge && image
        ? `data:image/svg+xml,${encodeURIComponent(image.replace("</svg>", `${badge}</svg>`))}`
        : plain;
  }

  fetch(plain)
    .then((response) => (response.ok ? response.text() : null))
    .then((text) => {
      image = text;
      draw(shown);
    })
    .catch(() => {}); // the icon stays without a badge

  return (state) => {
    const badge = createMark(countAttention(state), state.isHidden ? countUnread(state) : 0);
    if (badge !== shown) {
      draw(badge);
    }
  };
}

/** The mark on the icon, in SVG; it is made of numbers only. */
function createMark(attention, unread) {
  if (attention) {
    const text = attention > MAX_COUNT ? `${MAX_COUNT}+` : String(attention);
    return (
      '<circle cx="44" cy="44" r="20" fill="#c11f1f"/><text x="44" y="54" fill="#fff" ' +
      `font-family="sans-serif" font-size="28" font-weight="bold" text-anchor="middle">${text}</text>`
    );
  }
  return unread ? '<circle cx="50" cy="50" r="12" fill="#c11f1f"/>' : "";
}
