"""A whole server in memory, a member, and a client that sends fuzzed bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from unittest.mock import patch

from twisted.internet.defer import Deferred, fail, succeed

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import WrongPassword
from chatd.server.factory import PortType
from fuzz.log_check import log_is_clean
from fuzz.script import steps
from tests.server.hall import Guest, Hall
from tests.web.http_clients import HTTPClient
from tests.wire import formats

AnyHall = TypeVar("AnyHall", bound=Hall)

#: Small, so that few messages reach these bounds.
_OUTBOUND_BYTES: Final = 4_096
_BATCH_BYTES: Final = 512
_REPLY_BYTES: Final = 8_192

_INACTIVITY_SECONDS: Final = 200
#: Longer than all time-outs.
_LONG_SECONDS: Final = 700

#: No input has more frames than this, of which the server reads ten a second.
_MAX_FRAMES: Final = 4_200

#: The most that the server may send the client for one frame: a reply, and notices of its effects.
_MAX_REPLY_BYTES: Final = 2 * _REPLY_BYTES

#: Parses everything that the client received, write by write; it fails if that is not possible.
Parse = Callable[[list[bytes]], object]


def _check_password(command: Authenticate, address: str) -> Deferred[str]:
    is_right = (command.account, command.password) == ("star", "sesame")
    return succeed("star") if is_right else fail(WrongPassword())


class Scenario:
    """The client's connection, from its first byte until all connections are closed."""

    def __init__(self, hall: Hall, moon: Guest, client: Guest | HTTPClient) -> None:
        self._hall = hall
        self._moon = moon
        self._client = client
        self._is_half_closed = False
        self._actions: list[Callable[[], object]] = [
            lambda: None,  # the next bytes come in another piece
            lambda: hall.clock.advance(0.25),
            lambda: hall.clock.advance(0.6),
            lambda: hall.clock.advance(30),
            lambda: hall.clock.advance(61),
            lambda: self._set_reading(False),
            lambda: self._set_reading(True),
            self._send_messages,
            self._half_close,
            lambda: moon.send("set-name", {"nickname": "sun"}),
            lambda: moon.send("leave", {"room": "#lobby"}),
            lambda: hall.chat.end(),
        ]

    def run(self, data: bytes) -> None:
        """Run the script in `data`, then wait for the end of all connections."""
        for step in steps(data):
            if isinstance(step, int):
                self.act(step)
            else:
                self.send(step)
        self.end()

    def act(self, number: int) -> None:
        """Do an action, if the client is still connected."""
        if not self._client.is_cut_off():
            self._actions[number % len(self._actions)]()
            self._hall.clock.advance(0)

    def send(self, data: bytes) -> None:
        """The client sends; the server may pause reading, but must resume it."""
        if self._is_half_closed:
            return
        self._wait_until_reading()
        if not self._client.is_cut_off():
            before = len(self._client.transport.value())
            self._client.connection.dataReceived(data)
            self._hall.clock.advance(0)
            frames = 2 + data.count(b"\n") + data.count(b"}")
            received = len(self._client.transport.value()) - before
            assert received <= frames * _MAX_REPLY_BYTES, f"{received} bytes for {len(data)}"

    def end(self) -> None:
        """No one sends anything more: all time-outs pass, and then the server ends."""
        self._wait_until_reading()
        for _ in range(0, _LONG_SECONDS, 20):
            self._hall.clock.advance(20)
        assert _is_closed(self._moon)
        if not _is_closed(self._client):
            self._check_watches()
        self._hall.chat.end()
        assert _is_closed(self._client), "a connection without an end"

    def check_received(self, parse: Parse) -> None:
        """Both clients received only what their dialects allow."""
        formats.read_native(self._moon.transport.value())
        parse(self._client.transport.segments)

    def _check_watches(self) -> None:
        """A watcher has no time limit: it may be connected, and receives notices of others."""
        self._set_reading(True)
        before = len(self._client.transport.value())
        self._hall.enter("comet")
        received = self._client.transport.value()[before:]
        assert b"comet" in received, "a connection without a time limit that does not watch"

    def _wait_until_reading(self) -> None:
        for _ in range(_MAX_FRAMES):
            if self._client.is_read() or self._client.is_cut_off():
                return
            self._set_reading(True)
            self._hall.clock.advance(0.1)
        raise AssertionError("the server does not resume reading")

    def _set_reading(self, reads: bool) -> None:
        """Whether the client reads what it is sent, from now on."""
        transport = self._client.transport
        transport.is_full = not reads
        if reads and transport.producer is not None:
            transport.producer.resumeProducing()

    def _half_close(self) -> None:
        if not self._is_half_closed:
            self._is_half_closed = True
            connection: Any = self._client.connection
            connection.readConnectionLost()

    def _send_messages(self) -> None:
        self._moon.say("hello")
        self._moon.send("join", {"room": "#dev"})
        self._moon.send("message", {"text": "two\nlines \u00e9\U0001f600", "room": "#dev"})
        self._moon.send("private", {"text": "psst", "to": ["ice", "star"]})


def _is_closed(guest: Guest | HTTPClient) -> bool:
    return guest.is_dropped() or guest.is_cut_off()


@contextmanager
def running(make: Callable[..., AnyHall]) -> Iterator[tuple[AnyHall, Guest]]:
    """A server with accounts, and moon in its lobby; at the end it must hold nothing."""
    with (
        log_is_clean(),
        patch.object(limits, "OUTBOUND_BYTES", _OUTBOUND_BYTES),
        patch.object(limits, "BATCH_BYTES", _BATCH_BYTES),
        patch.object(limits, "REPLY_BYTES", _REPLY_BYTES),
        make(slots=3, history=9, log_level="debug", timeout=_INACTIVITY_SECONDS) as hall,
    ):
        hall.chat.hub.accounts = {"star": False, "nova": True}
        hall.chat.check_password = _check_password
        yield hall, hall.enter("moon")


def fuzz_port(port: PortType, opening: bytes, parse: Parse, data: bytes) -> None:
    """A client connects to `port`, sends `opening`, and then runs the script in `data`."""
    with running(Hall) as (hall, moon):
        client = hall.try_to_come(Guest, port, "10.35.11.112")
        assert client is not None
        scenario = Scenario(hall, moon, client)
        scenario.send(opening)
        scenario.run(data)
        scenario.check_received(parse)
