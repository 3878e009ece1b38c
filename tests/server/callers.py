"""People with real sockets, on the loopback interface."""

import json
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from tests.server.hall import Frame, hello, line

reactor: Any = global_reactor

#: After so many seconds a test that waits for something has failed.
PATIENCE = 30


class Caller(LineReceiver):
    """A client that is asked what it hears."""

    delimiter = b"\n"
    MAX_LENGTH = 1_000_000
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.lost: Deferred[None] = Deferred()
        self._wanted: tuple[str, Deferred[Frame]] | None = None

    def lineReceived(self, line: bytes) -> None:
        self.frames.append(json.loads(line))
        self._look()

    def _look(self) -> None:
        if self._wanted is None:
            return
        frame_type, found = self._wanted
        while self.frames:
            frame = self.frames.pop(0)
            if frame["type"] == frame_type:
                self._wanted = None
                found.callback(frame)
                return

    def hears(self, frame_type: str) -> Deferred[Any]:
        """The data of the next frame of that type; those before it are left out."""
        found: Deferred[Frame] = Deferred()
        self._wanted = (frame_type, found)
        self._look()
        return found.addTimeout(PATIENCE, reactor).addCallback(lambda frame: frame.get("data"))

    def send(self, frame_type: str, data: object = None) -> None:
        self.transport.write(line(frame_type, data))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)

    def is_gone(self) -> Deferred[None]:
        """Fires when the connection is closed."""
        return self.lost.addTimeout(PATIENCE, reactor)


async def call(host: str, port: int) -> Caller:
    """A connection to the server there."""
    caller: Caller = await connectProtocol(TCP4ClientEndpoint(reactor, host, port), Caller())
    return caller


async def enter(host: str, port: int, nickname: str) -> Caller:
    """A member of the server there."""
    caller = await call(host, port)
    caller.transport.write(hello(nickname))
    await caller.hears("welcome")
    return caller
