/** Sends files to the server, one after the other.
 *
 * `state.uploads` has what waits and what is sent: `{ id, name, bytes, sent, target }`, the first of
 * which is sent now. The files themselves are kept here.
 */

import { MAX_FILE_BYTES, formatSize, pathToSend } from "./files.js";
import { notDelivered } from "./messages.js";
import { NotSent } from "./recipients.js";
import { isEntered } from "./state.js";

/** Files that wait at a time. */
const MAX_UPLOADS = 50;

/** Sends files in the session of the state in `store`; `getUrl(path)` returns a URL at the server. */
export function createUploads(store, getUrl) {
  const { dispatch } = store;
  const files = new Map();
  let lastId = 0;
  let request = null;

  // A listener alone keeps Firefox from showing the page at once when the user comes back to it.
  store.subscribe(({ uploads }, before) => {
    if (uploads.length && !before.uploads.length) {
      addEventListener("beforeunload", askBeforeUnload);
    } else if (!uploads.length && before.uploads.length) {
      removeEventListener("beforeunload", askBeforeUnload);
    }
  });

  /** Throw NotSent if a file cannot be sent. */
  function check({ name, size }) {
    const { connection, takesFiles, uploads } = store.state;
    if (!isEntered(store.state)) {
      throw new NotSent("Choose a nickname to send files.");
    }
    if (connection.state !== "online") {
      throw new NotSent("You are offline. Send the file again when you are connected.");
    }
    if (!takesFiles) {
      throw new NotSent("This server takes no files.");
    }
    if (size === 0) {
      throw new NotSent(`${name} is empty, or a folder. Nothing was sent.`);
    }
    if (size > MAX_FILE_BYTES) {
      throw new NotSent(
        `${name} has ${formatSize(size)}; a file may have at most ${formatSize(MAX_FILE_BYTES)}.`,
      );
    }
    if (uploads.length >= MAX_UPLOADS) {
      throw new NotSent(`There are ${MAX_UPLOADS} files to be sent already.`);
    }
  }

  function sendNext() {
    const [next] = store.state.uploads;
    if (request || !next) {
      return;
    }
    const { id, name, target } = next;
    const end = (error) => {
      request = null;
      files.delete(id);
      dispatch({ type: "uploadEnded", id, error });
      sendNext();
    };
    const notSent = (reason = "The server did not say why.") => `${name} was not sent: ${reason}`;
    request = new XMLHttpRequest();
    request.open("PUT", getUrl(pathToSend(name, target)));
    request.setRequestHeader("Authorization", `Bearer ${store.state.resumption?.token ?? ""}`);
    request.upload.addEventListener("progress", ({ loaded }) =>
      dispatch({ type: "uploadProgressed", id, sent: loaded }),
    );
    request.addEventListener("load", ({ target: { status, responseText } }) => {
      const reply = parse(responseText);
      end(status === 201 ? "" : notSent(reply.error?.message));
      if (status === 201 && reply.missed?.length) {
        dispatch({ type: "noticesShown", notices: [notDelivered(reply.missed)], now: reply.time });
      }
    });
    request.addEventListener("error", async () => {
      const isReadable = await canRead(files.get(id));
      end(
        notSent(
          isReadable
            ? "The connection was lost. Send it again."
            : "It is a folder, or was changed or removed.",
        ),
      );
    });
    request.addEventListener("abort", () => end(""));
    request.send(files.get(id));
  }

  return {
    /** Send files to a room, or to a private talk, given by its name. */
    send(all, target) {
      for (const file of all) {
        try {
          check(file);
        } catch (error) {
          if (!(error instanceof NotSent)) {
            throw error;
          }
          dispatch({ type: "failed", message: error.message });
          continue;
        }
        lastId += 1;
        files.set(lastId, file);
        const { name, size: bytes } = file;
        dispatch({ type: "uploadAdded", upload: { id: lastId, name, bytes, sent: 0, target } });
      }
      sendNext();
    },

    /** Do not send a file, or stop sending it. */
    cancel(id) {
      if (request && store.state.uploads[0]?.id === id) {
        request.abort();
      } else {
        files.delete(id);
        dispatch({ type: "uploadEnded", id, error: "" });
      }
    },
  };
}

/** Have the browser ask the user before the page is closed or loaded again. */
function askBeforeUnload(event) {
  event.preventDefault();
  event.returnValue = true; // for browsers that do not know the former
}

/** Whether a file can be read; browsers tell a folder from a lost connection in no other way. */
async function canRead(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
