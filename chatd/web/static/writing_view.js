/** Where the person writes, and what was written and is not said yet. */

import { arrange, button, element } from "./elements.js";
import { visible, visibleText } from "./visible.js";

/** What stands before an entry of the backlog. */
const STANDING = {
  waiting: "To be sent",
  sent: "Sending",
  unknown: "May not have arrived",
  refused: "Not sent",
};

/** The code of each key that an input method takes. */
const COMPOSING = 229;

/** Show the draft and the backlog of each state. */
export function writingView({ form, text, list }, session) {
  const elements = new Map();

  function submit() {
    // At once, not with the next frame: the person types on.
    if (session.submit(text.value)) {
      text.value = "";
    }
    text.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  text.addEventListener("input", () => session.drafted(text.value));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) {
      event.preventDefault();
      submit();
    }
  });

  function elementOf(entry) {
    if (!elements.has(entry)) {
      elements.set(entry, entryElement(entry, session, text));
    }
    return elements.get(entry);
  }

  return (state, before) => {
    form.hidden = state.me === "" && !state.isReturning;
    const draft = state.drafts.get(state.shown) ?? "";
    if (text.value !== draft) {
      text.value = draft;
    }
    if (state.backlog !== before?.backlog) {
      arrange(list, state.backlog.map(elementOf));
      list.hidden = state.backlog.length === 0;
      const stay = new Set(state.backlog);
      [...elements.keys()]
        .filter((entry) => !stay.has(entry))
        .forEach((entry) => elements.delete(entry));
    }
  };
}

/** Whether a key belongs to an input method; Safari tells of its last Enter by the code alone. */
function isComposing(event) {
  return event.isComposing || event.keyCode === COMPOSING;
}

function entryElement({ id, line, status, why }, session, text) {
  const said = element("span", "text", visibleText(line));
  said.dir = "auto";
  const made = element("li", "", element("span", "standing", `${STANDING[status]}: `), said);
  made.dataset.kind = "pending";
  made.dataset.status = status;
  if (why) {
    made.append(element("span", "why", ` (${visible(why)})`));
  }
  if (status !== "sent") {
    const edit = () => {
      session.takeBack(id);
      text.focus();
    };
    made.append(" ", button("small", edit, status === "unknown" ? "Write again" : "Take back"));
    made.append(
      " ",
      button("small", () => session.dismiss(id), "Discard"),
    );
  }
  return made;
}
