/** Secrets that the user types: passwords, the words of rooms, and the host code.
 *
 * They are kept in memory only, so that a reconnection does not ask again; the host code not at all.
 */

import { SLASH, isAt, skipBlanks, splitWord, withoutInvisibles } from "./recipients.js";
import { casefold } from "./names.js";

/** The secrets that were typed for the state in `store`; `send` takes the frames. */
export function createSecrets(store, send) {
  // By casefolded nickname, and by the key of the room.
  const passwords = new Map();
  const words = new Map();

  function authenticate(account, password, id) {
    send({ type: "authenticate", id, data: { account, password } });
  }

  return {
    /** Answer the password prompt. */
    sendPassword(password) {
      const { nickname, isRenaming } = store.state.passwordPrompt;
      passwords.set(casefold(nickname), password);
      authenticate(nickname, password, isRenaming ? "rename" : "hello");
    },

    /** Answer a request for a password that the page knows; whether it was one. */
    sendKnownPassword({ type, id, data }) {
      const { requestedNickname } = store.state;
      const password = passwords.get(casefold(requestedNickname));
      const isRequest = type === "error" && id === "hello" && data?.code === "password-required";
      if (isRequest && password !== undefined) {
        authenticate(requestedNickname, password, "hello");
        return true;
      }
      return false;
    },

    /** Forget what an `error` says is wrong; `before` is the state before it. */
    forgetWrong({ id, data: { code } }, { passwordPrompt, requestedNickname, outbox }) {
      if (code === "wrong-password") {
        passwords.delete(casefold(passwordPrompt?.nickname ?? requestedNickname));
      } else if (code === "wrong-key") {
        const entry = outbox.find((each) => each.id === id);
        words.delete(casefold(entry?.frame.data.room ?? ""));
      }
    },

    /** Remember the word of a room, with which a `join` is sent. */
    rememberWord: ({ room, key }) => key && words.set(casefold(room), key),

    /** The data of a `join` of a room, in a new session. */
    dataToRejoin: (room) => withWord(room, words.get(casefold(room))),
  };
}

/** The data of a `join`, with the word of the room if there is one. */
export function withWord(room, key) {
  return key ? { room, key } : { room };
}

/** Whether a line, or a line of a draft, has the host code in it, and so must not be stored. Pure. */
export function isSecret(text) {
  return text.split("\n").some((line) => {
    const name = withoutInvisibles(splitWord(line.slice(skipBlanks(line)))[0]);
    return isAt(name, 0, SLASH) && casefold(name.slice(1)) === "host";
  });
}

/** Whether an entry of the outbox has the word of a room in it. Pure. */
export function hasWord({ frame }) {
  return Boolean(frame.data?.key);
}
