/** The lists of rooms and users: sidebars on a wide screen, menus on a narrow one. */

/** Set up `sidebars`, elements `details`; the returned function closes them on a narrow screen. */
export function setUpSidebars(sidebars) {
  // The same width as in layout.css.
  const isWide = matchMedia("(min-width: 48rem)");

  /** On a wide screen they are always open, and their headings are no controls. */
  const closeAll = () =>
    sidebars.forEach((sidebar) => {
      sidebar.open = isWide.matches;
      sidebar.querySelector("summary").tabIndex = isWide.matches ? -1 : 0;
    });

  isWide.addEventListener("change", closeAll);
  closeAll();
  for (const sidebar of sidebars) {
    sidebar.addEventListener("toggle", () => {
      if (sidebar.open && !isWide.matches) {
        sidebars
          .filter((other) => other !== sidebar)
          .forEach((other) => {
            other.open = false;
          });
      }
    });
    sidebar.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !isWide.matches) {
        sidebar.open = false;
        sidebar.querySelector("summary").focus();
      }
    });
  }
  return closeAll;
}
