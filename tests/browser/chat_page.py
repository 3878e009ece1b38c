"""chatd's page in a tab: a page object, with what users see and do as its methods.

The methods ``wait_for_…`` wait for what the page will show, so that no test needs to sleep.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from tests.browser.chromium import Chromium
from tests.browser.tab import Control, Tab

DESKTOP: Final = (1280, 800)
TABLET: Final = (768, 1024)
PHONE: Final = (390, 844)
SMALL_PHONE: Final = (320, 640)

#: The errors that the browser itself logs when it cannot connect.
_CONNECTION_ERROR: Final = r"^network: .*(ERR_|WebSocket connection to)|^javascript: WebSocket"

#: The kind, the sender and the text of each item in the message list and the outbox.
_ITEMS: Final = """() => [...document.querySelectorAll('#log [data-kind]')].map((item) => [
  item.dataset.kind,
  item.querySelector('.source')?.textContent ?? '',
  item.querySelector('.text')?.textContent ?? '',
])"""

_HAS_MESSAGE: Final = f"""(kind, source, text) => ({_ITEMS})().some((item) =>
  kind.split(' ').includes(item[0]) && (!source || item[1].includes(source)) && item[2] === text)"""

#: The buttons that open the drawers on a narrow screen.
_DRAWER_BUTTONS: Final = {"nav": "#open-rooms", "aside": "#open-users"}

_IS_IN_SIGHT: Final = """(selector) => {
  const {left, right} = document.querySelector(selector).getBoundingClientRect()
  return getComputedStyle(document.querySelector(selector)).visibility === 'visible'
    && left >= 0 && right <= innerWidth
}"""


class ChatPage(Tab):
    """The page, opened at `url`."""

    def __init__(self, browser: Chromium, url: str, size: tuple[int, int], **options: Any) -> None:
        super().__init__(browser, *size, **options)
        self._expected = ""
        self.url = url
        self.open(url)

    # --- what the user sees ---------------------------------------------------------------------

    def wait_for_state(self, state: str) -> None:
        """Wait until the page is ``watching``, ``online``, ``reconnecting`` or ``left``."""
        self.wait_until("(state) => document.body.dataset.state === state", state)

    def wait_for_status(self, text: str) -> None:
        """Wait until the status line contains `text`."""
        self._wait_for_text("#status", text)

    def wait_for_error(self, text: str) -> None:
        """Wait until the error message contains `text`."""
        self._wait_for_text(":is(#error, #composer-error):not([hidden])", text)

    def wait_for_notice(self, text: str) -> None:
        """Wait until a notice contains `text`."""
        self.wait_until(
            """(text) => [...document.querySelectorAll('#log [data-kind=notice]')].some((item) =>
                 item.textContent.includes(text))""",
            text,
        )

    def wait_for_message(self, text: str, source: str = "", kind: str = "message own") -> None:
        """Wait until there is a message with exactly that text.

        :param source: its sender; empty for any.
        :param kind: the possible kinds, separated by spaces.
        """
        self.wait_until(_HAS_MESSAGE, kind, source, text)

    def wait_for_draft(self, text: str) -> None:
        """Wait until the composer contains exactly `text`."""
        self.wait_until("(text) => document.querySelector('#message').value === text", text)

    def wait_for_room(self, room: str) -> None:
        """Wait until `room` is the current one."""
        self.wait_until(
            """(room) => document.querySelector('#log').getAttribute('aria-label')
                           === `Messages in ${room}`""",
            room,
        )

    def wait_for_private(self, text: str, *others: str) -> None:
        """Wait until the private talk with `others` has a message; then show the room again."""
        room = self.run("() => document.querySelector('#log').getAttribute('aria-label')")
        self.open_talk(*others)
        self.wait_for_message(text, kind="private")
        if room.startswith("Messages in "):
            self.select_room(room.removeprefix("Messages in "))

    def private_texts(self, *others: str) -> list[str]:
        """The texts of the messages in the private talk with `others`, which is shown."""
        self.open_talk(*others)
        return [text for kind, _, text in self.items if kind == "private"]

    def _wait_for_text(self, selector: str, text: str) -> None:
        self.wait_until(
            "(selector, text) => document.querySelector(selector)?.textContent.includes(text)",
            selector,
            text,
        )

    @property
    def items(self) -> list[tuple[str, str, str]]:
        """The kind, the sender and the text of each message and notice."""
        return [tuple(item) for item in self.run(_ITEMS)]

    def texts_from(self, *sources: str) -> list[str]:
        """The texts of the messages of these senders, in order."""
        return [text for _, source, text in self.items if source in sources]

    @property
    def user_names(self) -> list[str]:
        """The names of the buttons in the list of users, without those of their menus."""
        names = [control.name for control in self.find_all("button", "aside")]
        return [name for name in names if not name.startswith("Menu of ")]

    # --- what the user does ---------------------------------------------------------------------

    def fill(self, field: Control, text: str) -> None:
        """Click on a field and replace its text."""

        def attempt() -> bool:
            self.click(field)  # it misses if the layout moves at this moment
            return self.focused_control().node == field.node

        self._wait(attempt, lambda: f"{field} does not take the focus")
        self.call("Input.dispatchKeyEvent", type="keyDown", commands=["selectAll"])
        self.type(text)

    def request_nickname(self, nickname: str) -> None:
        """Fill in the nickname, and click on the button to join."""
        self.fill(self.find("textbox", "Nickname", "#nickname-form"), nickname)
        self.click(self.find("button", "Join the chat"))

    def join(self, nickname: str, password: str = "") -> None:
        """The same, with the `password` of an account, and wait until the page is online."""
        self.request_nickname(nickname)
        if password:
            self.fill(self.find("textbox", "Password", "#password-form"), password)
            self.press("Enter")
        self.wait_for_state("online")

    def fill_message(self, text: str) -> None:
        """Fill in a message or command, and do not send it."""
        self.fill(self.find("textbox", "Message.*", "#composer"), text)

    def send(self, text: str) -> None:
        """Fill in a message or command, and press Enter."""
        self.fill_message(text)
        self.press("Enter")

    def open_menu(self) -> None:
        """Open the menu in the header, unless it is open."""
        if not self.run("() => document.querySelector('#menu').open"):
            self.click(self.find("DisclosureTriangle", "Menu", "header"))

    def leave(self) -> None:
        """Leave the chat, from the menu."""
        self.open_menu()
        self.click(self.find("button", "Leave the chat", "header"))

    def open_drawer(self, element: str) -> None:
        """Bring ``nav`` (rooms) or ``aside`` (users) in sight: it may be a drawer."""
        if self.run("(drawer) => document.querySelector('.drawer.open')?.matches(drawer)", element):
            return
        self.close_drawer()
        if button := self.find_all("button", _DRAWER_BUTTONS[element]):
            self.click(button[0])
        self.wait_until(_IS_IN_SIGHT, element)

    def close_drawer(self) -> None:
        """Close the drawer that is open, if one is."""
        if self.run("() => document.querySelector('.drawer.open') !== null"):
            self.press("Escape")
            self.wait_until("() => document.querySelector('.drawer.open') === null")

    def join_room(self, room: str) -> None:
        """Join a room with the form for it."""
        self.open_drawer("nav")
        self.fill(self.find("textbox", "Room.*", "nav"), room)
        self.click(self.find("button", "Join", "nav"))
        self.wait_for_room(room)

    def select_room(self, room: str) -> None:
        """Click on a room in the list."""
        self.open_drawer("nav")
        self.click(self.find("button", rf"{re.escape(room)}\b.*", "nav"))
        self.wait_for_room(room)

    def open_talk(self, *others: str) -> None:
        """Click on the private talk with `others` in the list."""
        names = ", ".join(others)
        self.open_drawer("nav")
        self.click(self.find("button", rf"{re.escape(names)}( .*)?", "#talk-list"))
        self.wait_until(
            """(names) => document.querySelector('#log').getAttribute('aria-label')
                            === `Private messages with ${names}`""",
            names,
        )

    # --- the connection -------------------------------------------------------------------------

    @property
    def unexpected_errors(self) -> list[str]:
        """The errors, without those that the test expects."""
        if not self._expected:
            return self.errors
        return [error for error in self.errors if not re.search(self._expected, error)]

    def expect_connection_errors(self) -> None:
        """The test is going to stop the server: the browser may log failed connections."""
        self.expect_errors(_CONNECTION_ERROR)

    def expect_errors(self, pattern: str) -> None:
        """The browser may log errors that match this regular expression."""
        self._expected = f"{self._expected}|{pattern}".removeprefix("|")

    def retry_now(self) -> None:
        """Report that the network is back, so that the page retries before its timer fires."""
        self.run("() => dispatchEvent(new Event('online'))")


#: Opens a page.
OpenPage = Callable[..., ChatPage]
