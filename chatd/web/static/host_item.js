/** "Become a host" in the menu: for who knows the code that the server shows when it starts. */

import { isHost } from "./state.js";

/** A function that shows the `button` in the `menu` to a member who is no host. */
export function createHostItem(button, menu, dialogs) {
  button.addEventListener("click", () => dialogs.hostCode(menu.querySelector("summary")));
  return (state) => {
    button.hidden = state.connection.state !== "online" || isHost(state);
  };
}
