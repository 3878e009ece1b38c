"""Frames that no server has sent, for what is hard to bring about with one.

The page is connected to a server all the same. What the page sends is written down.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from tests.browser.chat_page import ChatPage

#: What a page sends although no server is asked.
HELD: Final = ("users", "kick", "ban", "mute", "unmute", "set-room", "remove", "host", "bans")

#: Keeps the page's WebSocket, and what it sends. Of `held` types nothing reaches the server. The
#: list of users is not asked for again: it would undo what the page has received.
_SCRIPT: Final = """
const fetchFromServer = window.fetch
window.fetch = (url, ...options) => String(url).endsWith('/api/users')
  ? Promise.reject(new Error('no list')) : fetchFromServer(url, ...options)
window.sent = []
window.held = HELD
window.WebSocket = class extends WebSocket {
  constructor(...options) {
    super(...options)
    window.socket = this
  }
  send(data) {
    const frame = JSON.parse(data)
    window.sent.push(frame)
    if (!window.held.includes(frame.type)) super.send(data)
  }
}
"""


def script(*held: str) -> str:
    """The script to run before the page's own; the server gets no frames of the types `held`."""
    return _SCRIPT.replace("HELD", json.dumps(held))


def receive(page: ChatPage, kind: str, /, frame_id: Any = None, **data: Any) -> None:
    """Have the page receive a frame."""
    frame = {"type": kind, "data": data, **({} if frame_id is None else {"id": frame_id})}
    page.run(
        "(data) => { socket.dispatchEvent(new MessageEvent('message', {data})) }",
        json.dumps(frame),
    )


def wait_for_sent(page: ChatPage, kind: str) -> dict[str, Any]:
    """Wait until the page has sent a frame of a type; return the last one."""
    found: dict[str, Any] = page.wait_until(
        "(kind) => [...sent].reverse().find(({type}) => type === kind)", kind
    )
    return found


def receive_users(page: ChatPage, **roles: Any) -> None:
    """Have the page receive who is there; `roles` are those of ``ice``."""
    ice = {"nickname": "ice", "since": 1, "rooms": ["#lobby"], **roles}
    others = [{"nickname": name, "since": 1, "rooms": ["#lobby"]} for name in ("moon", "sun")]
    receive(page, "users", "users", users=[ice, *others], more=False)


#: Opens a page, for frames that the test makes.
OpenScripted = Callable[..., ChatPage]
