/** Secrets that the user types: passwords, the words of rooms, and the host code.
 *
 * They are kept in memory only, so that a reconnection does not ask again; the host code not at all.
 */

import { commandName } from "./command_names.js";
import { casefold } from "./names.js";
import { skipBlanks, splitWord } from "./recipients.js";

/** What follows these is a secret. */
const SECRET_COMMANDS = new Set(["/host", "/key"]);

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

    /** Remember the word of a room, which a frame gives. */
    rememberWord({ data }) {
      if (data?.key) {
        words.set(casefold(data.room), data.key);
      }
    },

    /** The data of a `join` of a room, in a new session. */
    dataToRejoin: (room) => withWord(room, words.get(casefold(room))),
  };
}

/** The data of a `join`, with the word of the room if there is one. */
export function withWord(room, key) {
  return key ? { room, key } : { room };
}

/** Whether a line, or one of a draft, has a code or a word in it, and so must not be stored. Pure. */
export function hasSecret(text) {
  return text.split("\n").some((line) => {
    const [word, argument] = splitWord(line.slice(skipBlanks(line)));
    const name = commandName(word);
    return SECRET_COMMANDS.has(name) || (name === "/join" && splitWord(argument)[1] !== "");
  });
}

/** A line as it may be shown: `/key #dev …` for `/key #dev sesame`. Pure. */
export function withoutSecret(line, { type, data }) {
  return data?.key ? `/${type === "join" ? "join" : "key"} ${data.room} …` : line;
}

/** Whether an entry of the outbox has the word of a room in it. Pure. */
export function hasWord({ frame }) {
  return Boolean(frame.data?.key);
}
