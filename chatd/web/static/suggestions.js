/** The list of suggestions at the composer: arrow keys choose, Tab takes, Escape closes.
 *
 * The focus stays in the field, which names the chosen suggestion for screen readers. Without an open
 * list, Tab moves on as everywhere; and Enter sends what is typed, unless a suggestion was chosen.
 */

import { complete } from "./completion.js";
import { createElement } from "./dom.js";
import { escape } from "./escape.js";

/** `{ update, close, onKey }` for the suggestions to what is typed in `field`.
 *
 * `getState()` returns the state, and `onTaken` is called after the text has changed.
 */
export function createSuggestions({ field, list, status }, getState, onTaken) {
  let found = null;
  let chosen = -1;
  let closedFor = null; // the text for which the user has closed the list

  function update() {
    const { value, selectionStart, selectionEnd } = field;
    const isPlain = selectionStart === selectionEnd && value !== closedFor;
    show(isPlain ? complete(getState(), value, selectionStart) : null);
  }

  function show(next) {
    const hadCount = found?.suggestions.length ?? 0;
    found = next;
    chosen = -1;
    list.hidden = found === null;
    list.replaceChildren(...(found?.suggestions ?? []).map(createOption));
    field.removeAttribute("aria-activedescendant");
    const count = found?.suggestions.length ?? 0;
    if (count !== hadCount) {
      status.textContent = count ? `${count} suggestion${count === 1 ? "" : "s"}, Tab takes one` : "";
    }
  }

  function createOption({ label, description }, index) {
    const option = createElement("li", "", createElement("bdi", "", escape(label)));
    if (description) {
      option.append(" ", createElement("span", "description", escape(description)));
    }
    option.id = `suggestion-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    // The field keeps the focus.
    option.addEventListener("mousedown", (event) => event.preventDefault());
    option.addEventListener("click", () => take(index));
    return option;
  }

  function choose(index) {
    chosen = (index + list.children.length) % list.children.length;
    [...list.children].forEach((option, each) => {
      option.setAttribute("aria-selected", String(each === chosen));
    });
    field.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const { start, end, suggestions } = found;
    field.setRangeText(suggestions[index].text, start, end, "end");
    show(null);
    onTaken();
  }

  const KEYS = {
    __proto__: null,
    Tab: ({ shiftKey }) => (shiftKey ? false : take(Math.max(0, chosen))),
    Enter: ({ shiftKey }) => (shiftKey || chosen < 0 ? false : take(chosen)),
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen < 0 ? -1 : chosen - 1),
    Escape() {
      closedFor = field.value;
      show(null);
    },
  };

  field.addEventListener("blur", () => show(null));

  return {
    update,
    close: () => show(null),

    /** Handle a key; whether it was one for the list. */
    onKey(event) {
      const action = found && !event.ctrlKey && !event.altKey && !event.metaKey && KEYS[event.key];
      if (!action || action(event) === false) {
        return false;
      }
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}
