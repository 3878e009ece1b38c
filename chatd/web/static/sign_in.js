/** The forms to enter the chat: the nickname, the password, and reconnecting after leaving, or
 * after the user has continued in another window.
 */

import { setText } from "./dom.js";
import { escape } from "./escape.js";
import { signInForm } from "./state.js";
import { loadNickname } from "./storage.js";

/** A function that shows the form that belongs to a state. */
export function createSignIn(
  {
    nicknameForm,
    nickname,
    passwordForm,
    password,
    account,
    otherNickname,
    leftPanel,
    leftText,
    reconnect,
    elsewherePanel,
    continueHere,
    messageField,
  },
  session,
) {
  const forms = Object.entries({
    nickname: nicknameForm,
    password: passwordForm,
    left: leftPanel,
    elsewhere: elsewherePanel,
  });
  nickname.value = loadNickname();
  let comesBackAs = "";

  nicknameForm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (nickname.value.trim()) {
      session.requestNickname(nickname.value.trim());
    } else {
      nickname.focus();
    }
  });
  passwordForm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (password.value) {
      session.sendPassword(password.value);
      password.value = "";
    }
  });
  otherNickname.addEventListener("click", session.cancelPassword);
  reconnect.addEventListener("click", () =>
    comesBackAs ? session.enterAgain(comesBackAs) : session.open(),
  );
  continueHere.addEventListener("click", session.open);

  return (state, before) => {
    const name = signInForm(state);
    for (const [each, form] of forms) {
      form.hidden = each !== name;
    }
    comesBackAs = state.farewell?.nickname ?? "";
    setText(leftText, escape(state.farewell?.sentence ?? "You have left the chat."));
    setText(reconnect, comesBackAs ? "Enter again" : "Reconnect");
    account.textContent = escape(state.passwordPrompt?.nickname ?? "");
    nickname.setAttribute("aria-invalid", String(name === "nickname" && state.error !== ""));
    if (before && name !== signInForm(before)) {
      moveFocus(forms.find(([each]) => each === name)?.[1], state);
    }
  };

  /** Focus the first control of `form`, or the message field if there is no form.
   *
   * The control that had the focus is hidden now, and a user with a keyboard or a screen reader
   * would have to start again at the top of the page. But a user who is typing elsewhere must not
   * lose the focus to a form that appears because of a reconnection: least of all to the password.
   */
  function moveFocus(form, state) {
    const target = form ? form.querySelector("input, button") : state.nickname && messageField;
    if (target && (isFocusLost() || (form === passwordForm && !isTyping()))) {
      target.focus();
    }
  }
}

/** Whether no element has the focus, or one that is hidden. */
function isFocusLost() {
  const { activeElement } = document;
  return (
    !activeElement || activeElement === document.body || activeElement.closest("[hidden]") !== null
  );
}

/** Whether the element that has the focus is a field with text in it. */
function isTyping() {
  const { activeElement } = document;
  return activeElement.matches("input, textarea") && activeElement.value !== "";
}
