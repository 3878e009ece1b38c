/** Builds the page. Data flows one way: a frame or the user → session → store → components.
 *
 * A component is a function of the state and the last state that it was drawn with. It shows the
 * one, and uses the other to skip what has not changed.
 */

import { createComposer } from "./composer.js";
import { createComposerNote } from "./composer_note.js";
import { createDialog } from "./dialog.js";
import { setUpDrawers, setUpMenu } from "./drawers.js";
import { createExtras } from "./extras.js";
import { createHostItem } from "./host_item.js";
import { createFilePicker } from "./file_picker.js";
import { createFileView } from "./file_view.js";
import { createKeyPrompt } from "./key_prompt.js";
import { createMenu } from "./menu.js";
import { messageItems, roomItems, userItems } from "./menu_items.js";
import { createMessageList } from "./message_list.js";
import { createMessageMenu } from "./message_menu.js";
import { createModerationDialogs } from "./moderation_dialogs.js";
import { startPolling } from "./poll.js";
import { showPrivacy } from "./privacy.js";
import { createProblems } from "./problems.js";
import { createStore } from "./reducer.js";
import { createRoomList } from "./room_list.js";
import { createRoomTitle } from "./room_title.js";
import { createSearchView } from "./search_view.js";
import { createSession } from "./session.js";
import { createSettings } from "./settings.js";
import { createSignIn } from "./sign_in.js";
import { INITIAL_STATE } from "./state.js";
import { createStatusBar } from "./status_bar.js";
import { restore, save, trackEnd } from "./storage.js";
import { createUploads } from "./uploads.js";
import { createUserList } from "./user_list.js";

/** A hidden page gets no animation frames, but its title must change. */
const HIDDEN_DRAW_MILLISECONDS = 250;

const byId = (id) => document.getElementById(id);

const store = createStore(restore(INITIAL_STATE));
const session = createSession(store);
const closeDrawers = setUpDrawers(
  [
    { panel: byId("rooms"), button: byId("open-rooms") },
    { panel: byId("users"), button: byId("open-users") },
  ],
  byId("backdrop"),
);
setUpMenu(byId("menu"));
showPrivacy([byId("not-private"), byId("password-not-private")]);

function openTalk(nickname) {
  session.openTalk([nickname]);
  onRoomSelected();
}

/** The room or talk that was just selected is the next thing that the user reads, or writes in. */
function onRoomSelected() {
  closeDrawers();
  draw();
  if (!byId("composer").hidden) {
    byId("message").focus();
  } else {
    // A watcher who wants to join a room, or to write to a user, needs a nickname.
    byId(store.state.error && !byId("nickname-form").hidden ? "nickname" : "main").focus();
  }
}

/** Write a user's name where the user writes. */
function mention(nickname) {
  const field = byId("message");
  const isFirst = field.value.trim() === "";
  // At the beginning, "@name" would make the message a private one.
  const text = isFirst ? `${nickname}: ` : `${/\s$/.test(field.value) ? "" : " "}@${nickname} `;
  closeDrawers();
  field.value += text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

const menu = createMenu();
const dialog = createDialog();
const dialogs = createModerationDialogs(dialog, session);
const actions = { session, dialogs, openTalk, mention };

const fileView = createFileView(session.url);
const uploads = createUploads(store, session.url);

const searchHandlers = {
  createFile: fileView.create,
  onSearch: closeDrawers,
  onClose() {
    draw();
    byId(byId("composer").hidden ? "search-words" : "message").focus();
  },
};

const components = [
  createStatusBar(
    {
      body: document.body,
      server: byId("server"),
      status: byId("connection-state"),
      countdown: byId("countdown"),
      leave: byId("leave"),
    },
    session,
  ),
  createProblems(
    {
      signIn: { text: byId("error"), button: byId("use-suggestion") },
      composer: { text: byId("composer-error"), button: byId("composer-suggestion") },
    },
    session,
  ),
  createSettings({ arrivals: byId("arrivals"), pictures: byId("pictures") }, session),
  fileView.component,
  createRoomList(
    {
      list: byId("room-list"),
      talkList: byId("talk-list"),
      talksHeading: byId("talks-heading"),
      announcement: byId("talks-announcement"),
      form: byId("room-form"),
      input: byId("room-name"),
      button: byId("open-rooms"),
    },
    session,
    onRoomSelected,
  ),
  createRoomTitle(
    {
      heading: byId("room"),
      settings: byId("room-settings"),
      menuButton: byId("room-menu"),
      joinRoom: byId("join-room"),
      leaveRoom: byId("leave-room"),
      closeTalk: byId("close-talk"),
      notJoined: byId("not-joined"),
      topic: byId("topic"),
      editTopic: byId("edit-topic"),
      form: byId("topic-form"),
      field: byId("topic-text"),
      cancel: byId("cancel-topic"),
    },
    session,
    onRoomSelected,
    (button) => menu.toggle(button, "Settings of the room", roomItems(store.state, actions)),
  ),
  createUserList(
    {
      roomUsers: byId("room-users"),
      otherUsers: byId("other-users"),
      otherHeading: byId("other-users-heading"),
      omitted: byId("omitted-users"),
      title: byId("user-count"),
      button: byId("open-users"),
    },
    openTalk,
    (button, nickname) =>
      menu.toggle(button, button.getAttribute("aria-label"), userItems(store.state, nickname, actions)),
  ),
  createMessageList(
    {
      log: byId("log"),
      content: byId("log-content"),
      list: byId("items"),
      older: byId("older"),
      newer: byId("newer"),
    },
    session,
    { onSelect: onRoomSelected, createFile: fileView.create },
  ),
  createMessageMenu(
    {
      log: byId("log"),
      list: byId("items"),
      button: byId("message-menu"),
      status: byId("message-menu-status"),
    },
    menu,
    (item) => messageItems(store.state, item, actions),
  ),
  createSearchView(
    {
      section: byId("search"),
      title: byId("search-title"),
      problem: byId("search-problem"),
      found: byId("found"),
      list: byId("results"),
      older: byId("older-results"),
      close: byId("close-search"),
      form: byId("search-form"),
      input: byId("search-words"),
    },
    session,
    searchHandlers,
  ),
  createComposer(
    {
      form: byId("composer"),
      field: byId("message"),
      list: byId("outbox"),
      button: byId("send"),
      recipients: byId("recipients"),
      announcement: byId("recipients-announcement"),
      suggestions: {
        field: byId("message"),
        list: byId("suggestions"),
        status: byId("suggestions-status"),
      },
    },
    session,
    draw,
  ),
  createComposerNote({
    note: byId("composer-note"),
    reason: byId("composer-reason"),
    countdown: byId("composer-countdown"),
  }),
  createKeyPrompt(dialog, session, onRoomSelected),
  createHostItem(byId("become-host"), byId("menu"), dialogs),
  createSignIn(
    {
      nicknameForm: byId("nickname-form"),
      nickname: byId("nickname"),
      passwordForm: byId("password-form"),
      password: byId("password"),
      account: byId("account"),
      otherNickname: byId("other-nickname"),
      leftPanel: byId("left"),
      leftText: byId("left-text"),
      reconnect: byId("reconnect"),
      elsewherePanel: byId("elsewhere"),
      continueHere: byId("continue"),
      messageField: byId("message"),
    },
    session,
  ),
  createFilePicker(
    { tools: byId("composer-tools"), list: byId("uploads"), main: byId("main") },
    session,
    uploads,
  ),
  ...createExtras(
    {
      tools: byId("composer-tools"),
      form: byId("composer"),
      field: byId("message"),
      menu: byId("menu-items"),
      favicon: byId("icon"),
    },
    session,
  ),
];

let drawnState;
let frameRequest = null;
let timer = null;

/** Show the current state, however many actions have led to it since the last time. */
function draw() {
  cancelAnimationFrame(frameRequest);
  clearTimeout(timer);
  frameRequest = timer = null;
  const { state } = store;
  components.forEach((component) => component(state, drawnState));
  drawnState = state;
}

trackEnd(store);
store.subscribe(save);
store.subscribe(() => {
  frameRequest ??= requestAnimationFrame(draw);
  timer ??= setTimeout(draw, HIDDEN_DRAW_MILLISECONDS);
});

document.addEventListener("visibilitychange", () => {
  store.dispatch({ type: "visibilityChanged", isHidden: document.hidden });
  // The browser may have stopped the timers of the hidden page, or the computer was asleep.
  if (!document.hidden && store.state.connection.state !== "left") {
    session.check();
  }
});
addEventListener("online", session.check);
addEventListener("pagehide", session.suspend);
addEventListener("pageshow", ({ persisted }) => persisted && session.unsuspend());

store.dispatch({ type: "visibilityChanged", isHidden: document.hidden });
draw();
document.body.dataset.ready = "";
// Without WebSockets, support.js says so.
if ("WebSocket" in window) {
  session.open();
  startPolling(store, session.url);
}
