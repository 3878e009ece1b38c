"""Connections of a server on the loopback interface, where the kernel decides what is taken."""

import select
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec

import pytest_twisted
from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from chatd.server.transport import EagerServer
from tests.server.callers import PATIENCE, reactor
from tests.server.wires import Listener

HOST = "127.0.0.1"


Arguments = ParamSpec("Arguments")


def on_reactor(
    test: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Run a test that is a coroutine, and takes arguments, on the real reactor; not for ever."""

    @wraps(test)
    def begin(*arguments: Arguments.args, **named: Arguments.kwargs) -> Deferred[None]:
        return Deferred.fromCoroutine(test(*arguments, **named)).addTimeout(PATIENCE, reactor)

    decorated: Callable[Arguments, None] = pytest_twisted.ensureDeferred(begin)
    return decorated


def when_gone(listener: Listener) -> Deferred[None]:
    """Fires when the connection of `listener` is lost."""
    gone: Deferred[None] = Deferred()
    lost = listener.connectionLost

    def connectionLost(reason: Failure = connectionDone) -> None:
        lost(reason)
        gone.callback(None)

    listener.connectionLost = connectionLost  # type: ignore[method-assign]  # of this one only
    return gone.addTimeout(PATIENCE, reactor)


class Line:
    """A connection of a server, and the socket of its peer."""

    def __init__(
        self,
        kind: type[tcp.Server] = EagerServer,
        listener: Listener | None = None,
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
        self.listener = listener or Listener()
        self.gone = when_gone(self.listener)
        no_port: Any = None  # connections that are adopted have none, either
        self.transport = kind(accepted, self.listener, address, no_port, 0, reactor)
        self.transport.setTcpNoDelay(True)
        self.listener.makeConnection(self.transport)

    def wait_for_news(self) -> None:
        """Have the kernel of this side know what the peer did."""
        poll = select.poll()
        poll.register(self.transport.socket, select.POLLRDHUP)
        assert poll.poll(PATIENCE * 1_000)

    def read(self, count: int) -> bytes:
        """What has come to the peer, up to so many bytes."""
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
