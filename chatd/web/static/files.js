/** Files that members send: where they are, and how they are described. Pure. */

/** The size of a file; the server refuses a larger one, and need not be sent it first. */
export const MAX_FILE_BYTES = 20_000_000;

/** What browsers show as a picture; the server tells them apart by their content. */
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/** How pictures can be shown: after a tap, or at once. */
export const PICTURES_SHOWN = new Set(["tap", "once"]);

export function isPicture({ media_type: mediaType }) {
  return PICTURES.has(mediaType);
}

/** The path of a file at the server. */
export function pathOf({ id, name }) {
  return `/files/${encodeURIComponent(id).replace("%40", "@")}/${encodeURIComponent(name)}`;
}

/** The path to which a file is sent; `target` is a room, or a private talk `@ice,moon`. */
export function pathToSend(name, target) {
  const query = target.startsWith("@")
    ? `to=${encodeURIComponent(target.slice(1))}`
    : `room=${encodeURIComponent(target)}`;
  return `/files/${encodeURIComponent(name)}?${query}`;
}

/** A number of bytes in words, as in chatd/wire/rendering.py. */
export function formatSize(bytes) {
  if (bytes >= 100_000) {
    return `${(bytes / 1_000_000).toFixed(1)} MB`;
  }
  return bytes >= 1000 ? `${(bytes / 1000).toFixed(1)} kB` : `${bytes} byte${bytes === 1 ? "" : "s"}`;
}
