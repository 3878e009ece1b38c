"""A whole server in memory, a member, and a stranger who sends what a fuzzer made up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from unittest.mock import patch

from twisted.internet.defer import Deferred, fail, succeed

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import WrongPassword
from chatd.server.factory import PortType
from fuzz.script import steps
from fuzz.watch import watched
from tests.server.hall import Guest, Hall
from tests.web.visitors import Visitor
from tests.wire import formats

AnyHall = TypeVar("AnyHall", bound=Hall)

#: Small, so that a few messages reach them.
_OUTBOUND_BYTES: Final = 4_096
_BATCH_BYTES: Final = 512
_REPLY_BYTES: Final = 8_192

#: Longer than any time-out.
_LONG_SECONDS: Final = 700
_TIMEOUT_SECONDS: Final = 200

#: What fits into all that a fuzzer sends; the server takes ten a second.
_MOST_LINES: Final = 4_200

#: What each read unit may bring the stranger, at most: one reply, and notices of what it did.
_BYTES_FOR_EACH: Final = 2 * _REPLY_BYTES

#: Reads all that a stranger was sent, write by write; it fails if that cannot be.
Read = Callable[[list[bytes]], object]


def _check_password(command: Authenticate, address: str) -> Deferred[str]:
    right = (command.account, command.password) == ("star", "sesame")
    return succeed("star") if right else fail(WrongPassword())


def _say(hall: Hall, moon: Guest) -> None:
    moon.say("hello")
    moon.send("join", {"room": "#dev"})
    moon.send("message", {"text": "two\nlines \u00e9\U0001f600", "room": "#dev"})
    moon.send("private", {"text": "psst", "to": ["ice", "star"]})


class Scene:
    """One stranger's connection, from its first byte until everyone is gone."""

    def __init__(self, hall: Hall, moon: Guest, stranger: Guest | Visitor) -> None:
        self._hall = hall
        self._moon = moon
        self.stranger = stranger
        self._has_hung_up = False
        self._happens: list[Callable[[], object]] = [
            lambda: None,  # the next bytes come in another piece
            lambda: hall.clock.advance(0.25),
            lambda: hall.clock.advance(0.6),
            lambda: hall.clock.advance(30),
            lambda: hall.clock.advance(61),
            lambda: self._reads(False),
            lambda: self._reads(True),
            lambda: _say(hall, self._moon),
            self._hang_up_half,
            lambda: self._moon.send("set-name", {"nickname": "sun"}),
            lambda: self._moon.send("leave", {"room": "#lobby"}),
            lambda: hall.factory.end(),
        ]

    def happen(self, number: int) -> None:
        """One of the other things happens; those of a connection only while there is one."""
        if not self.stranger.is_cut_off():
            self._happens[number % len(self._happens)]()
            self._hall.clock.advance(0)

    def send(self, data: bytes) -> None:
        """The stranger sends; the server may make it wait, but not for ever."""
        if self._has_hung_up:
            return
        self._wait_until_it_is_read()
        if not self.stranger.is_cut_off():
            before = len(self.stranger.transport.value())
            self.stranger.connection.dataReceived(data)
            self._hall.clock.advance(0)
            units = 2 + data.count(b"\n") + data.count(b"}")
            brought = len(self.stranger.transport.value()) - before
            assert brought <= units * _BYTES_FOR_EACH, f"{brought} bytes for {len(data)}"

    def _wait_until_it_is_read(self) -> None:
        for _ in range(_MOST_LINES):
            if self.stranger.is_read() or self.stranger.is_cut_off():
                return
            self._reads(True)
            self._hall.clock.advance(0.1)
        raise AssertionError("it is never read again")

    def _reads(self, reads: bool) -> None:
        """The stranger reads on, or reads nothing from now on."""
        transport = self.stranger.transport
        transport.is_full = not reads
        if reads and transport.producer is not None:
            transport.producer.resumeProducing()

    def _hang_up_half(self) -> None:
        if not self._has_hung_up:
            self._has_hung_up = True
            connection: Any = self.stranger.connection
            connection.readConnectionLost()

    def end(self) -> None:
        """Nobody says anything any more; in the end every connection is closed."""
        self._wait_until_it_is_read()
        for _ in range(0, _LONG_SECONDS, 20):
            self._hall.clock.advance(20)
        for guest in (self.stranger, self._moon):
            assert guest.is_dropped() or guest.is_cut_off(), "a connection without an end"

    def check_said(self, read: Read) -> None:
        """What both were sent is what their dialects can say."""
        formats.read_lines_of_json(self._moon.transport.value())
        read(self.stranger.transport.segments)


@contextmanager
def opened(make: Callable[..., AnyHall]) -> Iterator[tuple[AnyHall, Guest]]:
    """A server with some accounts and moon in its lobby; nothing may be left of it in the end."""
    with (
        watched(),
        patch.object(limits, "OUTBOUND_BYTES", _OUTBOUND_BYTES),
        patch.object(limits, "BATCH_BYTES", _BATCH_BYTES),
        patch.object(limits, "REPLY_BYTES", _REPLY_BYTES),
        make(slots=3, history=9, log_level="debug", timeout=_TIMEOUT_SECONDS) as hall,
    ):
        hall.factory.hub.accounts = {"star": False, "nova": True}
        hall.factory.check_password = _check_password
        yield hall, hall.enter("moon")


def play(scene: Scene, data: bytes) -> None:
    """Have everything in `data` happen, until everyone is gone."""
    for step in steps(data):
        if isinstance(step, int):
            scene.happen(step)
        else:
            scene.send(step)
    scene.end()


def converse(port: PortType, opening: bytes, read: Read, data: bytes) -> None:
    """Have a stranger come to `port`, say `opening`, and then play `data`."""
    with opened(Hall) as (hall, moon):
        stranger = hall.try_to_come(Guest, port, "10.35.11.112")
        assert stranger is not None
        scene = Scene(hall, moon, stranger)
        scene.send(opening)
        play(scene, data)
        scene.check_said(read)
