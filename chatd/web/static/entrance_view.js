/** The way in: the forms for the nickname and the password, and the way back for who has left. */

import { rememberedNickname } from "./storage.js";
import { visible } from "./visible.js";

/** Show the form that each state asks for. */
export function entranceView(
  { join, nickname, password, secret, account, another, back, comeBack, writing },
  session,
) {
  nickname.value = rememberedNickname();

  join.addEventListener("submit", (event) => {
    event.preventDefault();
    if (nickname.value.trim()) {
      session.join(nickname.value.trim());
    } else {
      nickname.focus();
    }
  });
  password.addEventListener("submit", (event) => {
    event.preventDefault();
    if (secret.value) {
      session.signIn(secret.value);
      secret.value = "";
    }
  });
  another.addEventListener("click", session.anotherNickname);
  comeBack.addEventListener("click", session.comeBack);

  return (state, before) => {
    const form = wanted(state);
    const former = before ? wanted(before) : form;
    join.hidden = form !== join;
    password.hidden = form !== password;
    back.hidden = form !== back;
    account.textContent = visible(state.account?.nickname ?? "");
    nickname.setAttribute("aria-invalid", String(form === join && state.problem !== ""));
    if (form !== former) {
      // What had the focus is gone: it goes to where one goes on.
      goOn(form, state);
    }
  };

  function wanted({ link, me, account: asked, isReturning }) {
    if (link.is === "left") {
      return back;
    }
    if (asked) {
      return password;
    }
    return me || (isReturning && link.is !== "watching") ? null : join;
  }

  function goOn(form, state) {
    const next = form ? form.querySelector("input, button") : state.me && writing;
    if (next && (isLost() || (form === password && !isTyping()))) {
      next.focus();
    }
  }
}

/** Whether the keys go nowhere, or to what is not there any more. */
function isLost() {
  const { activeElement } = document;
  return (
    !activeElement || activeElement === document.body || activeElement.closest("[hidden]") !== null
  );
}

/** Whether the person has written something where the keys go, and may be going on with it. */
function isTyping() {
  const { activeElement } = document;
  return activeElement.matches("input, textarea") && activeElement.value !== "";
}
