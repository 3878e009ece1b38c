/** What the menus at users, messages and rooms offer. Pure but for what the items run.
 *
 * An item is as in menu.js. Hosts, and operators in their room, have more of them.
 */

import * as commands from "./menu_commands.js";
import { LOBBY, casefold } from "./names.js";
import { isEntered, isHost, isModerator, isOwnNickname } from "./state.js";
import { isTalk } from "./talks.js";

/** The items for a user; `actions` are the page's, see main.js. */
export function userItems(state, nickname, { session, dialogs, openTalk, mention }) {
  if (isOwnNickname(state, nickname)) {
    return [];
  }
  const isIgnored = state.ignored.has(casefold(nickname));
  const item = (label, run) => ({ label, run });
  const ask = (label, open) => item(label, (opener) => open(state, nickname, opener));
  const room = state.currentRoom === LOBBY || isTalk(state.currentRoom) ? "" : currentName(state);
  return [
    item("Private message", () => openTalk(nickname)),
    ...(isEntered(state) ? [item("Mention", () => mention(nickname))] : []),
    item(isIgnored ? "Stop ignoring" : "Ignore", () => session.setIgnored(nickname, !isIgnored)),
    ...(isModerator(state, state.currentRoom)
      ? [
          ask("Mute…", dialogs.mute),
          item("Unmute", () => session.send(commands.unmute({ nickname, room }))),
          ask("Kick…", dialogs.kick),
          ask("Ban…", dialogs.ban),
          ...roleItems(state, nickname, session),
        ]
      : []),
  ];
}

/** The items for the roles of a user in the current room; none where the user is not. */
function roleItems(state, nickname, session) {
  const { rooms, operatorOf, voicedIn, isHost: isOfAll } = state.users.get(casefold(nickname)) ?? {};
  if (!rooms?.has(state.currentRoom)) {
    return [];
  }
  const room = currentName(state);
  const item = (label, isOperator, given) => ({
    label,
    run: () => session.send(commands.setRole({ nickname, room, isOperator, given })),
  });
  const isOperator = operatorOf.has(state.currentRoom);
  const isVoiced = voicedIn.has(state.currentRoom);
  return [
    ...(state.currentRoom === LOBBY || isOfAll
      ? []
      : [item(isOperator ? "No longer operator" : "Make operator", true, !isOperator)]),
    // Elsewhere everybody has one.
    ...(isVoiced || state.rooms.get(state.currentRoom).settings.isReadOnly
      ? [item(isVoiced ? "Take voice" : "Give voice", false, !isVoiced)]
      : []),
  ];
}

/** The items for a message of the current room, as in timeline.js. */
export function messageItems(state, { source, seq, removed }, actions) {
  const canRemove =
    seq !== undefined &&
    !removed &&
    state.nickname !== "" &&
    !isTalk(state.currentRoom) &&
    (isModerator(state, state.currentRoom) || isOwnNickname(state, source));
  const room = currentName(state);
  return [
    ...userItems(state, source, actions),
    ...(canRemove
      ? [
          {
            label: "Remove message",
            run: () => actions.session.send(commands.removeMessage({ room, seq })),
          },
        ]
      : []),
  ];
}

/** The items for the current room; none for who is neither a host nor an operator of it. */
export function roomItems(state, { session, dialogs }) {
  const room = state.rooms.get(state.currentRoom);
  if (isTalk(room.name) || !isModerator(state, state.currentRoom)) {
    return [];
  }
  const { name, settings } = room;
  const isLobby = state.currentRoom === LOBBY;
  const change = (label, isChecked, line, data) => ({
    label,
    isChecked,
    run: () => session.send(commands.setRoom(line, { room: name, ...data })),
  });
  const { isReadOnly, isClosed, isTopicLocked } = settings;
  const toggled = (isOn) => (isOn ? "off" : "on");
  return [
    change("Read-only", isReadOnly, `/readonly ${name} ${toggled(isReadOnly)}`, {
      read_only: !isReadOnly,
    }),
    { label: "Slow…", run: (opener) => dialogs.slow(room, opener) },
    ...(isLobby
      ? []
      : [
          change("Closed", isClosed, `/${isClosed ? "open" : "close"} ${name}`, {
            closed: !isClosed,
          }),
          { label: "Word…", run: (opener) => dialogs.word(room, opener) },
        ]),
    change("Topic locked", isTopicLocked, `/locktopic ${name} ${toggled(isTopicLocked)}`, {
      topic_locked: !isTopicLocked,
    }),
    {
      label: "Bans and mutes",
      run: () => session.send(commands.listBans({ room: isLobby && isHost(state) ? "" : name })),
    },
  ];
}

function currentName(state) {
  return state.rooms.get(state.currentRoom).name;
}
