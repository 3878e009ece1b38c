/** The list of users: those of the current room first, each a button to write to the user.
 *
 * Beside it is one that opens a menu. A host, and an operator of the room that is shown, is marked.
 */

import { createButton, createElement, createNickname, keyedList, setText } from "./dom.js";
import { escape } from "./escape.js";
import { markAsMenuButton } from "./menu.js";
import { casefold, isSameName } from "./names.js";
import { isInTalk, isTalk } from "./talks.js";

/** Users that are listed; of the others there is only the number. */
const MAX_USERS = 500;

/** A function that shows the users of a state.
 *
 * `onSelect` gets the nickname that is clicked; `onMenu`, the button of a menu and the nickname.
 */
export function createUserList(
  { roomUsers, otherUsers, otherHeading, omitted, title, button },
  onSelect,
  onMenu,
) {
  const options = {
    key: ({ nickname, isSelf }) => `${isSelf} ${nickname}`,
    create: createItem,
    update: (element, { isAway, awayText, mark }) => {
      const marked = element.querySelector(".role");
      marked.hidden = mark === "";
      setText(marked, mark);
      const away = element.querySelector(".away");
      away.hidden = !isAway && !awayText;
      setText(away, isAway || !awayText ? "away" : `away: ${escape(awayText)}`);
    },
  };
  const showRoomUsers = keyedList(roomUsers, options);
  const showOtherUsers = keyedList(otherUsers, options);

  function createItem({ nickname, isSelf }) {
    const name = createNickname(nickname, "name");
    const role = createElement("span", "role");
    const away = createElement("span", "away", "away");
    if (isSelf) {
      const self = createElement("span", "choice self", name, " (you)", role, away);
      return createElement("li", "", self);
    }
    const button = createButton("choice", () => onSelect(nickname), name, role, away);
    button.title = `Send ${escape(nickname)} a private message`;
    const more = createButton("more", () => onMenu(more, nickname), "⋯");
    more.setAttribute("aria-label", `Menu of ${escape(nickname)}`);
    markAsMenuButton(more);
    return createElement("li", "user", button, more);
  }

  return (state, before) => {
    if (before && ["users", "currentRoom", "nickname"].every((key) => state[key] === before[key])) {
      return;
    }
    const all = [...state.users.values()].sort((one, other) =>
      casefold(one.nickname) < casefold(other.nickname) ? -1 : 1,
    );
    const isPrivate = isTalk(state.currentRoom);
    const isInRoom = ({ nickname, rooms }) =>
      isPrivate ? isInTalk(state.currentRoom, nickname) : rooms.has(state.currentRoom);
    const inRoom = all.filter(isInRoom).slice(0, MAX_USERS);
    const others = all.filter((user) => !isInRoom(user)).slice(0, MAX_USERS - inRoom.length);
    const withSelf = ({ nickname, isAway, awayText, isHost, operatorOf }) => ({
      nickname,
      isAway,
      awayText,
      mark: isHost ? "host" : operatorOf.has(state.currentRoom) ? "operator" : "",
      isSelf: state.nickname !== "" && isSameName(nickname, state.nickname),
    });
    showRoomUsers(inRoom.map(withSelf));
    showOtherUsers(others.map(withSelf));
    setText(otherHeading, isPrivate ? "Not in this talk" : "In other rooms");
    roomUsers.hidden = !inRoom.length;
    otherHeading.hidden = otherUsers.hidden = !others.length;
    omitted.hidden = all.length <= MAX_USERS;
    omitted.textContent = `and ${(all.length - MAX_USERS).toLocaleString("en")} more`;
    setText(title, `Users (${all.length.toLocaleString("en")})`);
    setText(button, `Users ${all.length.toLocaleString("en")}`);
  };
}
