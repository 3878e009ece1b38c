/** How the page stands: the server, the state in words, what went wrong, the title of the tab. */

import { standing } from "./sentences.js";
import { unread } from "./state.js";
import { visible } from "./visible.js";

/** Show how each state stands. */
export function statusView({ body, server, status, countdown, problem, leave }, session) {
  leave.addEventListener("click", session.leave);

  /** The second part alone changes each second, and is not read aloud. */
  function tick(state) {
    const [words, left] = standing(state, Date.now());
    write(status, visible(words));
    write(countdown, left);
  }

  let current;
  setInterval(() => current?.link.is === "waiting" && tick(current), 250);

  return (state) => {
    current = state;
    tick(state);
    body.dataset.state = state.link.is;
    write(server, visible(state.server) || "chatd");
    write(problem, visible(state.problem));
    problem.hidden = state.problem === "";
    leave.hidden = state.me === "" && !state.isReturning;
    document.title = title(state);
  };
}

/** The title of the tab, with what was missed while nobody looked. */
export function title(state) {
  const number = state.isHidden ? unread(state) : 0;
  const room = visible(state.rooms.get(state.shown).name);
  const where = state.server ? `${room} · ${visible(state.server)}` : room;
  return number ? `(${number}) ${where}` : where;
}

function write(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
