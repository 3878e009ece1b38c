"""The bytes that a client of each dialect sends and receives, without any of chatd's code."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

LOBBY: Final = "#lobby"


@dataclass(frozen=True)
class Dialect:
    """A dialect, from a client's side.

    The text of each message begins with its number in parentheses, of a private one ``(12p)``.

    :ivar port: ``main``, ``jim``, ``plain`` or ``web``.
    :ivar frame_end: the last byte of each frame that the server sends.
    :ivar message_pattern: matches the numbers of room messages; `private_pattern`: of private ones.
    :ivar initial_rooms: the rooms that a new member is in.
    :ivar echoes: whether members receive their own messages.
    :ivar confirms: whether the server replies to each message with its number.
    :ivar may_drop: whether the server may drop room messages (a JIM client's queue is bounded).
    :ivar message: a room message, from its room, number, and padding.
    :ivar join: None where a client cannot join rooms; so are others.
    :ivar quit: empty where a client just closes its connection.
    """

    port: str
    frame_end: bytes
    message_pattern: re.Pattern[bytes]
    private_pattern: re.Pattern[bytes]
    initial_rooms: frozenset[str]
    echoes: bool
    confirms: bool
    may_drop: bool
    hello: Callable[[str], bytes]
    message: Callable[[str, int, str], bytes]
    set_name: Callable[[str], bytes] | None
    private: Callable[[str, int], bytes] | None
    join: Callable[[str], bytes] | None
    leave: Callable[[str], bytes] | None
    quit: bytes


def _text(number: int, padding: str) -> str:
    return f"({number}){padding}"


def _json(**frame: object) -> bytes:
    return json.dumps(frame, separators=(",", ":")).encode()


def _native(frame_type: str, request_id: int | None = None, **data: object) -> bytes:
    more = {} if request_id is None else {"id": request_id}
    return _json(type=frame_type, **({"data": data} if data else {}), **more) + b"\n"


def _basic(frame_type: str, data: str) -> bytes:
    return _json(type=frame_type, data=data) + b"\n"


NATIVE: Final = Dialect(
    port="main",
    frame_end=b"\n",
    message_pattern=re.compile(rb"\((\d+)\)"),
    private_pattern=re.compile(rb"\((\d+)p\)"),
    initial_rooms=frozenset({LOBBY}),
    echoes=False,
    confirms=True,
    may_drop=False,
    hello=lambda name: _native("hello", nickname=name, version=1),
    message=lambda room, number, more: _native(
        "message", number, room=room, text=_text(number, more)
    ),
    set_name=lambda name: _native("set-name", nickname=name),
    private=lambda name, number: _native("private", to=[name], text=f"({number}p)"),
    join=lambda room: _native("join", room=room),
    leave=lambda room: _native("leave", room=room),
    quit=_native("quit"),
)

BASIC: Final = Dialect(
    port="main",
    frame_end=b"\n",
    message_pattern=re.compile(rb"\((\d+)\)"),
    private_pattern=re.compile(rb"\((\d+)p\)"),
    initial_rooms=frozenset({LOBBY}),
    echoes=True,
    confirms=False,
    may_drop=False,
    hello=lambda name: _basic("set-name", name),
    message=lambda room, number, more: _basic("message", _text(number, more)),
    set_name=lambda name: _basic("set-name", name),
    private=None,
    join=None,
    leave=None,
    quit=b"",
)

PLAIN: Final = Dialect(
    port="plain",
    frame_end=b"\n",
    # Not the history that a member is shown on entering, where each line begins with a date.
    message_pattern=re.compile(rb"(?m)^(?:#\S+ )?[^\s:\[]+: \((\d+)\)"),
    private_pattern=re.compile(rb"\((\d+)p\)"),
    initial_rooms=frozenset({LOBBY}),
    echoes=True,
    confirms=False,
    may_drop=False,
    hello=lambda name: f"{name}\n".encode(),
    message=lambda room, number, more: f"/room {room}\n{_text(number, more)}\n".encode(),
    set_name=lambda name: f"/setname {name}\n".encode(),
    private=lambda name, number: f"@{name} ({number}p)\n".encode(),
    join=lambda room: f"/join {room}\n".encode(),
    leave=lambda room: f"/leave {room}\n".encode(),
    quit=b"exit()\n",
)

JIM: Final = Dialect(
    port="jim",
    frame_end=b"}",
    message_pattern=re.compile(rb'"message":"\((\d+)\)'),
    private_pattern=re.compile(rb'"message":"\((\d+)p\)'),
    initial_rooms=frozenset(),
    echoes=False,
    confirms=False,
    may_drop=True,
    hello=lambda name: _json(action="presence", user={"account_name": name}),
    message=lambda room, number, more: _json(action="msg", to=room, message=_text(number, more)),
    set_name=None,
    private=lambda name, number: _json(action="msg", to=name, message=f"({number}p)"),
    join=lambda room: _json(action="join", room=room),
    leave=lambda room: _json(action="leave", room=room),
    quit=_json(action="quit"),
)


def _websocket_frame(line: bytes) -> bytes:
    """A text frame (RFC 6455) that carries a native frame, with a masking key of zeros."""
    size = len(line) - 1
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + line[:-1]


def _upgrade(name: str) -> bytes:
    """A browser's request for a WebSocket, and its ``hello``."""
    head = (
        "GET /socket HTTP/1.1\r\nHost: localhost:7174\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return head.encode() + _websocket_frame(NATIVE.hello(name))


#: A native request that changes nothing, but resets the inactivity timer.
LIST_ROOMS: Final = _native("rooms")

WEB: Final = replace(
    NATIVE,
    port="web",
    frame_end=b"}",
    hello=_upgrade,
    message=lambda room, number, more: _websocket_frame(NATIVE.message(room, number, more)),
    set_name=lambda name: _websocket_frame(_native("set-name", nickname=name)),
    private=lambda name, number: _websocket_frame(
        _native("private", to=[name], text=f"({number}p)")
    ),
    join=lambda room: _websocket_frame(_native("join", room=room)),
    leave=lambda room: _websocket_frame(_native("leave", room=room)),
    quit=_websocket_frame(NATIVE.quit),
)
