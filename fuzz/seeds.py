"""Where the fuzzer begins: the examples in docs/reference/, and the words they are made of."""

import json
import re
from typing import Final

from chatd.wire import slash_commands
from fuzz.script import script
from tests.server.transcripts import transcripts
from tests.web.visitors import HOST, UPGRADE, request
from tests.wire.test_protocol_docs import FROM_CLIENT, FROM_SERVER, examples, on_the_wire

#: What happens in the conversations, as what happens in a script.
_HAPPENS: Final = {"moon": 7, "nothing": 3, "server": 11}

#: Text, in one frame and in two; binary; Ping, Pong, Close; reserved bits, no mask, much to come.
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


def conversation(kind: str) -> list[bytes]:
    """The conversations in one dialect: whole, and each thing that is said by itself."""
    end = b"" if kind == "jim" else b"\n"
    played: list[bytes | int] = []
    for step in transcripts(kind):
        if step.happens.startswith(">"):
            played.append(step.happens[1:].strip().encode() + end)
        else:
            word = step.happens.strip("(").split()[0]
            played.append(_HAPPENS.get(word, 0))
    said = [each for each in played if isinstance(each, bytes)]
    return [script(*played), script(*said), *said]


def frames(kind: str) -> list[bytes]:
    """The frames of the native dialect, from the client or from the server."""
    shown = [
        on_the_wire(each) + b"\n" for each in {"client": FROM_CLIENT, "server": FROM_SERVER}[kind]
    ]
    return [script(*shown), b"".join(shown), *shown]


def welcomed() -> list[bytes]:
    """What a server says to a client that types, goes, and comes back."""
    shown = frames("server")
    [welcome] = [each for each in shown[2:] if json.loads(each)["type"] == "welcome"][:1]
    return [
        *shown,
        script(welcome, 3, *shown[2:]),
        script(welcome, 3, 3, 3, 3, 3, *shown[2:], 5, 2, 6, welcome, 3, 7, 8, 3, 4),
    ]


def datagrams(kind: str) -> list[bytes]:
    """The datagrams of one kind, from each source."""
    shown = [on_the_wire(each) for each in examples(kind)]
    return [bytes((source,)) + each for source in range(6) for each in shown]


def typed_lines() -> list[bytes]:
    """A line for each command."""
    named = [
        f"{name} {spec.arguments}" for spec in slash_commands.SLASH_COMMANDS for name in spec.names
    ]
    return [line.encode() for line in (*named, "hello", "//hello", "@ice @moon hello", "/join dev")]


def requests() -> list[bytes]:
    """What browsers ask, and what they should not."""
    asked = [
        request("/"),
        request("/health", method="HEAD"),
        request("/api/users?room=%23lobby"),
        request("/api/messages?room=%23dev&limit=3&before=9", {"Connection": "close"}),
        request("/static/main.js", {"If-None-Match": '"x", *'}),
        request("/health", {"Content-Length": "3", "Expect": "100-continue"}, method="POST"),
        request("/socket", UPGRADE | {"Origin": f"http://{HOST}"}),
        request("/socket", {"Transfer-Encoding": "chunked"}, host="evil.example", version="1.0"),
    ]
    return [*asked, b"".join(asked), script(*asked), script(asked[-2], 0, *_WEB_FRAMES, 8)]


def web_frames() -> list[bytes]:
    """WebSocket frames: the dialect's, which are wrapped when they are sent, and some others."""
    shown = [on_the_wire(each) for each in FROM_CLIENT]
    apart = [part for frame in shown for part in (frame, 0)]
    return [*shown, *_WEB_FRAMES, script(*apart, 3, 7), script(*_WEB_FRAMES, 0, b"{}", 8)]


def words(seeds: list[bytes]) -> list[bytes]:
    """The words in `seeds`, and what is known to be hard."""
    hard = [
        b"\xf5",
        b"\\ud800",
        b"\\u0000",
        b"1e999",
        b"-1",
        b"9" * 30,
        b"\xef\xbb\xbf",
        b"\xff\xfb\x01",
    ]
    found = {word for seed in seeds for word in _WORD.findall(seed)}
    return sorted(found) + hard + [bytes((0xF5, number)) for number in range(12)]
