/** The page put together: what happens goes into the store, and what is in it is shown. */

import { reduced } from "./actions.js";
import { arrangeDrawers } from "./drawers.js";
import { entranceView } from "./entrance_view.js";
import { logView } from "./log_view.js";
import { peopleView } from "./people_view.js";
import { poll } from "./poll.js";
import { roomsView } from "./rooms_view.js";
import { createSession } from "./session.js";
import { BEGINNING } from "./state.js";
import { statusView } from "./status_view.js";
import { remember, restored } from "./storage.js";
import { createStore } from "./store.js";
import { writingView } from "./writing_view.js";

/** A page that nobody looks at draws no frames, but its title changes. */
const UNSEEN_MILLISECONDS = 250;

const at = (id) => document.getElementById(id);

const store = createStore(restored(BEGINNING), reduced);
const session = createSession(store);
const closeDrawers = arrangeDrawers([at("rooms"), at("people")]);

function writePrivately(nickname) {
  closeDrawers();
  session.drafted(`@${nickname} ${at("text").value}`);
  draw();
  // Who only watches has to come in first.
  at(at("write").hidden ? "nickname" : "text").focus();
}

function chosen() {
  closeDrawers();
  draw();
  if (!at("write").hidden) {
    at("text").focus();
  }
}

const views = [
  statusView(
    {
      body: document.body,
      server: at("server"),
      status: at("standing"),
      countdown: at("countdown"),
      problem: at("problem"),
      leave: at("leave"),
    },
    session,
  ),
  roomsView(
    {
      list: at("room-list"),
      form: at("room-form"),
      input: at("room-name"),
      summary: at("rooms-summary"),
      heading: at("room"),
      joinRoom: at("join-room"),
      leaveRoom: at("leave-room"),
      aside: at("aside"),
    },
    session,
    chosen,
  ),
  peopleView(
    {
      here: at("here"),
      elsewhere: at("elsewhere"),
      elsewhereHeading: at("elsewhere-heading"),
      more: at("more"),
      summary: at("people-summary"),
    },
    writePrivately,
  ),
  logView(
    {
      log: at("log"),
      content: at("content"),
      list: at("items"),
      older: at("older"),
      newer: at("newer"),
    },
    session,
  ),
  writingView({ form: at("write"), text: at("text"), list: at("backlog") }, session),
  entranceView(
    {
      join: at("join"),
      nickname: at("nickname"),
      password: at("password"),
      secret: at("secret"),
      account: at("account"),
      another: at("another"),
      back: at("back"),
      comeBack: at("come-back"),
      writing: at("text"),
    },
    session,
  ),
];

let drawn;
let frame = null;
let timer = null;

/** Show the state as it is now, once for all that happened since the last time. */
function draw() {
  cancelAnimationFrame(frame);
  clearTimeout(timer);
  frame = timer = null;
  const { state } = store;
  views.forEach((view) => view(state, drawn));
  drawn = state;
}

store.subscribe(remember);
store.subscribe(() => {
  frame ??= requestAnimationFrame(draw);
  timer ??= setTimeout(draw, UNSEEN_MILLISECONDS);
});

const looked = () => {
  store.dispatch({ type: "hidden", isHidden: document.hidden });
  if (!document.hidden && store.state.link.is !== "left") {
    session.check();
  }
};
document.addEventListener("visibilitychange", looked);
addEventListener("online", session.check);

store.dispatch({ type: "hidden", isHidden: document.hidden });
draw();
session.begin();
poll(store);
