/** "Invite" in the menu: the page's addresses with QR codes, and what others type.
 *
 * The server knows its addresses; see docs/reference/web.rst. What it sends becomes text, and the
 * codes become images, in which nothing can run.
 */

import { createButton, createElement } from "./dom.js";
import { escape } from "./escape.js";
import { createOverlay } from "./overlay.js";

/** Add the button to `menu`, a list; `getUrl(path)` returns the URL of a path at the server.
 *
 * The returned function opens the invitation.
 */
export function createInvite(menu, getUrl) {
  const overlay = createOverlay("invite", "Invite others");

  async function open() {
    const opener = menu.closest("details")?.querySelector("summary") ?? document.activeElement;
    overlay.fill(createElement("p", "", "Asking the server…"));
    overlay.open(opener);
    const content = await load(getUrl);
    if (overlay.isOpen()) {
      overlay.fill(...content);
    }
  }

  menu.prepend(createElement("li", "", createButton("", open, "Invite")));
  return open;
}

async function load(getUrl) {
  try {
    const response = await fetch(getUrl("/api/invite"));
    if (response.ok) {
      return createContent(await response.json());
    }
  } catch {
    // the sentence below says what to do
  }
  return [createElement("p", "alert", "The server did not answer. Close this, and try it again.")];
}

function createContent({ pages, clients, plain, irc, pip }) {
  const best = pages.filter(isBest);
  const others = pages.filter((page) => !best.includes(page));
  const isReachable = pages.some(({ qr }) => qr);
  return [
    ...section("In a browser", [
      ...(isReachable
        ? []
        : [createElement("p", "", "Only this computer reaches the server: nobody else can join.")]),
      ...best.flatMap(createPage),
      ...(others.length
        ? [createElement("details", "", createElement("summary", "", "Other addresses"), ...others.flatMap(createPage))]
        : []),
    ]),
    ...section("In a terminal, with chatd", clients.map(createLine)),
    ...section("In a terminal, without chatd", plain.map(createLine)),
    ...section("With an IRC client", irc.map(createLine)),
    ...(pip.length
      ? section("Get chatd", [
          createElement("p", "", "With Python 3.11 or later, and without the Internet:"),
          createLine(pip[0]),
          createElement("p", "", createPackagesLink()),
        ])
      : []),
  ];
}

/** Whether this is the first page, or the first one with HTTPS where that has none, or the reverse. */
function isBest({ url }, index, pages) {
  const { protocol } = new URL(url);
  return pages.findIndex((page) => new URL(page.url).protocol === protocol) === index;
}

function section(heading, children) {
  return children.length ? [createElement("h3", "", heading), ...children] : [];
}

function createPage({ url, qr, note }) {
  const lines = [...(note ? [createElement("p", "", note)] : []), createLine(url)];
  if (!qr) {
    return lines;
  }
  const code = createElement("img", "qr");
  code.src = `data:image/svg+xml,${encodeURIComponent(qr)}`;
  code.alt = `QR code of ${url}`;
  return [...lines, code];
}

function createPackagesLink() {
  const link = createElement("a", "", "All packages");
  link.href = "/dist/";
  return link;
}

/** A line to type, with a button that copies it. */
function createLine(text) {
  const code = createElement("code", "", escape(text));
  const copy = createButton("small", () => setCopied(copy, copyText(code)), "Copy");
  copy.setAttribute("aria-label", `Copy ${text}`);
  return createElement("div", "line", code, copy);
}

function setCopied(button, isCopied) {
  button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
}

/** Copy what `element` shows. Without HTTPS there is no `navigator.clipboard`. */
function copyText(element) {
  getSelection().selectAllChildren(element);
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  }
}
