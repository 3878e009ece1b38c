/** The status bar: the server's name, the connection's state, and the title of the tab. */

import { setText } from "./dom.js";
import { escape } from "./escape.js";
import { describeStatus } from "./messages.js";
import { countUnread, isEntered } from "./state.js";
import { isTalk, talkMembers } from "./talks.js";

/** How often the countdown is drawn, so that each second is seen. */
const COUNTDOWN_MILLISECONDS = 250;

/** A function that shows a state. */
export function createStatusBar({ body, server, status, countdown, leave }, session) {
  let timer;
  leave.addEventListener("click", session.leave);

  /** The countdown has an element of its own: a screen reader must not read it every second. */
  function drawStatus(state) {
    const [text, seconds] = describeStatus(state, Date.now());
    setText(status, escape(text));
    setText(countdown, seconds);
    clearTimeout(timer);
    if (state.connection.state === "reconnecting") {
      timer = setTimeout(drawStatus, COUNTDOWN_MILLISECONDS, state);
    }
  }

  return (state) => {
    drawStatus(state);
    body.dataset.state = state.connection.state;
    setText(server, escape(state.serverName) || "chatd");
    leave.hidden = !isEntered(state);
    document.title = formatTitle(state);
  };
}

/** The room and the server; while the page is hidden, with the number of unread messages. */
function formatTitle(state) {
  const unread = state.isHidden ? countUnread(state) : 0;
  const { name } = state.rooms.get(state.currentRoom);
  const room = escape(isTalk(name) ? `Private: ${talkMembers(name).join(", ")}` : name);
  const title = state.serverName ? `${room} · ${escape(state.serverName)}` : room;
  return unread ? `(${unread}) ${title}` : title;
}
