/** The heading of the room or private talk that is shown, and what can be done with it. */

import { createName, setText } from "./dom.js";
import { escape } from "./escape.js";
import { markAsMenuButton } from "./menu.js";
import { describeSettings } from "./moderation_messages.js";
import { LOBBY } from "./names.js";
import { isModerator } from "./state.js";
import { isTalk, talkMembers } from "./talks.js";

/** A function that shows the current room of a state.
 *
 * `onSelect` is called when another is shown, `onMenu` with the button of the menu.
 */
export function createRoomTitle(
  {
    heading,
    settings,
    menuButton,
    joinRoom,
    leaveRoom,
    closeTalk,
    notJoined,
    topic,
    editTopic,
    form,
    field,
    cancel,
  },
  session,
  onSelect,
  onMenu,
) {
  markAsMenuButton(menuButton);
  menuButton.addEventListener("click", () => onMenu(menuButton));

  /** The room whose topic is being written. */
  let editedRoom = null;

  function endEditing() {
    const hadFocus = form.contains(document.activeElement);
    editedRoom = null;
    form.hidden = true;
    topic.hidden = topic.textContent === "";
    editTopic.hidden = false;
    if (hadFocus) {
      editTopic.focus();
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    session.setTopic(editedRoom, field.value.trim());
    endEditing();
  });
  form.addEventListener("keydown", (event) => event.key === "Escape" && endEditing());
  cancel.addEventListener("click", endEditing);

  function drawTopic(room, canSet) {
    setText(topic, escape(room.topic?.text ?? ""));
    setText(editTopic, room.topic?.text ? "Change the topic" : "Set a topic");
    if (editedRoom !== null && (editedRoom !== room.name || !canSet)) {
      endEditing();
    }
    topic.hidden = topic.textContent === "" || editedRoom !== null;
    editTopic.hidden = !canSet || editedRoom !== null;
    editTopic.onclick = () => {
      editedRoom = room.name;
      field.value = room.topic?.text ?? "";
      form.hidden = false;
      topic.hidden = editTopic.hidden = true;
      field.focus();
    };
  }

  return (state, before) => {
    const keys = ["rooms", "currentRoom", "joinedRooms", "nickname", "connection", "users"];
    if (before && keys.every((key) => state[key] === before[key])) {
      return;
    }
    const room = state.rooms.get(state.currentRoom);
    const { name } = room;
    const isPrivate = isTalk(name);
    const isMember = state.nickname !== "" && state.joinedRooms.has(state.currentRoom);
    const members = isPrivate ? talkMembers(name) : [];
    heading.replaceChildren(
      ...(isPrivate ? ["Private talk with ", createName(members.join(", "))] : [createName(name)]),
    );
    leaveRoom.hidden = !isMember || state.currentRoom === LOBBY;
    notJoined.hidden = state.nickname === "" || isMember || isPrivate;
    joinRoom.hidden = isMember || isPrivate || !canJoin(state);
    const canModerate = isModerator(state, state.currentRoom);
    const { isReadOnly, isTopicLocked } = room.settings;
    drawTopic(room, isMember && (canModerate || !(isReadOnly || isTopicLocked)));
    setText(settings, describeSettings(room.settings).join(" · "));
    settings.hidden = settings.textContent === "";
    menuButton.hidden = !canModerate || isPrivate;
    closeTalk.hidden = !isPrivate;
    leaveRoom.replaceChildren("Leave ", createName(name));
    joinRoom.replaceChildren("Join ", createName(name));
    leaveRoom.onclick = () => session.leaveRoom(name);
    joinRoom.onclick = () => {
      session.joinRoom(name);
      onSelect();
    };
    closeTalk.onclick = () => {
      session.closeTalk(members);
      onSelect();
    };
  };
}

/** Whether the button to join a room is of use; a watcher needs none for the lobby. */
function canJoin({ nickname, connection, currentRoom }) {
  return nickname !== "" || (connection.state === "watching" && currentRoom !== LOBBY);
}
