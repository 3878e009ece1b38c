/** The results of a search, above the messages of the room, and the form to search with. */

import { createElement, createName, createNickname, reconcile } from "./dom.js";
import { escape } from "./escape.js";
import { createRemoved } from "./message_item.js";
import { createMessageText } from "./message_text.js";
import { formatCount } from "./messages.js";
import { formatMoment, isoTimestamp } from "./time.js";

/** A function that shows the search of a state; `onClose` is called when the user closes it. */
export function createSearchView(
  { section, title, problem, found, list, older, close, form, input },
  session,
  { onSearch, onClose, createFile },
) {
  // By message: an element stays while older ones come.
  let elements = new Map();

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() && session.search(input.value)) {
      onSearch();
    }
  });
  older.addEventListener("click", session.loadMoreResults);
  close.addEventListener("click", closeSearch);
  section.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      closeSearch();
    }
  });

  function closeSearch() {
    session.closeSearch();
    onClose();
  }

  function drawResults({ messages }, isFirstPage) {
    elements = new Map(
      messages.map((message) => [message, elements.get(message) ?? createResult(message, createFile)]),
    );
    const below = found.scrollHeight - found.scrollTop;
    reconcile(list, [...elements.values()].reverse());
    // The newest are in sight at first; when older ones come above them, nothing moves.
    found.scrollTop = found.scrollHeight - (isFirstPage ? 0 : below);
  }

  return ({ search }, before) => {
    if (before && search === before.search) {
      return;
    }
    section.hidden = search === null;
    if (search === null) {
      elements = new Map();
      list.replaceChildren();
      return;
    }
    title.textContent = describe(search);
    problem.textContent = escape(search.error);
    problem.hidden = search.error === "";
    older.hidden = search.before === 0;
    const wasEmpty = !before?.search || before.search.messages.length === 0;
    drawResults(search, wasEmpty);
    if (!search.isLoading && wasEmpty) {
      // So a screen reader reads how many were found, and the keyboard goes on from there.
      title.focus();
    }
  };
}

function describe({ messages, before, isLoading, error }) {
  if (isLoading && messages.length === 0) {
    return "Searching…";
  }
  if (messages.length === 0) {
    return error ? "Search" : "Nothing was found";
  }
  return `${formatCount(messages.length, "message")} found${before ? ", there are older ones" : ""}`;
}

function createResult(message, createFile) {
  const { room, time, source, text } = message;
  const moment = createElement("time", "", formatMoment(time));
  moment.dateTime = isoTimestamp(time);
  const said = message.removed
    ? createRemoved(message)
    : message.file
      ? createFile(message.file)
      : createMessageText(text);
  const head = createElement("span", "head");
  head.append(createNickname(source, "source"), " ", createName(room, "found-in"), " ", moment);
  return createElement("li", "", createElement("div", "body", head, said));
}
