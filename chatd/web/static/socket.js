/** One WebSocket: frames in, frames out, and the end of it told once, however it came. */

/** Silence after which the server is asked whether it is there. */
const PING_MILLISECONDS = 20_000;
/** For the connection to be made, and for an answer when there was silence. */
const ANSWER_MILLISECONDS = 10_000;

/** Connect to the server that the page came from.
 *
 * `opened` is called once, `received` with each frame, and `lost` at the end, unless it was closed
 * from here.
 */
export function connect({ opened, received, lost }) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/socket`);
  let silence = setTimeout(end, ANSWER_MILLISECONDS);
  let isOver = false;

  function end() {
    if (!isOver) {
      close();
      lost();
    }
  }

  function ping() {
    clearTimeout(silence);
    send({ type: "ping" });
    silence = setTimeout(end, ANSWER_MILLISECONDS);
  }

  function send(frame) {
    if (!isOver && socket.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify(frame));
    }
  }

  function close() {
    isOver = true;
    clearTimeout(silence);
    socket.close(1000);
  }

  socket.addEventListener("open", () => isOver || opened());
  socket.addEventListener("close", end);
  socket.addEventListener("message", ({ data }) => {
    if (isOver) {
      return;
    }
    clearTimeout(silence);
    silence = setTimeout(ping, PING_MILLISECONDS);
    const frame = parsed(data);
    if (frame) {
      received(frame);
    }
  });
  return { send, close, ping };
}

/** What the server sent, if it is a frame. */
function parsed(data) {
  try {
    const frame = JSON.parse(data);
    return frame !== null && typeof frame.type === "string" ? frame : null;
  } catch {
    return null;
  }
}
