/** What the user can choose in the menu: how arrivals and departures, and pictures are shown. */

/** A function that shows the settings of a state. */
export function createSettings({ arrivals, pictures }, session) {
  arrivals.addEventListener("change", () => session.chooseArrivals(arrivals.value));
  pictures.addEventListener("change", () => session.choosePictures(pictures.value));
  return (state) => {
    pictures.value = state.pictures;
    arrivals.value = state.arrivals;
  };
}
