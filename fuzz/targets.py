"""The fuzz targets: each TCP port of a server, and the client.

A target is a function of bytes that raises if chatd breaks a promise. Discovery's datagrams and
typed lines are not fuzzed: they are short, and Hypothesis covers them (in tests/discovery and
tests/wire).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from chatd.server.factory import JIM, MAIN, PLAIN
from fuzz import seeds
from fuzz.client import fuzz_client
from fuzz.server import fuzz_port
from fuzz.web import fuzz_http, fuzz_websocket
from tests.server.harness import hello
from tests.wire import formats


@dataclass(frozen=True)
class Target:
    """What receives the bytes.

    :ivar title: in a few words.
    :ivar check: raises if something is wrong.
    :ivar seeds: the first inputs.
    """

    title: str
    check: Callable[[bytes], None]
    seeds: list[bytes]


def _parse_json(segments: list[bytes]) -> None:
    formats.read_native(b"".join(segments))


def _parse_plain(segments: list[bytes]) -> None:
    formats.read_plain(b"".join(segments))


def _parse_jim(segments: list[bytes]) -> None:
    """Each object in a segment of its own."""
    assert not [each for each in segments if b"\n" in each]
    formats.read_jim(b"\n".join(each for each in segments if b':"probe"' not in each))


TARGETS: Final = {
    "native": Target(
        "the main port, after hello",
        partial(fuzz_port, MAIN, hello("ice"), _parse_json),
        seeds.frames("client"),
    ),
    "basic": Target(
        "the main port, from the first byte",
        partial(fuzz_port, MAIN, b"", _parse_json),
        seeds.conversation("basic") + seeds.frames("client"),
    ),
    "plain": Target(
        "the port for nc and telnet",
        partial(fuzz_port, PLAIN, b"", _parse_plain),
        seeds.conversation("plain"),
    ),
    "jim": Target(
        "the JIM port",
        partial(fuzz_port, JIM, b"", _parse_jim),
        seeds.conversation("jim"),
    ),
    "http": Target("the page's port", fuzz_http, seeds.requests()),
    "socket": Target("a browser's WebSocket, after hello", fuzz_websocket, seeds.web_frames()),
    "client": Target("a client, from its server", fuzz_client, seeds.replies()),
}

if __name__ == "__main__":
    print(*TARGETS)
