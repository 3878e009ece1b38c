"""The page works in the browsers of docs/reference/web.rst, or says in words why it does not."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from chatd.web import static_files
from tests.browser import compat
from tests.browser.chat_page import PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

_STATIC: Final = Path(static_files.__file__).with_name("static")

#: Names of the page itself that features of newer browsers have, too.
OWN_NAMES: Final = frozenset(
    {"address", "bytes", "check", "component", "connection", "delay", "dispatch"}
    | {"element", "entry", "first", "icon", "last", "messages", "reconnect", "removed"}
    | {"requested", "run", "seconds", "session", "since", "subscribe", "to", "token"}
    | {"until"}
)

#: What the page looks for before it uses it, as phones may lack it: notifications.js says so.
GUARDED: Final = frozenset({"Notification", "permission", "requestPermission"})

#: Styles that old browsers ignore, and what they show instead.
IMPROVEMENTS: Final = {
    "selectors.focus-visible": "the browser's own outline",
    "selectors.has": "two more round corners",
    "properties.outline": "an outline with square corners",
    "properties.cursor.pointer": "a phone has no pointer",
    "properties.resize": "a phone has no corner to drag",
    "properties.resize.none": "the same",
    "properties.text-size-adjust": "its name with a prefix is given, too",
    "properties.accent-color": "a progress bar in the browser's own colour",
    "properties.contain": "slower drawing",
    "properties.contain.content": "the same",
    "properties.field-sizing": "composer.js fits the field",
    "properties.field-sizing.content": "the same",
    "properties.overflow-anchor": "message_list.js sets the scroll position in any case",
    "properties.overflow-anchor.none": "the same",
    "properties.overscroll-behavior": "the page bounces at its end",
    "properties.overscroll-behavior.contain": "the same",
    "elements.input.autocapitalize": "only for keyboards on a screen",
}

#: Removes features from the page's window, each given by its path, and lookbehind.
_REMOVE: Final = """((paths) => {
  const remove = (object, name) => {
    try { delete object[name] } catch { /* it cannot be removed */ }
  }
  for (const path of paths) {
    const name = path.pop()
    if (path[0] === 'Window') path.shift()
    let parent = window
    for (const each of path) parent = parent?.[each]
    if (parent !== undefined && parent !== null) {
      remove(parent, name)
      if (typeof parent === 'function' && parent.prototype) remove(parent.prototype, name)
    }
  }
  const OldRegExp = RegExp
  window.RegExp = function (pattern, flags) {
    if (/\\(\\?<[=!]/.test(pattern)) throw new SyntaxError('invalid group specifier name')
    return new OldRegExp(pattern, flags)
  }
  window.RegExp.prototype = OldRegExp.prototype
})(%s)"""

#: Whether the page can hand its session over to the next one in its tab.
_HAS_STORAGE: Final = """() => {
  try { sessionStorage.setItem('test', ''); return true } catch { return false }
}"""

#: What a browser may refuse or lack for other reasons than its age.
RESTRICTIONS: Final = {
    "storage": """for (const name of ['localStorage', 'sessionStorage']) {
        Object.defineProperty(window, name, {get() { throw new DOMException('', 'SecurityError') }})
      }""",
    "a full storage": """Storage.prototype.setItem = () => {
        throw new DOMException('', 'QuotaExceededError') }""",
    "an insecure origin": """delete Crypto.prototype.randomUUID; delete Crypto.prototype.subtle
      for (const name of ['clipboard', 'locks', 'serviceWorker', 'wakeLock', 'storage']) {
        delete Navigator.prototype[name]
      }
      delete window.Notification""",
    "channels": "delete window.BroadcastChannel",
}

#: Features that have broken pages like this one, each removed alone.
SINGLE: Final = (
    *("String.isWellFormed", "String.replaceAll", "Array.at", "Array.findLast", "Object.hasOwn"),
    *("URL.canParse", "structuredClone", "Crypto.randomUUID", "Intl.Segmenter"),
    *("HTMLDialogElement", "HTMLElement.inert", "BroadcastChannel", "Notification", "Clipboard"),
)


def open_without(open_url: OpenPage, server: Server, *scripts: str, **options: Any) -> ChatPage:
    """The page in a browser in which these scripts run before the page's own."""
    page = open_url("about:blank#", **options)
    for script in scripts:
        page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    page.open(server.url)
    return page


def assert_chats(page: ChatPage, server: Server) -> None:
    """The page enters, sends in both ways, and shows what it gets."""
    moon = server.add_member("moon")
    send_messages(moon, "said before")
    page.wait_for_message("said before", "moon")
    page.join("ice")
    page.send("hello moon, see https://example.org/")
    assert moon.receive("message")["data"]["text"] == "hello moon, see https://example.org/"
    page.wait_for_message("hello moon, see https://example.org/", kind="own")
    send_messages(moon, "hello, ice!")
    page.wait_until("() => document.querySelector('#log .mention') !== null")
    page.send("\uff20moon: a secret")
    assert moon.receive("private")["data"]["text"] == "a secret"
    page.join_room("#dev")
    page.send("/mgs moon a secret")
    page.wait_for_error("did you mean /msg?")
    page.fill_message("half a line")
    page.reload()
    page.wait_for_state("online" if page.run(_HAS_STORAGE) else "watching")
    assert page.run("() => document.querySelector('#problem').hidden")
    moon.send("quit")
    moon.receive("goodbye")


def test_no_script_uses_what_old_browsers_lack() -> None:
    names = compat.read_names(sorted(_STATIC.glob("*.js")))
    missing = {
        Path(path).name: sorted(set(compat.missing_names(used)) - OWN_NAMES - GUARDED)
        for path, found in names.items()
        for used in [{*found["members"], *found["globals"]}]
    }
    assert {name: found for name, found in missing.items() if found} == {}


def test_no_style_that_matters_is_newer_than_the_oldest_browsers() -> None:
    missing = {
        path.name: compat.missing_styles(path.read_text()) - IMPROVEMENTS.keys()
        for path in _STATIC.glob("*.css")
    }
    assert {name: found for name, found in missing.items() if found} == {}


def test_no_element_of_the_page_is_newer_than_the_oldest_browsers() -> None:
    html = compat.load_data()["html"]
    missing = []
    text = (_STATIC / "index.html").read_text()
    for tag, attributes in re.findall(r"<([a-z][a-z0-9]*)([^>]*)>", text):
        names = re.findall(r"\s([a-z-]+)", re.sub(r'"[^"]*"', "", attributes))
        for paths in (
            [f"elements.{tag}"],
            *([f"elements.{tag}.{name}", f"global_attributes.{name}"] for name in names),
        ):
            found = [feature for path in paths if (feature := compat.find(html, path))]
            if found and not any(map(compat.is_supported, found)):
                missing.append(paths[0])
    assert set(missing) <= IMPROVEMENTS.keys()


@pytest.mark.smoke
def test_the_page_works_without_all_that_the_oldest_browsers_lack(
    open_url: OpenPage, server: Server
) -> None:
    paths = compat.missing_features()
    assert ("String", "isWellFormed") in paths
    page = open_without(open_url, server, _REMOVE % json.dumps(paths))
    assert page.run("() => [].findLast === undefined && ''.isWellFormed === undefined")
    assert_chats(page, server)


@pytest.mark.parametrize("feature", SINGLE)
def test_the_page_works_without_a_newer_feature(
    feature: str, open_url: OpenPage, server: Server
) -> None:
    page = open_without(open_url, server, _REMOVE % json.dumps([feature.split(".")]))
    assert_chats(page, server)


@pytest.mark.parametrize("restriction", RESTRICTIONS)
def test_the_page_works_with_a_restriction(
    restriction: str, open_url: OpenPage, server: Server
) -> None:
    page = open_without(open_url, server, RESTRICTIONS[restriction])
    assert_chats(page, server)


def problem(page: ChatPage) -> str:
    """The sentence that the page shows instead of working."""
    page.wait_until("() => !document.querySelector('#problem').hidden")
    text: str = page.run("() => document.querySelector('#problem').innerText")
    return text


def test_a_browser_without_websockets_reads_a_sentence(open_url: OpenPage, server: Server) -> None:
    page = open_without(open_url, server, "delete window.WebSocket")
    assert "no WebSockets" in problem(page)
    assert "Chrome 100" in problem(page)


def test_a_browser_without_modules_reads_a_sentence(open_url: OpenPage, server: Server) -> None:
    page = open_without(open_url, server, "delete HTMLScriptElement.prototype.noModule")
    assert "too old" in problem(page)
    assert "Safari 15" in problem(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_without_javascript_reads_a_sentence(
    scheme: str, open_url: OpenPage, server: Server
) -> None:
    page = open_url("about:blank#", size=PHONE, scheme=scheme)
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=server.url)
    page.find("StaticText", "This page needs JavaScript.*")


def test_a_script_that_fails_at_the_start_is_reported_in_words(
    open_url: OpenPage, server: Server
) -> None:
    page = open_without(open_url, server, "Object.freeze = undefined")
    assert "does not work in this browser" in problem(page)
    assert "Firefox 115" in problem(page)
    page.errors.clear()


def test_an_error_while_chatting_is_reported_in_words(open_url: OpenPage, server: Server) -> None:
    page = open_url(server.url)
    page.join("ice")
    page.run("() => { String.prototype.split = undefined }")
    page.send("hello")
    assert "A part of this page failed" in problem(page)
    page.errors.clear()
