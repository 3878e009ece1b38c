/** The composer: the field for a message, and the outbox. */

import { privateRecipients } from "./commands.js";
import { createButton, createElement, keyedList, setText } from "./dom.js";
import { escape, escapeMessage } from "./escape.js";
import { isSameName } from "./names.js";
import { shownIn } from "./outbox.js";
import { createRecall } from "./recall.js";
import { hasSecret } from "./secrets.js";
import { isEntered } from "./state.js";
import { createSuggestions } from "./suggestions.js";
import { isTalk } from "./talks.js";

/** The label of each status of an entry. */
const STATUS_LABELS = {
  waiting: "Waiting",
  sent: "Sending",
  unknown: "May not have arrived",
  refused: "Not sent",
};

/** Rows of the field, where the browser does not fit it to its text; messages.css has the same. */
const MAX_ROWS = 5;

/** Keys that recall lines, and how many. */
const RECALL_STEPS = { __proto__: null, ArrowUp: 1, ArrowDown: -1 };

/** The `keyCode` of each key that an input method handles. */
const COMPOSITION_KEY_CODE = 229;

/** How long a user who types a recipient pauses before a screen reader says that it is private. */
const ANNOUNCE_MILLISECONDS = 700;

/** A function that shows the draft and the outbox of a state.
 *
 * `onSubmitted` is called after a line was accepted, to show the state that it has led to.
 */
export function createComposer(
  { form, field, list, button, recipients, announcement, suggestions },
  session,
  onSubmitted,
) {
  // An entry whose status has changed is another object, and so gets another element.
  const showEntries = keyedList(list, { create: (entry) => createEntry(entry, session, field) });
  const recall = createRecall();
  let current = null;
  let timer = null;
  const completion = createSuggestions(suggestions, () => current, onInput);

  /** Fit the field to its text, in Safari and Firefox. */
  function fit() {
    if (!CSS.supports("field-sizing", "content")) {
      field.rows = 1;
      while (field.rows < MAX_ROWS && field.scrollHeight > field.clientHeight) {
        field.rows += 1;
      }
    }
  }

  /** Tell to whom the line will go privately, before it is sent. */
  function showRecipients() {
    const { name } = current.rooms.get(current.currentRoom);
    const to = privateRecipients(field.value, name).join(", ");
    const text = to ? `Privately to ${escape(to)}` : "";
    form.classList.toggle("private", to !== "");
    recipients.hidden = to === "";
    setText(recipients, text);
    setText(button, to ? "Send privately" : "Send");
    clearTimeout(timer);
    timer = setTimeout(() => setText(announcement, text), ANNOUNCE_MILLISECONDS);
  }

  function submit() {
    const { value } = field;
    const { currentRoom } = current;
    completion.close();
    // Cleared now, not when the next frame is drawn: the user may be typing already.
    if (session.submit(value, currentRoom)) {
      if (value.trim() && !hasSecret(value)) {
        recall.add(currentRoom, value);
      }
      field.value = "";
      fit();
      // A command may have selected another room, where the next line is typed.
      onSubmitted();
      showRecipients();
    }
    field.focus();
  }

  function onInput() {
    fit();
    session.changeDraft(field.value, current.currentRoom);
    showRecipients();
    completion.update();
  }

  function recallLine(event, step) {
    const line = recall.recall(current.currentRoom, field.value, step);
    if (line !== undefined) {
      event.preventDefault();
      field.value = line;
      onInput();
      completion.close();
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", onInput);
  field.addEventListener("keydown", (event) => {
    if (isComposing(event) || completion.onKey(event)) {
      return;
    }
    const step = RECALL_STEPS[event.key];
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (step && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      recallLine(event, step);
    }
  });

  return (state, before) => {
    current = state;
    const owner = before?.talksOwner;
    if (owner && !before.nickname && !isSameName(owner, state.talksOwner)) {
      recall.keepOnly(() => false); // perhaps the next user of a borrowed computer
    } else if (before && state.talksRenamed !== before.talksRenamed) {
      // Under the former nickname of a user somebody else may come, whom no line was for.
      recall.keepOnly((room) => !isTalk(room));
    }
    form.hidden = !isEntered(state);
    const draft = state.drafts.get(state.currentRoom) ?? "";
    if (field.value !== draft) {
      field.value = draft;
      fit();
      completion.close();
    }
    if (state.drafts !== before?.drafts || state.currentRoom !== before?.currentRoom) {
      showRecipients();
    }
    if (state.outbox !== before?.outbox || state.currentRoom !== before?.currentRoom) {
      const entries = shownIn(state.outbox, state.currentRoom);
      showEntries(entries);
      list.hidden = entries.length === 0;
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
