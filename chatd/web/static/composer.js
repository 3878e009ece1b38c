/** The composer: the field for a message, and the outbox. */

import { createButton, createElement, keyedList } from "./dom.js";
import { escape, escapeMessage } from "./escape.js";
import { isEntered } from "./state.js";

/** The label of each status of an entry. */
const STATUS_LABELS = {
  waiting: "Waiting",
  sent: "Sending",
  unknown: "May not have arrived",
  refused: "Not sent",
};

/** Rows of the field, where the browser does not fit it to its text; messages.css has the same. */
const MAX_ROWS = 5;

/** The `keyCode` of each key that an input method handles. */
const COMPOSITION_KEY_CODE = 229;

/** A function that shows the draft and the outbox of a state. */
export function createComposer({ form, field, list }, session) {
  // An entry whose status has changed is another object, and so gets another element.
  const showEntries = keyedList(list, { create: (entry) => createEntry(entry, session, field) });

  /** Fit the field to its text, in Safari and Firefox. */
  function fit() {
    if (!CSS.supports("field-sizing", "content")) {
      field.rows = 1;
      while (field.rows < MAX_ROWS && field.scrollHeight > field.clientHeight) {
        field.rows += 1;
      }
    }
  }

  function submit() {
    // Cleared now, not when the next frame is drawn: the user may be typing already.
    if (session.submit(field.value)) {
      field.value = "";
      fit();
    }
    field.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", () => {
    fit();
    session.changeDraft(field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) {
      event.preventDefault();
      submit();
    }
  });

  return (state, before) => {
    form.hidden = !isEntered(state);
    const draft = state.drafts.get(state.currentRoom) ?? "";
    if (field.value !== draft) {
      field.value = draft;
      fit();
    }
    if (state.outbox !== before?.outbox) {
      showEntries(state.outbox);
      list.hidden = state.outbox.length === 0;
    }
  };
}

/** Whether a key belongs to an input method: its Enter accepts a word and must not send the line.
 *
 * Safari fires that Enter after the composition has ended, and only the key code tells.
 */
function isComposing(event) {
  return event.isComposing || event.keyCode === COMPOSITION_KEY_CODE;
}

function createEntry({ id, line, status, reason }, session, field) {
  const text = createElement("span", "text", escapeMessage(line));
  text.dir = "auto";
  const label = createElement("span", "status", `${STATUS_LABELS[status]}: `);
  const element = createElement("li", "", label, text);
  element.dataset.kind = "pending";
  element.dataset.status = status;
  if (reason) {
    element.append(createElement("span", "reason", ` (${escape(reason)})`));
  }
  if (status !== "sent") {
    const edit = () => {
      session.editEntry(id);
      field.focus();
    };
    const discard = () => session.discardEntry(id);
    element.append(
      " ",
      createButton("small", edit, "Edit"),
      " ",
      createButton("small", discard, "Discard"),
    );
  }
  return element;
}
