"""How a member of each dialect says things, as bytes; no chatd code is used for it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

LOBBY: Final = "#lobby"


@dataclass(frozen=True)
class Tongue:
    """One dialect, from a client's side.

    :ivar side: the port that speaks it: ``main``, ``jim``, ``plain`` or ``web``.
    :ivar unit_end: what each thing that the server sends ends with.
    :ivar said: what finds the numbers of the messages in what the server sends; `whispered`: those
        of private ones.
    :ivar starts_in: the rooms that one begins in.
    :ivar hears_own: whether one's own messages come back.
    :ivar confirms: whether each message is answered with its number.
    :ivar may_lose: whether room messages may be left out (a JIM client's queue is bounded).
    :ivar say: a message, by its room, its number and what follows the number.
    :ivar join: joins a room; None where there are none to join.
    :ivar quit: the last words; none where one just closes.
    """

    side: str
    unit_end: bytes
    said: re.Pattern[bytes]
    whispered: re.Pattern[bytes]
    starts_in: frozenset[str]
    hears_own: bool
    confirms: bool
    may_lose: bool
    enter: Callable[[str], bytes]
    say: Callable[[str, int, str], bytes]
    rename: Callable[[str], bytes] | None
    whisper: Callable[[str, int], bytes] | None
    join: Callable[[str], bytes] | None
    leave: Callable[[str], bytes] | None
    quit: bytes


def text(number: int, padding: str = "") -> str:
    """What a message says: its number, by which it is known again."""
    return f"({number}){padding}"


def _json(**frame: object) -> bytes:
    return json.dumps(frame, separators=(",", ":")).encode()


def _native(kind: str, number: int | None = None, **data: object) -> bytes:
    """One native frame."""
    more = {} if number is None else {"id": number}
    return _json(type=kind, **({"data": data} if data else {}), **more) + b"\n"


def _basic(kind: str, data: str) -> bytes:
    return _json(type=kind, data=data) + b"\n"


NATIVE: Final = Tongue(
    side="main",
    unit_end=b"\n",
    said=re.compile(rb"\((\d+)\)"),
    whispered=re.compile(rb"\((\d+)p\)"),
    starts_in=frozenset({LOBBY}),
    hears_own=False,
    confirms=True,
    may_lose=False,
    enter=lambda name: _native("hello", nickname=name, version=1),
    say=lambda room, number, more: _native("message", number, room=room, text=text(number, more)),
    rename=lambda name: _native("set-name", nickname=name),
    whisper=lambda name, number: _native("private", to=[name], text=f"({number}p)"),
    join=lambda room: _native("join", room=room),
    leave=lambda room: _native("leave", room=room),
    quit=_native("quit"),
)

BASIC: Final = Tongue(
    side="main",
    unit_end=b"\n",
    said=re.compile(rb"\((\d+)\)"),
    whispered=re.compile(rb"\((\d+)p\)"),
    starts_in=frozenset({LOBBY}),
    hears_own=True,
    confirms=False,
    may_lose=False,
    enter=lambda name: _basic("set-name", name),
    say=lambda room, number, more: _basic("message", text(number, more)),
    rename=lambda name: _basic("set-name", name),
    whisper=None,
    join=None,
    leave=None,
    quit=b"",
)

PLAIN: Final = Tongue(
    side="plain",
    unit_end=b"\n",
    said=re.compile(rb"\((\d+)\)"),
    whispered=re.compile(rb"\((\d+)p\)"),
    starts_in=frozenset({LOBBY}),
    hears_own=True,
    confirms=False,
    may_lose=False,
    enter=lambda name: f"{name}\n".encode(),
    say=lambda room, number, more: f"/room {room}\n{text(number, more)}\n".encode(),
    rename=lambda name: f"/setname {name}\n".encode(),
    whisper=lambda name, number: f"@{name} ({number}p)\n".encode(),
    join=lambda room: f"/join {room}\n".encode(),
    leave=lambda room: f"/leave {room}\n".encode(),
    quit=b"exit()\n",
)

JIM: Final = Tongue(
    side="jim",
    unit_end=b"}",
    said=re.compile(rb'"message":"\((\d+)\)'),
    whispered=re.compile(rb'"message":"\((\d+)p\)'),
    starts_in=frozenset(),
    hears_own=False,
    confirms=False,
    may_lose=True,
    enter=lambda name: _json(action="presence", user={"account_name": name}),
    say=lambda room, number, more: _json(action="msg", to=room, message=text(number, more)),
    rename=None,
    whisper=lambda name, number: _json(action="msg", to=name, message=f"({number}p)"),
    join=lambda room: _json(action="join", room=room),
    leave=lambda room: _json(action="leave", room=room),
    quit=_json(action="quit"),
)


def _framed(line: bytes) -> bytes:
    """A WebSocket message that carries a native frame; masked, as it must be, with zeros."""
    size = len(line) - 1
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + line[:-1]


def _upgrade(name: str) -> bytes:
    """A browser's request for a WebSocket, and what it says once it has one."""
    head = (
        "GET /socket HTTP/1.1\r\nHost: localhost:7174\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return head.encode() + _framed(NATIVE.enter(name))


#: A native question that changes nothing, and yet is what a person may do.
WHO_IS_WHERE: Final = _native("rooms")

WEB: Final = replace(
    NATIVE,
    side="web",
    unit_end=b"}",
    enter=_upgrade,
    say=lambda room, number, more: _framed(NATIVE.say(room, number, more)),
    rename=lambda name: _framed(_native("set-name", nickname=name)),
    whisper=lambda name, number: _framed(_native("private", to=[name], text=f"({number}p)")),
    join=lambda room: _framed(_native("join", room=room)),
    leave=lambda room: _framed(_native("leave", room=room)),
    quit=_framed(NATIVE.quit),
)
