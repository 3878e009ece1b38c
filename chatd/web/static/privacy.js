/** Says where others on the network can read along: on a page without HTTPS. */

import { isLoopback } from "./nodes.js";

/** Show the `sentences` if what passes between this `page` and the server is not encrypted. */
export function showPrivacy(sentences, page = location) {
  const isPrivate = isEncrypted(page) || isLoopback(page.hostname);
  for (const sentence of sentences) {
    sentence.hidden = isPrivate;
  }
}

/** The reply to `/whoami`, in sentences; as `describe_self` in chatd/wire/rendering.py. */
export function describeSelf(state, page = location) {
  const { nickname, requestedNickname, serverName, serverKey } = state;
  let privacy = "without TLS: others on the network can read along";
  if (isEncrypted(page)) {
    privacy = "over TLS: nobody on the network can read along";
  } else if (isLoopback(page.hostname)) {
    privacy = "without TLS, on the server's own computer";
  }
  return [
    `You are ${nickname || requestedNickname} on ${serverName}, ${privacy}.`,
    ...(serverKey ? [`The server's key: ${serverKey.words}`] : []),
  ];
}

function isEncrypted(page) {
  return page.protocol === "https:";
}
