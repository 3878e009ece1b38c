/** Asks for the word of a room that needs one to be joined. */

import { escape } from "./escape.js";

/** A function that opens the `dialog` when a state asks for a word. */
export function createKeyPrompt(dialog, session, onSelect) {
  return ({ keyPrompt }, before) => {
    if (!keyPrompt || keyPrompt === before?.keyPrompt) {
      return;
    }
    const { room, isWrong } = keyPrompt;
    dialog.ask(
      {
        heading: `Join ${escape(room)}`,
        text: `Joining ${escape(room)} needs its word. Ask somebody who is in it.`,
        error: isWrong ? "That is not the word." : "",
        fields: [{ name: "key", label: "Word", type: "text", maxLength: 64, required: true }],
        action: "Join",
      },
      document.getElementById("message"),
      ({ key }) => {
        session.joinWithKey(room, key);
        onSelect();
      },
      session.cancelKey,
    );
  };
}
