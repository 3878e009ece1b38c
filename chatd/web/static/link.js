/** The link to the server over all connections: it comes back by itself, until it is let go. */

import { connect } from "./socket.js";

/** Before the next try, as the terminal client does. */
const RETRY_MILLISECONDS = 4000;
/** Added at random, so that the pages of a server that went down do not all come at once. */
const JITTER_MILLISECONDS = 1000;

/** How long to wait before trying again, in milliseconds. */
export function pause() {
  return RETRY_MILLISECONDS + Math.random() * JITTER_MILLISECONDS;
}

/** A link that dispatches what becomes of it.
 *
 * `greet` is called on each new connection, `received` with each frame.
 */
export function createLink(dispatch, { greet, received }) {
  let socket = null;
  let retry = null;

  function open() {
    drop();
    dispatch({ type: "connecting" });
    socket = connect({ opened: greet, received, lost });
  }

  function drop() {
    clearTimeout(retry);
    retry = null;
    socket?.close();
    socket = null;
  }

  function lost() {
    const wait = pause();
    dispatch({ type: "lost", until: Date.now() + wait });
    socket = null;
    retry = setTimeout(open, wait);
  }

  return {
    open,
    send: (frame) => socket?.send(frame),

    /** Let the server go, for good. */
    close() {
      drop();
      dispatch({ type: "left" });
    },

    /** The network may be back, or gone: find out now. */
    check() {
      if (retry !== null) {
        open();
      } else {
        socket?.ping();
      }
    },
  };
}
