"""The fuzzer's first inputs: the documentation's examples, and the words in them."""

import json
import re
from typing import Final

from fuzz.script import script
from tests.server.transcripts import transcripts
from tests.web.http_clients import HOST, UPGRADE_HEADERS, request
from tests.wire.test_protocol_docs import FROM_CLIENT, FROM_SERVER, on_the_wire

#: Events in the documentation's conversations, as actions of a script (fuzz/server.py).
_ACTIONS: Final = {"moon": 7, "nothing": 3, "server": 11}

#: Text, in one frame and in two; binary; Ping, Pong, Close; reserved bits, no mask, a great length.
_WEB_FRAMES: Final = tuple(
    head + bytes(4) + payload
    for head, payload in (
        (b"\x81\x85", b"hello"),
        (b"\x01\x83", b"hel"),
        (b"\x80\x82", b"lo"),
        (b"\x82\x81", b"\xff"),
        (b"\x89\x84", b"ping"),
        (b"\x8a\x80", b""),
        (b"\xf1\x80", b""),
        (b"\x81\xff" + b"\x7f" * 8, b""),
        (b"\x88\x82", b"\x03\xe8"),
    )
)

_WORD: Final = re.compile(rb'"[^"\\]{1,20}"|/\w+|[@#]\w+|[{}\[\]":,]|\\u....')
#: Words that parsers may stumble over.
_HARD_WORDS: Final = (
    *(
        b"\xf5",
        b"\\ud800",
        b"\\u0000",
        b"1e999",
        b"-1",
        b"9" * 30,
        b"\xef\xbb\xbf",
        b"\xff\xfb\x01",
    ),
    *(bytes((0xF5, number)) for number in range(12)),
)


def conversation(dialect: str) -> list[bytes]:
    """The conversations in one dialect: whole, and each line or object by itself."""
    end = b"" if dialect == "jim" else b"\n"
    parts: list[bytes | int] = []
    for step in transcripts(dialect):
        if step.action.startswith(">"):
            parts.append(step.action[1:].strip().encode() + end)
        else:
            word = step.action.strip("(").split()[0]
            parts.append(_ACTIONS.get(word, 0))
    sent = [part for part in parts if isinstance(part, bytes)]
    return [script(*parts), script(*sent), *sent]


def frames(sender: str) -> list[bytes]:
    """The frames of the native dialect from the client or the server: together, and each."""
    examples = {"client": FROM_CLIENT, "server": FROM_SERVER}[sender]
    found = [on_the_wire(example) + b"\n" for example in examples]
    return [script(*found), b"".join(found), *found]


def replies() -> list[bytes]:
    """What a server sends to a client whose user types, and which loses its connection."""
    found = frames("server")
    welcome = next(frame for frame in found[2:] if json.loads(frame)["type"] == "welcome")
    return [
        *found,
        script(welcome, 3, *found[2:]),
        script(welcome, 3, 3, 3, 3, 3, *found[2:], 5, 2, 6, welcome, 3, 7, 8, 3, 4),
    ]


def requests() -> list[bytes]:
    """HTTP requests, right and wrong ones."""
    found = [
        request("/"),
        request("/health", method="HEAD"),
        request("/api/users?room=%23lobby"),
        request("/api/messages?room=%23dev&limit=3&before=9", {"Connection": "close"}),
        request("/static/main.js", {"If-None-Match": '"x", *'}),
        request("/health", {"Content-Length": "3", "Expect": "100-continue"}, method="POST"),
        request("/socket", UPGRADE_HEADERS | {"Origin": f"http://{HOST}"}),
        request("/socket", {"Transfer-Encoding": "chunked"}, host="evil.example", version="1.0"),
    ]
    return [*found, b"".join(found), script(*found), script(found[-2], 0, *_WEB_FRAMES, 8)]


def web_frames() -> list[bytes]:
    """Native frames, which are sent as WebSocket messages, and bare WebSocket frames."""
    found = [on_the_wire(example) for example in FROM_CLIENT]
    apart = [part for frame in found for part in (frame, 0)]
    return [*found, *_WEB_FRAMES, script(*apart, 3, 7), script(*_WEB_FRAMES, 0, b"{}", 8)]


def words(inputs: list[bytes]) -> list[bytes]:
    """The words in `inputs`, and hard ones, for libFuzzer's dictionary."""
    return [*sorted({word for each in inputs for word in _WORD.findall(each)}), *_HARD_WORDS]
