"""What is fuzzed: every way in which bytes come from the network, or from a person.

Each target is a function of bytes that raises if what chatd promises does not hold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from chatd.server.factory import JIM, MAIN, PLAIN
from fuzz import client, discovery, seeds, typed, web
from fuzz.server import converse
from tests.server.hall import hello
from tests.wire import formats


@dataclass(frozen=True)
class Target:
    """One way in.

    :ivar what: it, in a few words.
    :ivar check: fails if something is wrong about these bytes.
    :ivar seeds: bytes to begin with.
    """

    what: str
    check: Callable[[bytes], None]
    seeds: list[bytes]


def _read_json(segments: list[bytes]) -> None:
    """Lines of JSON: the main port's, whichever of its two dialects they are in."""
    formats.read_lines_of_json(b"".join(segments))


def _read_plain(segments: list[bytes]) -> None:
    formats.read_plain(b"".join(segments))


def _read_jim(segments: list[bytes]) -> None:
    """Each object in a segment of its own."""
    assert not [each for each in segments if b"\n" in each]
    formats.read_jim(b"\n".join(each for each in segments if not each.endswith(b':"probe"}')))


TARGETS: Final = {
    "native": Target(
        "the main port, after hello",
        partial(converse, MAIN, hello("ice"), _read_json),
        seeds.frames("client"),
    ),
    "basic": Target(
        "the main port, from the first byte",
        partial(converse, MAIN, b"", _read_json),
        seeds.conversation("basic") + seeds.frames("client"),
    ),
    "plain": Target(
        "the port for nc and telnet",
        partial(converse, PLAIN, b"", _read_plain),
        seeds.conversation("plain"),
    ),
    "jim": Target(
        "the JIM port",
        partial(converse, JIM, b"", _read_jim),
        seeds.conversation("jim"),
    ),
    "http": Target("the web page's port", web.ask, seeds.requests()),
    "socket": Target("a browser's WebSocket, after hello", web.browse, seeds.web_frames()),
    "client": Target("what a server says to a client", client.hear, seeds.welcomed()),
    "discover": Target("questions for servers", discovery.ask, seeds.datagrams("discover")),
    "offer": Target("answers to them", discovery.offer, seeds.datagrams("offer")),
    "typed": Target("what a person types", typed.read, seeds.typed_lines()),
}

if __name__ == "__main__":
    print(*TARGETS)
