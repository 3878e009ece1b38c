/** Rooms and people on a small screen: drawers, one open at a time; on a wide one always there. */

/** Make the `drawers`, elements `details`, fit the screen; returns what closes them all. */
export function arrangeDrawers(drawers) {
  const wide = matchMedia("(min-width: 48rem)");

  const close = () =>
    drawers.forEach((drawer) => {
      drawer.open = wide.matches;
      drawer.querySelector("summary").tabIndex = wide.matches ? -1 : 0;
    });

  wide.addEventListener("change", close);
  close();
  for (const drawer of drawers) {
    drawer.addEventListener("toggle", () => {
      if (drawer.open && !wide.matches) {
        drawers
          .filter((other) => other !== drawer)
          .forEach((other) => {
            other.open = false;
          });
      }
    });
    drawer.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !wide.matches) {
        drawer.open = false;
        drawer.querySelector("summary").focus();
      }
    });
  }
  return close;
}
