/** Searching: what the user looks for, what was found, and the way to older messages.
 *
 * `state.search` is null, or the search whose results are shown:
 *
 * `id`: of the request; a reply to an earlier one is ignored.
 * `data`: what is looked for, as in the frame. `error`: why there is no result.
 * `messages`: what was found, the newest first. `before`: where the next page begins, 0 if there is
 *   none.
 * `isLoading`: whether a reply is awaited.
 */

import { isSameName } from "./names.js";
import { NotSent } from "./recipients.js";
import { withoutText } from "./timeline.js";

export const NO_MORE_RESULTS = "There are no more results to show; /search WORDS finds messages.";

/** Requests searches for the state in `store`; `send` takes the frames. */
export function createSearch(store, send) {
  let count = 0;

  function request(data, before) {
    const { state } = store.state.connection;
    if (state !== "watching" && state !== "online") {
      throw new NotSent("You are offline. Search again when you are connected.");
    }
    count += 1;
    const id = `search ${count}`;
    store.dispatch({ type: "searchRequested", id, data, isNextPage: before > 0 });
    send({ type: "search", id, data: before ? { ...data, before } : data });
  }

  return {
    /** Search for what `data` says. */
    start: (data) => request(data, 0),

    /** Request the next page, with older messages. */
    loadMore() {
      const { search } = store.state;
      if (!search?.before) {
        throw new NotSent(NO_MORE_RESULTS);
      }
      if (!search.isLoading) {
        request(search.data, search.before);
      }
    },
  };
}

/** The search after a request: a new one, or the next page of `search`. */
export function requested(search, { id, data, isNextPage }) {
  const found = isNextPage ? search : { messages: [], before: 0 };
  return { ...found, id, data, error: "", isLoading: true };
}

/** The search after a frame of a reply. */
export function received(search, { id, data: { messages, more, before = 0 } }) {
  return search?.id === id
    ? { ...search, messages: [...search.messages, ...messages], before, isLoading: more }
    : search;
}

/** The search after a message was removed; the replaced one has no text. */
export function removeMessage(search, { room, seq, by }) {
  const isIt = (message) => message.seq === seq && isSameName(message.room, room);
  return search?.messages.some(isIt)
    ? {
        ...search,
        messages: search.messages.map((each) => (isIt(each) ? withoutText(each, by) : each)),
      }
    : search;
}

/** The search after its request was refused, or its connection lost. */
export function failed(search, id, error) {
  return search?.isLoading && search.id === id ? { ...search, isLoading: false, error } : search;
}
