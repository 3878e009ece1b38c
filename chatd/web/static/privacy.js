/** Says where others on the network can read along: on a page without HTTPS. */

import { isLoopback } from "./nodes.js";

/** Show the `sentences` if what passes between this `page` and the server is not encrypted. */
export function showPrivacy(sentences, page = location) {
  const isPrivate = page.protocol === "https:" || isLoopback(page.hostname);
  for (const sentence of sentences) {
    sentence.hidden = isPrivate;
  }
}
