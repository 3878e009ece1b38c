"""Clients and connections with real sockets on the loopback interface."""

import json
import select
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec

import pytest_twisted
from twisted.internet import reactor as global_reactor
from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import connectionDone
from twisted.internet.task import deferLater
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from chatd.server.transport import EagerServer
from tests.server.fake_transport import RecordingProtocol
from tests.server.harness import Frame, hello, line
from tests.timeouts import TIMEOUT_SECONDS

reactor: Any = global_reactor


class SocketClient(LineReceiver):
    """A native client on a real socket."""

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
        """The data of the next frame of that type; frames before it are skipped."""
        found: Deferred[Frame] = Deferred()
        self._wanted = (frame_type, found)
        self._look()
        return found.addTimeout(TIMEOUT_SECONDS, reactor).addCallback(
            lambda frame: frame.get("data")
        )

    def send(self, frame_type: str, data: object = None) -> None:
        self.transport.write(line(frame_type, data))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)

    def is_gone(self) -> Deferred[None]:
        """Fires when the connection is closed."""
        return self.lost.addTimeout(TIMEOUT_SECONDS, reactor)


async def call(host: str, port: int) -> SocketClient:
    """Connect to a server."""
    client: SocketClient = await connectProtocol(
        TCP4ClientEndpoint(reactor, host, port), SocketClient()
    )
    return client


async def enter(host: str, port: int, nickname: str) -> SocketClient:
    """Connect to a server, and enter."""
    client = await call(host, port)
    client.transport.write(hello(nickname))
    await client.hears("welcome")
    return client


HOST = "127.0.0.1"


Arguments = ParamSpec("Arguments")


def on_reactor(
    test: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Run a coroutine with arguments as a test on the real reactor, with a timeout."""

    @wraps(test)
    def begin(*arguments: Arguments.args, **named: Arguments.kwargs) -> Deferred[None]:
        return Deferred.fromCoroutine(test(*arguments, **named)).addTimeout(
            TIMEOUT_SECONDS, reactor
        )

    decorated: Callable[Arguments, None] = pytest_twisted.ensureDeferred(begin)
    return decorated


def when_gone(listener: RecordingProtocol) -> Deferred[None]:
    """Fires when the connection of `listener` is lost."""
    gone: Deferred[None] = Deferred()
    lost = listener.connectionLost

    def connectionLost(reason: Failure = connectionDone) -> None:
        lost(reason)
        gone.callback(None)

    listener.connectionLost = connectionLost  # type: ignore[method-assign]  # of this one only
    return gone.addTimeout(TIMEOUT_SECONDS, reactor)


class LoopbackConnection:
    """A server connection on a real socket, and the socket of its peer."""

    def __init__(
        self,
        kind: type[tcp.Server] = EagerServer,
        listener: RecordingProtocol | None = None,
        buffer_bytes: int | None = None,
    ) -> None:
        with socket.create_server((HOST, 0)) as listening:
            if buffer_bytes is not None:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
            self.peer = socket.socket()
            if buffer_bytes is not None:
                self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            self.peer.connect(listening.getsockname())
            accepted, address = listening.accept()
        self.peer.setblocking(False)
        self.listener = listener or RecordingProtocol()
        self.gone = when_gone(self.listener)
        no_port: Any = None  # connections that are adopted have none, either
        self.transport = kind(accepted, self.listener, address, no_port, 0, reactor)
        self.transport.setTcpNoDelay(True)
        self.listener.makeConnection(self.transport)

    def wait_for_news(self) -> None:
        """Wait until the kernel of this side knows that the peer has closed or reset."""
        poll = select.poll()
        poll.register(self.transport.socket, select.POLLRDHUP)
        assert poll.poll(TIMEOUT_SECONDS * 1_000)

    def read(self, count: int) -> bytes:
        """What the peer has received, at most `count` bytes."""
        with suppress(BlockingIOError):
            return self.peer.recv(count)
        return b""

    async def read_to_end(self) -> bytes:
        read = bytearray()
        while True:
            with suppress(BlockingIOError):
                data = self.peer.recv(1_000_000)
                if not data:
                    self.peer.close()
                    return bytes(read)
                read += data
            await deferLater(reactor, 0)
