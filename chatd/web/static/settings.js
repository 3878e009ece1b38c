/** What the user can choose in the menu: how arrivals and departures are shown. */

/** A function that shows the settings of a state. */
export function createSettings({ arrivals }, session) {
  arrivals.addEventListener("change", () => session.chooseArrivals(arrivals.value));
  return (state) => {
    arrivals.value = state.arrivals;
  };
}
