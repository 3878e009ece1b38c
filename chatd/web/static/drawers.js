/** The lists of rooms and users: columns on a wide screen, drawers on a narrow one.
 *
 * A drawer that opens takes the focus. It closes with Escape, its button, a click beside it, or when
 * the focus leaves it: what is behind it cannot be used unseen.
 */

/** Set up `drawers`, each `{ panel, button }`; the returned function closes the one that is open. */
export function setUpDrawers(drawers, backdrop) {
  // The same width as in layout.css.
  const isWide = matchMedia("(min-width: 64rem)");
  let openDrawer = null;

  function show(drawer) {
    openDrawer = drawer;
    backdrop.hidden = drawer === null;
    for (const { panel, button } of drawers) {
      panel.classList.toggle("open", panel === drawer?.panel);
      button.setAttribute("aria-expanded", String(panel === drawer?.panel));
    }
    drawer?.panel.focus();
  }

  /** Close the drawer, and return the focus to its button if it is in the drawer. */
  function close() {
    const closed = openDrawer;
    const hadFocus = closed?.panel.contains(document.activeElement);
    show(null);
    if (hadFocus) {
      closed.button.focus();
    }
  }

  for (const drawer of drawers) {
    const { panel, button } = drawer;
    button.addEventListener("click", () => (openDrawer === drawer ? close() : show(drawer)));
    panel.querySelector(".close-drawer").addEventListener("click", close);
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && openDrawer) {
        close();
      }
    });
    panel.addEventListener("focusout", ({ relatedTarget }) => {
      if (openDrawer && relatedTarget && ![panel, button].some((each) => each.contains(relatedTarget))) {
        show(null);
      }
    });
  }
  backdrop.addEventListener("click", close);
  isWide.addEventListener("change", close);
  return close;
}

/** Close a menu, an element `details`, with Escape, with one of its buttons or a click beside it. */
export function setUpMenu(menu) {
  function close() {
    if (menu.open && menu.contains(document.activeElement)) {
      menu.querySelector("summary").focus();
    }
    menu.open = false;
  }

  menu.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.addEventListener("click", ({ target }) => {
    if (!menu.contains(target) || target.closest("button")) {
      close();
    }
  });
}
