/** The nodes of a cluster: at which one the page is, and which one it tries next.
 *
 * When the page has lost its node it tries each once without waiting in between: that one first,
 * which may only have lost the connection, and then the others in any order. chatd/client/cluster.py
 * does the same.
 *
 * The page may connect to the nodes that the server knew when the page was loaded: its Content
 * Security Policy names them. The browser refuses to connect to a node that came later.
 */

/** The longest wait before the next node is tried; the pages of a node do not all come at once. */
const JITTER_MILLISECONDS = 300;
/** A page that loses another node sooner than this waits as usual, not to go round for ever. */
const SETTLED_MILLISECONDS = 4000;
const MAX_ORIGINS = 64;
const IS_ADDRESS = /\/\/(\d+\.\d+\.\d+\.\d+|\[.*\])(:|$)/;

/** The origins of all `nodes`, as a frame tells them. Pure. */
export function readOrigins(nodes) {
  const origins = (Array.isArray(nodes) ? nodes : [])
    .map((node) => node?.origins)
    .filter(Array.isArray)
    .flat();
  return origins.filter((origin) => typeof origin === "string").slice(0, MAX_ORIGINS);
}

/** The nodes of a page that came from `page`; `getOrigins` returns the origins that it knows. */
export function createNodes(getOrigins, page = location) {
  let current = page.origin;
  const tried = new Set();
  const refusedByPolicy = new Set();
  let isLost = true;
  let movedAt = -Infinity;

  document.addEventListener("securitypolicyviolation", ({ blockedURI }) => {
    refusedByPolicy.add(originOf(blockedURI));
  });

  function known() {
    return getOrigins().filter((origin) => isUsable(origin, page));
  }

  /** All that can be tried, the current one first. Without a cluster it is the only one. */
  function all() {
    return [...new Set([current, ...known().filter((origin) => !refusedByPolicy.has(origin))])];
  }

  function untried() {
    return all().filter((origin) => !tried.has(origin));
  }

  function hasNext() {
    return isCluster() && untried().length > 0;
  }

  function isCluster() {
    return all().length > 1;
  }

  return {
    isCluster,
    hasNext,

    /** The URL of `path` at the node that the page is connected to, or connects to. */
    url: (path) => current + path,

    /** Go to the next node. */
    advance() {
      if (!untried().length) {
        tried.clear();
      }
      const left = untried();
      // Names last: this computer may not know those of other computers.
      const addresses = left.filter((origin) => IS_ADDRESS.test(origin));
      const best = addresses.length ? addresses : left;
      current = left.includes(current) ? current : best[Math.floor(Math.random() * best.length)];
      tried.add(current);
    },

    /** Where the chat is although the page may not connect there; undefined if there is nothing. */
    elsewhere: () => known().find((origin) => refusedByPolicy.has(origin)),

    /** The node has taken the page. */
    entered() {
      tried.clear();
      isLost = false;
    },

    /** The node does not take the page, which need not try it again. */
    refused() {
      tried.add(current);
    },

    /** How long to wait after a loss, in milliseconds; null for as long as without a cluster. */
    delay() {
      const now = performance.now();
      const isSettled = isLost || now - movedAt >= SETTLED_MILLISECONDS;
      if (!isLost && isSettled) {
        movedAt = now;
      }
      isLost = true;
      return isSettled && hasNext() ? Math.random() * JITTER_MILLISECONDS : null;
    },
  };
}

/** Whether a page from `page` can mean the same by `origin`, and may connect to it. */
function isUsable(origin, page) {
  try {
    const { protocol, hostname, origin: normalized } = new URL(origin);
    return (
      normalized === origin &&
      protocol === page.protocol &&
      // Another computer's loopback addresses are not this one's.
      (!isLoopback(hostname) || isLoopback(page.hostname))
    );
  } catch {
    return false;
  }
}

/** The origin of the page of the server to which a WebSocket connects; empty for no URL. */
function originOf(url) {
  try {
    return new URL(url.replace(/^ws/, "http")).origin;
  } catch {
    return "";
  }
}

/** Whether only this computer itself is meant. */
export function isLoopback(hostname) {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname);
}
