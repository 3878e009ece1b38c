/** The commands that the page carries out by itself, without sending their frame. */

import { NotSent, help } from "./commands.js";
import { casefold } from "./names.js";
import { describeSelf } from "./privacy.js";

/** Users that can be ignored; as many as on the other clients. */
const MAX_IGNORED = 100;

/** By the type of the frame that commands.js makes of them: functions of that frame.
 *
 * Other parts of the page add theirs: the invitation, and files.
 * They work on the state in `store`, by the actions of the session. They throw NotSent.
 */
export function createLocalCommands(
  store,
  search,
  { showNotices, selectRoom, openTalk, closeTalk, leave },
) {
  const { dispatch } = store;

  function setIgnored(nickname, isIgnored) {
    const { ignored } = store.state;
    if (isIgnored && ignored.size >= MAX_IGNORED && !ignored.has(casefold(nickname))) {
      throw new NotSent(`You ignore ${MAX_IGNORED} users already. /unignore NAME ends that for one.`);
    }
    dispatch({ type: "ignored", nickname, isIgnored });
  }

  function listIgnored() {
    const names = [...store.state.ignored.values()].map((name) => [{ name }, " is ignored"]);
    showNotices(...(names.length ? names : [["Nobody is ignored."]]));
  }

  return {
    __proto__: null,
    help({ data }) {
      const rows = help(data?.is_for_hosts);
      showNotices(...rows.map(([usage, description]) => [`${usage}: ${description}`]));
    },
    "switch-room": ({ data }) => selectRoom(data.room),
    "prompt-private": () =>
      showNotices(["Choose a user in the list of users, or type: @NAME TEXT"]),
    search: ({ data }) => search.start(data),
    "more-results": () => search.loadMore(),
    "open-private": ({ data }) => openTalk(data.to),
    "close-private": ({ data }) => closeTalk(data.to),
    ignore({ data }) {
      if (!data) {
        listIgnored();
        return;
      }
      setIgnored(data.nickname, true);
      showNotices([
        "What ",
        { name: data.nickname },
        " says is not shown from now on. /unignore shows it again.",
      ]);
    },
    unignore({ data }) {
      setIgnored(data.nickname, false);
      showNotices(["What ", { name: data.nickname }, " says is shown again."]);
    },
    clear: () => dispatch({ type: "cleared", isCleared: true }),
    "who-am-i": () => showNotices(...describeSelf(store.state).map((sentence) => [sentence])),
    quit: leave,
  };
}
