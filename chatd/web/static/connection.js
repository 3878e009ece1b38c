/** The connection to the server: one WebSocket after another, until the user leaves. */

/** Delay before the next attempt to connect, the same as in the terminal client. */
const RETRY_MILLISECONDS = 4000;
/** Added at random, so that the pages of a restarted server do not all connect at once. */
const JITTER_MILLISECONDS = 1000;
/** Silence after which the page sends a ping. */
const PING_MILLISECONDS = 20_000;
/** Time limit for the WebSocket to open, and for any frame to arrive after one that is answered. */
const RESPONSE_MILLISECONDS = 10_000;
/** The same for the first frame of a WebSocket, while there is another node to try. */
const NODE_RESPONSE_MILLISECONDS = 3000;

/** How long to wait before trying again, in milliseconds. */
export function retryDelay() {
  return RETRY_MILLISECONDS + Math.random() * JITTER_MILLISECONDS;
}

/** A connection that reopens by itself, and dispatches each change of its state.
 *
 * `nodes` has the server to connect to, or the nodes of a cluster; see nodes.js.
 * `onOpen` is called for each WebSocket that opens, `onFrame` with each frame received, and
 * `onNoneLeft` when no node takes the page.
 *
 * At any time there is either a WebSocket (connecting or open), or a retry timer, or neither (not
 * opened yet, closed, or suspended). `open`, `close` and `check` may be called in all three
 * states, so each of them first gets rid of what the last state has left.
 */
export function createConnection(dispatch, nodes, { onOpen, onFrame, onNoneLeft }) {
  let socket = null;
  let retryTimer = null;
  let isSuspended = false;

  function open() {
    isSuspended = false;
    reset();
    nodes.advance();
    dispatch({ type: "connecting" });
    const limit = nodes.hasNext() ? NODE_RESPONSE_MILLISECONDS : RESPONSE_MILLISECONDS;
    socket = openSocket(nodes.url("/socket"), limit, { onOpen, onFrame, onLost });
  }

  function reset() {
    clearTimeout(retryTimer);
    retryTimer = null;
    socket?.close();
    socket = null;
  }

  function onLost() {
    const delay = nodes.delay();
    if (!nodes.hasNext()) {
      onNoneLeft();
    }
    wait(delay ?? retryDelay());
  }

  function wait(delay) {
    reset();
    dispatch({ type: "connectionLost", until: Date.now() + delay });
    retryTimer = setTimeout(open, delay);
  }

  return {
    open,
    send: (frame) => socket?.send(frame),

    /** Close the connection and do not reopen it. */
    close() {
      reset();
      dispatch({ type: "connectionClosed" });
    },

    /** Close the connection and do not reopen it, as another page goes on with the session. */
    yieldSession() {
      reset();
      dispatch({ type: "resumedElsewhere" });
    },

    /** Close the connection, as the page ends.
     *
     * The browser may keep the page for its history, and the WebSocket with it: others would be
     * shown a user who is gone.
     */
    suspend() {
      isSuspended = socket !== null || retryTimer !== null;
      reset();
    },

    /** Open the connection again: the user has come back by the browser's history. */
    unsuspend() {
      if (isSuspended) {
        open();
      }
    },

    /** Come back to the session after a while: another connection has taken it. */
    retryLater() {
      wait(retryDelay());
    },

    /** Leave a node that does not take the user for another one; whether there is one. */
    moveOn() {
      nodes.refused();
      const canMove = nodes.hasNext();
      if (canMove) {
        open();
      }
      return canMove;
    },

    /** The network may have come back, or gone away: retry now, or test the open WebSocket.
     *
     * A laptop that wakes up still has a WebSocket that looks open. Only an unanswered ping shows
     * that the other end is gone, and without this call that takes up to 30 seconds.
     */
    check() {
      if (retryTimer !== null) {
        open();
      } else {
        socket?.ping();
      }
    },
  };
}

/** One WebSocket to `url`, whose first frame must arrive within `limit` milliseconds.
 *
 * `onLost` is called once, however the WebSocket ends, but not after `close`.
 */
function openSocket(url, limit, { onOpen, onFrame, onLost }) {
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  // One timer for both: it ends the WebSocket while a response is outstanding, else it pings.
  let timer = setTimeout(end, limit);
  let isOutstanding = true;
  // The events "close" and "message" may still arrive after `close`, when the next WebSocket is in
  // use already: they must be ignored.
  let isClosed = false;

  function end() {
    if (!isClosed) {
      close();
      onLost();
    }
  }

  function ping() {
    send({ type: "ping" });
  }

  function send(frame) {
    if (isClosed || socket.readyState !== WebSocket.OPEN) {
      return;
    }
    socket.send(JSON.stringify(frame));
    // Passwords are checked one after another: among many, that takes long.
    if (!isOutstanding && frame.type !== "authenticate") {
      isOutstanding = true;
      clearTimeout(timer);
      timer = setTimeout(end, RESPONSE_MILLISECONDS);
    }
  }

  function close() {
    isClosed = true;
    clearTimeout(timer);
    socket.close(1000);
  }

  socket.addEventListener("open", () => isClosed || onOpen());
  socket.addEventListener("close", end);
  socket.addEventListener("message", ({ data }) => {
    if (isClosed) {
      return;
    }
    clearTimeout(timer);
    isOutstanding = false;
    timer = setTimeout(ping, PING_MILLISECONDS);
    const frame = parseFrame(data);
    if (frame) {
      onFrame(frame);
    }
  });
  return { send, close, ping };
}

/** The frame in a WebSocket message; null if the message is not a frame. */
function parseFrame(data) {
  try {
    const frame = JSON.parse(data);
    return frame !== null && typeof frame.type === "string" ? frame : null;
  } catch {
    return null;
  }
}
