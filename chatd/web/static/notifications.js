/** "Notify me" in the menu: a sound and, where the browser allows, notifications.
 *
 * They are for private messages and mentions only. The browser asks the user once, when the button
 * is pressed. Most browsers allow notifications only with HTTPS; the page says so.
 */

import { findNews } from "./attention.js";
import { createButton, createElement, setText } from "./dom.js";
import { escape } from "./escape.js";
import { playSound, unlockSound } from "./sound.js";

const SETTING = "notify";
/** Notifications show a few lines. */
const MAX_BODY_CHARACTERS = 200;

/** Add the button to `menu`, a list; a notification that is clicked calls `openRoom(name)`. */
export function createNotifications(menu, openRoom) {
  let isOn = loadSetting();
  // By room: the notification that is shown, and the number of its message.
  const shown = new Map();
  const button = createButton("", toggle, "Notify me");
  const note = createElement("p", "note");
  note.setAttribute("role", "status");
  menu.prepend(createElement("li", "", button, note));

  function draw() {
    button.setAttribute("aria-pressed", String(isOn));
    setText(note, isOn ? describe() : "");
  }

  function toggle(event) {
    event.stopPropagation(); // the menu stays open, as it says what comes of it
    isOn = !isOn;
    saveSetting(isOn);
    if (isOn) {
      unlockSound();
      playSound();
      askForPermission(draw);
    }
    draw();
  }

  /** A message that was removed is not to be read in a notification either. */
  function closeRemoved({ rooms }) {
    for (const [key, { seq, end }] of shown) {
      const isRemoved = (item) => item.seq === seq && item.removed;
      if (seq !== undefined && rooms.get(key)?.items.some(isRemoved)) {
        end();
        shown.delete(key);
      }
    }
  }

  if (isOn) {
    for (const type of ["pointerdown", "keydown"]) {
      addEventListener(type, unlockSound, { once: true });
    }
  }
  draw();

  return (state, before) => {
    const news = isOn && before && before.nickname ? findNews(state, before) : [];
    if (news.length) {
      playSound();
      news.forEach((each) =>
        shown.set(each.key, { seq: each.item.seq, end: notify(each, state, openRoom) }),
      );
    }
    closeRemoved(state);
  };
}

/** The browser's notifications; undefined if it has none, as on an iPhone. */
function api() {
  return window.isSecureContext ? window.Notification : undefined;
}

function describe() {
  if (!window.isSecureContext) {
    return "A sound only: most browsers allow notifications only with HTTPS.";
  }
  return (
    {
      granted: "A notification and a sound, for private messages and mentions.",
      denied: "A sound only: the browser blocks notifications of this page.",
      default: "A sound, and notifications once you allow them.",
    }[api()?.permission] ?? "A sound only: this browser has no notifications for pages."
  );
}

function askForPermission(onAnswer) {
  if (api()?.permission === "default") {
    // Safari 15 calls back, all others return a promise.
    api().requestPermission(onAnswer)?.then?.(onAnswer);
  }
}

/** Show a notification, unless the user looks at the page; the result closes it. */
function notify({ key, item }, state, openRoom) {
  if (document.hasFocus() || api()?.permission !== "granted") {
    return () => {};
  }
  const { name } = state.rooms.get(key);
  const source = escape(item.source);
  const title = key.startsWith("@") ? `${source} privately` : `${source} in ${escape(name)}`;
  const body = [...escape(item.text.replace(/\s+/g, " "))].slice(0, MAX_BODY_CHARACTERS).join("");
  try {
    // One of a room takes the place of the one before it.
    const shown = new (api())(title, { body, tag: key, icon: "/static/icon-192.png" });
    shown.addEventListener("click", () => {
      window.focus();
      openRoom(name);
      shown.close();
    });
    return () => shown.close();
  } catch {
    // Chrome on Android wants a service worker for it: there the sound is all.
    return () => {};
  }
}

function loadSetting() {
  try {
    return localStorage.getItem(SETTING) === "on";
  } catch {
    return false;
  }
}

function saveSetting(isOn) {
  try {
    localStorage.setItem(SETTING, isOn ? "on" : "off");
  } catch {
    // without storage the setting lasts as long as the page
  }
}
