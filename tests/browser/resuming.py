"""Steps of tests in which a page resumes its session."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import time_ns
from typing import Final

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server
from tests.e2e.native_peer import Peer

#: What the page hands to the next one in its tab; this page goes on all the same.
HANDED_OVER: Final = """() => {
  dispatchEvent(new PageTransitionEvent('pagehide'))
  const stored = JSON.stringify({...sessionStorage})
  sessionStorage.removeItem('session')
  sessionStorage.removeItem('released')
  dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))
  return stored
}"""


def send_private(sender: Peer, *texts: str, to: str = "ice") -> None:
    """Have a member send private messages, and wait until each is confirmed.

    Each has a time of its own: that is what its place among the messages of a room depends on.
    """
    for text in texts:
        wait_for_next_millisecond()
        sender.send("private", {"text": text, "to": [to]}, id=text[:8])
        sender.receive("ok")
        wait_for_next_millisecond()


def wait_for_next_millisecond() -> None:
    """Wait until what happens next has a later time on the server, whose clock is this one."""
    now = time_ns() // 1_000_000
    while time_ns() // 1_000_000 <= now:
        pass


def seen_by(peer: Peer) -> list[str]:
    """What `peer` has read until now: the texts of messages, and the types of other events."""
    peer.send("ping", id="ping")
    frames = peer.receive_through("pong")[:-1]
    return [frame.get("data", {}).get("text", frame["type"]) for frame in frames]


def shown(page: ChatPage) -> list[str]:
    """The texts of all items; a notice about the user's own entering is none."""
    return [text for _, _, text in page.items]


@contextmanager
def suspended(server: Server) -> Iterator[None]:
    """A server that handles nothing meanwhile; what it is sent waits for it."""
    server.program.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.program.send_signal(signal.SIGCONT)


def wait_for_empty_outbox(page: ChatPage) -> None:
    page.wait_until("() => document.querySelector('#outbox').hidden")


def leave_page(page: ChatPage) -> None:
    """Go to another page in the same tab."""
    page.call("Page.navigate", url="about:blank")
    page.wait_until("() => location.href === 'about:blank'")


def open_with(open_url: OpenPage, url: str, stored: str) -> ChatPage:
    """A page whose tab has these items in its session storage."""
    page = open_url("about:blank#")
    page.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"""if (!sessionStorage.getItem('is-copied')) {{
          Object.entries({stored}).forEach((each) => sessionStorage.setItem(...each))
          sessionStorage.setItem('is-copied', 'yes')
        }}""",
    )
    page.url = url
    page.open(url)
    return page


def fail_to_send(page: ChatPage, *texts: str) -> None:
    """Send lines that are lost on the way to the server."""
    page.run(
        """() => {
            window.send = WebSocket.prototype.send
            WebSocket.prototype.send = () => undefined
        }"""
    )
    for text in texts:
        page.send(text)
        page.wait_until(
            "(text) => document.querySelector('#outbox').innerText.includes(text)", text
        )
    page.run("() => { WebSocket.prototype.send = window.send }")
