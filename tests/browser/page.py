"""The page of chatd in a tab, in the words of those who use it."""

import re
from collections.abc import Callable
from typing import Any, Final

from tests.browser.chromium import Chromium
from tests.browser.tab import Control, Tab

DESKTOP: Final = (1280, 800)
PHONE: Final = (390, 844)
SMALLEST: Final = (320, 640)

#: What the browser itself says of a connection that it cannot have.
_UNREACHABLE: Final = r"^network: .*(ERR_|WebSocket connection to)|^javascript: WebSocket"

#: Each message or notice in the log: its kind, who said it, and what.
_SAID: Final = """() => [...document.querySelectorAll('#log [data-kind]')].map((item) => [
  item.dataset.kind,
  item.querySelector('.source')?.textContent ?? '',
  item.querySelector('.text')?.textContent ?? '',
])"""

_SHOWS: Final = f"""(kind, source, text) => ({_SAID})().some((said) =>
  kind.split(' ').includes(said[0]) && (!source || said[1].includes(source)) && said[2] === text)"""


class Page(Tab):
    """The page, opened at `url`."""

    def __init__(self, browser: Chromium, url: str, size: tuple[int, int], **options: Any) -> None:
        super().__init__(browser, *size, **options)
        self._server_may_be_gone = False
        self.url = url
        self.open(url)

    # --- what is seen ---------------------------------------------------------------------------

    def is_(self, state: str) -> None:
        """Wait until the page is ``watching``, ``online``, ``waiting`` or ``left``."""
        self.until("(state) => document.body.dataset.state === state", state)

    def says(self, words: str) -> None:
        """Wait until the status line contains `words`."""
        self._contains("#state", words)

    def objects(self, words: str) -> None:
        """Wait until the page tells of a problem in these `words`."""
        self._contains("#problem", words)

    def notes(self, words: str) -> None:
        """Wait until a notice contains `words`."""
        self.until(
            """(words) => [...document.querySelectorAll('#log [data-kind=notice]')].some((item) =>
                 item.textContent.includes(words))""",
            words,
        )

    def _contains(self, where: str, words: str) -> None:
        self.until(
            "(where, words) => document.querySelector(where)?.textContent.includes(words)",
            where,
            words,
        )

    def shows(self, text: str, source: str = "", kind: str = "message own") -> None:
        """Wait until the log has a message with that text, and that sender if one is given.

        :param kind: what it may be, with blanks between.
        """
        self.until(_SHOWS, kind, source, text)

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """What is in the log: of each message or notice its kind, its sender and its text."""
        return [tuple(each) for each in self.run(_SAID)]

    def said_by(self, *sources: str) -> list[str]:
        """The texts of these senders, in order."""
        return [text for _, source, text in self.said if source in sources]

    @property
    def people(self) -> list[str]:
        """The nicknames in the list of people."""
        return [control.name for control in self.controls("button", "aside")]

    def has_draft(self, text: str) -> None:
        """Wait until exactly this is half-typed."""
        self.until("(text) => document.querySelector('#write textarea').value === text", text)

    @property
    def unexpected(self) -> list[str]:
        """The faults, but for what the browser says when there is no server."""
        if not self._server_may_be_gone:
            return self.faults
        return [fault for fault in self.faults if not re.search(_UNREACHABLE, fault)]

    def lets_the_server_go(self) -> None:
        """The server will be gone for a while, and the browser will complain of that."""
        self._server_may_be_gone = True

    # --- what is done ---------------------------------------------------------------------------

    def hears_that_the_network_is_back(self) -> None:
        """Have the browser tell it, so that it need not wait for its next try."""
        self.is_("waiting")
        self.run("() => dispatchEvent(new Event('online'))")

    def fill(self, field: Control, text: str) -> None:
        """Click into a field and have this in it, whatever was there before."""
        self.click(field)
        self.call("Input.dispatchKeyEvent", type="keyDown", commands=["selectAll"])
        self.type(text)

    def asks_to_join(self, nickname: str) -> None:
        """Give a nickname."""
        self.fill(self.find("textbox", "Nickname", "#join"), nickname)
        self.click(self.find("button", "Join the chat"))

    def join(self, nickname: str) -> None:
        """Become a member."""
        self.asks_to_join(nickname)
        self.is_("online")

    def write(self, text: str) -> None:
        """Write a message, or a command, and send it."""
        self.fill(self.find("textbox", "Message.*", "#write"), text)
        self.press("Enter")

    def opens(self, part: str) -> None:
        """Have that part of the page open, where it is not always."""
        is_there = f"() => document.querySelector('{part} button')?.checkVisibility() ?? false"
        if not self.run(is_there):
            self.click(self.find("DisclosureTriangle", "", part))
            self.until(is_there)

    def go_into(self, room: str) -> None:
        """Join a room, or make it, by the form."""
        self.opens("nav")
        self.fill(self.find("textbox", "Room.*", "nav"), room)
        self.click(self.find("button", "Join", "nav"))
        self.until_room(room)

    def look_at(self, room: str) -> None:
        """Press the room's button."""
        self.opens("nav")
        self.click(self.find("button", rf"{re.escape(room)}\b.*", "nav"))
        self.until_room(room)

    def until_room(self, room: str) -> None:
        """Wait until that room is the one shown."""
        self.until(
            """(room) => document.querySelector('#log').getAttribute('aria-label')
                           === `Messages in ${room}`""",
            room,
        )


#: Opens a page.
Opened = Callable[..., Page]
