/** Where the state is: actions go in, and whoever listens is told of what came of them. */

/** A store that begins with `state`; `reduce` makes the next one of it and an action. */
export function createStore(state, reduce) {
  const listeners = [];
  let current = state;
  return {
    get state() {
      return current;
    },
    dispatch(action) {
      const before = current;
      current = reduce(before, action);
      if (current !== before) {
        listeners.forEach((listen) => listen(current, before));
      }
    },
    subscribe(listen) {
      listeners.push(listen);
    },
  };
}
