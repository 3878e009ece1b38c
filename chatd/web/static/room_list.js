/** The lists of rooms and of private talks, and the form to join a room. */

import { roomName } from "./commands.js";
import { createButton, createElement, createName, keyedList, setText } from "./dom.js";
import { formatCount } from "./messages.js";
import { countUnread, listRooms, listTalks, roomsWithUnsent } from "./state.js";
import { isTalk, talkMembers } from "./talks.js";

/** A function that shows the rooms of a state; `onSelect` is called when one is selected. */
export function createRoomList(
  { list, talkList, talksHeading, announcement, form, input, button },
  session,
  onSelect,
) {
  const options = {
    key: ({ key }) => key,
    create: ({ key, name }) => {
      const onClick = () => {
        session.selectRoom(isTalk(key) ? key : name);
        onSelect();
      };
      return createElement("li", "", createButton("choice", onClick));
    },
    update: (element, room) => updateButton(element.firstChild, room),
  };
  const showRooms = keyedList(list, options);
  const showTalks = keyedList(talkList, options);

  let unreadBefore = 0;

  /** Have a screen reader say that a private message has arrived in a talk that is not shown. */
  function announce(unread) {
    if (unread > unreadBefore) {
      setText(announcement, formatCount(unread, "unread private message"));
    } else if (!unread) {
      setText(announcement, "");
    }
    unreadBefore = unread;
  }

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
    const keys = ["rooms", "users", "currentRoom", "joinedRooms", "nickname", "drafts", "outbox"];
    if (before && keys.every((key) => state[key] === before[key])) {
      return;
    }
    const withUnsent = new Set(roomsWithUnsent(state));
    const withMarks = (room) => ({
      ...room,
      unread: state.rooms.get(room.key)?.unread ?? 0,
      mentions: state.rooms.get(room.key)?.mentions ?? 0,
      isCurrent: room.key === state.currentRoom,
      unsent: withUnsent.has(room.key) && room.key !== state.currentRoom ? describeUnsent(state, room) : "",
    });
    const talks = listTalks(state);
    showRooms(listRooms(state).map(withMarks));
    showTalks(
      talks.map((talk) => withMarks({ ...talk, name: talkMembers(talk.name).join(", ") })),
    );
    announce(talks.reduce((sum, talk) => sum + talk.unread, 0));
    talksHeading.hidden = talkList.hidden = !talks.length;
    const unread = countUnread(state);
    button.replaceChildren("Rooms", ...(unread ? [createLabelledNumber("unread", unread)] : []));
  };
}

function describeUnsent({ drafts }, { key }) {
  return drafts.get(key) ? "draft" : "unsent";
}

/** Update the button of a room, only if its content has changed. */
function updateButton(button, { name, members, unread, mentions, isCurrent, unsent }) {
  const content = `${name} ${members} ${unread} ${mentions} ${unsent}`;
  if (button.dataset.content !== content) {
    button.dataset.content = content;
    button.replaceChildren(
      createName(name, "name"),
      ...(unsent ? [createElement("span", "draft", ` ${unsent}`)] : []),
      ...(members === undefined ? [] : [createLabelledNumber("members", members)]),
      ...(mentions ? [createLabelledNumber("mentions", mentions, "@")] : []),
      ...(unread ? [createLabelledNumber("unread", unread)] : []),
    );
  }
  if (isCurrent) {
    button.setAttribute("aria-current", "true");
  } else {
    button.removeAttribute("aria-current");
  }
}

/** A number after a `sign`; a screen reader also says what it counts. */
function createLabelledNumber(label, value, sign = "") {
  return createElement(
    "span",
    label,
    createElement("span", "visually-hidden", `, ${label}: `),
    `${sign}${value}`,
  );
}
