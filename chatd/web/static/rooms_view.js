/** The rooms: a button each, and a form to go into one. */

import { arrange, button, element, nameOf } from "./elements.js";
import { named } from "./commands.js";
import { LOBBY } from "./names.js";
import { choice, drafted, unread } from "./state.js";

/** Show the rooms of each state. */
export function roomsView(
  { list, form, input, summary, heading, joinRoom, leaveRoom, aside },
  session,
  chosen,
) {
  const elements = new Map();

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (name) {
      input.value = "";
      session.joinRoom(named(name));
      chosen();
    }
  });

  function elementOf({ key, name }) {
    if (!elements.has(key)) {
      const act = () => {
        session.show(name);
        chosen();
      };
      elements.set(key, element("li", "", button("choice", act)));
    }
    return elements.get(key);
  }

  function draw(state) {
    const rooms = choice(state);
    const written = new Set(drafted(state));
    arrange(
      list,
      rooms.map((room) => {
        const made = elementOf(room);
        fill(made.firstChild, room, state, written.has(room.key));
        return made;
      }),
    );
    const stay = new Set(rooms.map(({ key }) => key));
    [...elements.keys()].filter((key) => !stay.has(key)).forEach((key) => elements.delete(key));
  }

  return (state, before) => {
    if (
      before &&
      ["rooms", "people", "shown", "home", "me", "drafts"].every(
        (key) => state[key] === before[key],
      )
    ) {
      return;
    }
    draw(state);
    const { name } = state.rooms.get(state.shown);
    const isMember = state.me !== "" && state.home.has(state.shown);
    const elsewhere = unread(state);
    heading.replaceChildren(nameOf(name));
    summary.replaceChildren(
      "Rooms",
      ...(elsewhere ? [" ", element("span", "unread", String(elsewhere))] : []),
    );
    leaveRoom.hidden = !isMember || state.shown === LOBBY;
    joinRoom.hidden = aside.hidden = state.me === "" || isMember;
    leaveRoom.replaceChildren("Leave ", nameOf(name));
    joinRoom.replaceChildren("Join ", nameOf(name));
    leaveRoom.onclick = () => session.leaveRoom(name);
    joinRoom.onclick = () => session.joinRoom(name);
  };
}

function fill(made, { key, name, members }, state, isDrafted) {
  const unreadHere = state.rooms.get(key)?.unread ?? 0;
  const isWritten = isDrafted && key !== state.shown;
  const text = `${name} ${members} ${unreadHere} ${isWritten}`;
  if (made.dataset.filled !== text) {
    made.dataset.filled = text;
    const numbers = [
      number("members", members),
      ...(unreadHere ? [number("unread", unreadHere)] : []),
    ];
    const draft = isWritten ? [element("span", "draft", " draft")] : [];
    made.replaceChildren(nameOf(name, "name"), ...draft, ...numbers);
  }
  if (key === state.shown) {
    made.setAttribute("aria-current", "true");
  } else {
    made.removeAttribute("aria-current");
  }
}

/** A number that is seen, and said with what it counts. */
function number(what, value) {
  return element("span", what, element("span", "hidden", `, ${what}: `), String(value));
}
