/** Links for the URLs in a text. */

import { createElement } from "./dom.js";

const URL_PATTERN = /https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}]/g;

/** `text` with links for its URLs. */
export function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const { 0: url, index } of text.matchAll(URL_PATTERN)) {
    parts.push(text.slice(end, index), createLink(url));
    end = index + url.length;
  }
  return [...parts, text.slice(end)];
}

function createLink(url) {
  if (!isValidUrl(url)) {
    return url;
  }
  const link = createElement("a", "", url);
  link.href = url;
  link.target = "_blank";
  // The other site learns neither the address of this page nor gets access to its window.
  link.rel = "noopener noreferrer";
  return link;
}

function isValidUrl(url) {
  try {
    return Boolean(new URL(url));
  } catch {
    return false;
  }
}
