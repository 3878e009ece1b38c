/** The error: at the form to sign in, or else at the composer, where the user has typed. */

import { setText } from "./dom.js";
import { escape } from "./escape.js";
import { signInForm } from "./state.js";

/** A function that shows the error of a state. */
export function createProblems({ signIn, composer }) {
  return (state) => {
    const [place, otherPlace] = signInForm(state) ? [signIn, composer] : [composer, signIn];
    show(place, state.error);
    show(otherPlace, "");
  };
}

function show(element, error) {
  setText(element, escape(error));
  element.hidden = error === "";
}
