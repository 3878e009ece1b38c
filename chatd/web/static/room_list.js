/** The list of rooms, the form to join one, and the heading of the current room. */

import { roomName } from "./commands.js";
import { createButton, createElement, createName, keyedList } from "./dom.js";
import { LOBBY } from "./names.js";
import { countUnread, listRooms, roomsWithDrafts } from "./state.js";

/** A function that shows the rooms of a state; `onSelect` is called when one is selected. */
export function createRoomList(
  { list, form, input, button, heading, joinRoom, leaveRoom, notJoined },
  session,
  onSelect,
) {
  const showRooms = keyedList(list, {
    key: ({ key }) => key,
    create: ({ name }) => {
      const onClick = () => {
        session.selectRoom(name);
        onSelect();
      };
      return createElement("li", "", createButton("choice", onClick));
    },
    update: (element, room) => updateButton(element.firstChild, room),
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (name) {
      input.value = "";
      session.joinRoom(roomName(name));
      onSelect();
    }
  });

  return (state, before) => {
    const keys = ["rooms", "users", "currentRoom", "joinedRooms", "nickname", "drafts"];
    if (before && keys.every((key) => state[key] === before[key])) {
      return;
    }
    const withDrafts = new Set(roomsWithDrafts(state));
    showRooms(
      listRooms(state).map((room) => ({
        ...room,
        unread: state.rooms.get(room.key)?.unread ?? 0,
        isCurrent: room.key === state.currentRoom,
        hasDraft: withDrafts.has(room.key) && room.key !== state.currentRoom,
      })),
    );
    const { name } = state.rooms.get(state.currentRoom);
    const isMember = state.nickname !== "" && state.joinedRooms.has(state.currentRoom);
    const unread = countUnread(state);
    heading.replaceChildren(createName(name));
    button.replaceChildren("Rooms", ...(unread ? [createLabelledNumber("unread", unread)] : []));
    leaveRoom.hidden = !isMember || state.currentRoom === LOBBY;
    joinRoom.hidden = notJoined.hidden = state.nickname === "" || isMember;
    leaveRoom.replaceChildren("Leave ", createName(name));
    joinRoom.replaceChildren("Join ", createName(name));
    leaveRoom.onclick = () => session.leaveRoom(name);
    joinRoom.onclick = () => session.joinRoom(name);
  };
}

/** Update the button of a room, only if its content has changed. */
function updateButton(button, { name, members, unread, isCurrent, hasDraft }) {
  const content = `${name} ${members} ${unread} ${hasDraft}`;
  if (button.dataset.content !== content) {
    button.dataset.content = content;
    button.replaceChildren(
      createName(name, "name"),
      ...(hasDraft ? [createElement("span", "draft", " draft")] : []),
      createLabelledNumber("members", members),
      ...(unread ? [createLabelledNumber("unread", unread)] : []),
    );
  }
  if (isCurrent) {
    button.setAttribute("aria-current", "true");
  } else {
    button.removeAttribute("aria-current");
  }
}

/** A number; a screen reader also says what it counts. */
function createLabelledNumber(label, value) {
  return createElement(
    "span",
    label,
    createElement("span", "visually-hidden", `, ${label}: `),
    String(value),
  );
}
