/** The people: a button each, to write to them; those in the room that is shown come first. */

import { arrange, button, element, nickname } from "./elements.js";
import { folded } from "./names.js";
import { visible } from "./visible.js";

/** People who are elements; of more, the number is told. */
const MOST = 500;

/** Show the people of each state; `write` is called with the nickname that is chosen. */
export function peopleView({ here, elsewhere, elsewhereHeading, more, summary }, write) {
  const elements = new Map();

  function elementOf(person, me) {
    const isMe = me !== "" && folded(person.nickname) === folded(me);
    const known = `${isMe} ${person.nickname}`;
    if (!elements.has(known)) {
      const name = nickname(person.nickname, "name");
      const made = isMe
        ? element("span", "choice self", name, " (you)")
        : button("choice", () => write(person.nickname), name);
      if (!isMe) {
        made.title = `Write to ${visible(person.nickname)} privately`;
      }
      elements.set(known, element("li", "", made));
    }
    return [known, elements.get(known)];
  }

  return (state, before) => {
    if (before && ["people", "shown", "me"].every((key) => state[key] === before[key])) {
      return;
    }
    const all = [...state.people.values()].sort((one, other) =>
      folded(one.nickname) < folded(other.nickname) ? -1 : 1,
    );
    const isHere = ({ rooms }) => rooms.has(state.shown);
    const ordered = [...all.filter(isHere), ...all.filter((each) => !isHere(each))].slice(0, MOST);
    const made = new Map(ordered.map((person) => [person, elementOf(person, state.me)]));
    const those = (which) => ordered.filter(which).map((person) => made.get(person)[1]);
    arrange(here, those(isHere));
    arrange(
      elsewhere,
      those((each) => !isHere(each)),
    );
    elsewhereHeading.hidden = elsewhere.hidden = !elsewhere.children.length;
    here.hidden = !here.children.length;
    more.hidden = all.length <= MOST;
    more.textContent = `and ${(all.length - MOST).toLocaleString("en")} more`;
    summary.textContent = `People (${all.length.toLocaleString("en")})`;
    const stay = new Set([...made.values()].map(([known]) => known));
    [...elements.keys()]
      .filter((known) => !stay.has(known))
      .forEach((known) => elements.delete(known));
  };
}
