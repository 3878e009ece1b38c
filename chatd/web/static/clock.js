/** The clock of the server: all times on the page are of it, however wrong this computer's is. */

/** Below this, the clocks agree; a `Date` header counts in whole seconds. */
const TOLERANCE_MILLISECONDS = 2000;

let offset = 0;

/** The server's time, in milliseconds since 1970. */
export function serverNow() {
  return Date.now() + offset;
}

/** Set the clock by a time that the server has sent just now. */
export function setServerTime(time) {
  if (Math.abs(time - serverNow()) > TOLERANCE_MILLISECONDS) {
    offset = time - Date.now();
  }
}

/** Ask the server for its time, at the `url` of its state. */
export async function synchronize(url) {
  try {
    const response = await fetch(url, { cache: "no-store" });
    setServerTime(Date.parse(response.headers.get("Date")));
  } catch {
    // The connection is about to be lost, too; the next one asks again.
  }
}
