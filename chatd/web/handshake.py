"""Becoming a WebSocket (RFC 6455, section 4): what a request must say, and what is answered."""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from wsproto.utilities import generate_accept_token

from chatd.server.factory import ChatFactory
from chatd.server.participant import Session
from chatd.web.answers import Headers, HTTPError
from chatd.web.requests import Request

_VERSION: Final = "13"
_KEY_BYTES: Final = 16

_UPGRADE_REQUIRED_HEADERS: Final[Headers] = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", _VERSION),
)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The connection is a WebSocket from now on, and `participant` speaks through it."""

    participant: Session
    headers: Headers


def upgrade(request: Request, chat: ChatFactory) -> Upgrade:
    """Let somebody stand at the door of the chat; no extension is agreed on.

    :raises Rejected: the request is none for a WebSocket.
    :raises TooManyStanding: too many others stand there.
    """
    if request.method != "GET":
        raise HTTPError(
            "method-not-allowed", "A WebSocket is asked for with GET.", (("Allow", "GET"),)
        )
    wants_it = "websocket" in map(str.lower, request.items("upgrade"))
    says_so = "upgrade" in map(str.lower, request.items("connection"))
    if not (wants_it and says_so and request.values("sec-websocket-version") == [_VERSION]):
        raise HTTPError(
            "upgrade-required",
            "There is a WebSocket of version 13 here.",
            _UPGRADE_REQUIRED_HEADERS,
        )
    headers = (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", generate_accept_token(_key(request)).decode("ascii")),
    )
    return Upgrade(chat.stand(request.peer), headers)


def _key(request: Request) -> bytes:
    keys = request.values("sec-websocket-key")
    try:
        [key] = keys
        if len(base64.b64decode(key, validate=True)) == _KEY_BYTES:
            return key.encode("ascii")
    except (ValueError, binascii.Error):
        pass
    raise HTTPError("bad-request", "Sec-WebSocket-Key must be 16 bytes in base64, once.")
