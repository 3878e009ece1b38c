/** The error: at the form to sign in, or else at the composer, where the user has typed.
 *
 * A nickname that is refused may come with another one, which is possible: then there is a button.
 */

import { setText } from "./dom.js";
import { escape } from "./escape.js";
import { signInForm } from "./state.js";

/** A function that shows the error of a state in one of two places, each a text and a button. */
export function createProblems({ signIn, composer }, session) {
  for (const { button } of [signIn, composer]) {
    button.addEventListener("click", () => session.takeSuggestion());
  }
  return (state) => {
    const [place, otherPlace] = signInForm(state) ? [signIn, composer] : [composer, signIn];
    const { error, suggestion } = state;
    show(place, error, suggestion?.error === error ? suggestion.nickname : "");
    show(otherPlace, "", "");
  };
}

function show({ text, button }, error, nickname) {
  setText(text, escape(error));
  text.hidden = error === "";
  setText(button, `Use ${escape(nickname)}`);
  button.hidden = nickname === "";
}
