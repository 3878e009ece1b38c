"""One HTTP connection to etcd, which carries one request after the other."""

from collections.abc import Callable
from typing import Final

import h11
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import limits

#: Called with the status and the next bytes of a response. What it raises ends the connection, and
#: is the failure of the request.
Received = Callable[[int, bytes], None]

_HEADERS: Final = [("content-type", "application/json"), ("grpc-metadata-hasleader", "true")]


class HttpConnection(Protocol):
    """A connection that carries one request at a time.

    :ivar lost: fires when the connection is closed.
    """

    transport: ITCPTransport

    def __init__(self, host: str) -> None:
        self._host = host
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.HTTP_HEAD_BYTES)
        self._status = 0
        self._done: Deferred[int] | None = None
        self._received: Received | None = None
        self._is_reusable = True
        self._is_lost = False
        self.lost: Deferred[None] = Deferred()

    @property
    def is_idle(self) -> bool:
        """Whether another request may be sent."""
        return self._done is None and self._is_reusable

    def post(self, path: str, token: str, body: bytes, received: Received) -> Deferred[int]:
        """Send a request; fires with the status when all of the response has been received.

        A request that is cancelled ends the connection.
        """
        self._received = received
        done: Deferred[int] = Deferred(lambda _: self.abort())
        self._done = done
        headers = [("host", self._host), ("content-length", str(len(body))), *_HEADERS]
        if token:
            headers.append(("authorization", token))
        head = h11.Request(method="POST", target=path, headers=headers)
        parts = (head, h11.Data(data=body), h11.EndOfMessage())
        self.transport.write(b"".join(self._h11.send(part) or b"" for part in parts))
        return done

    def abort(self) -> None:
        """Close the connection at once; a peer that does not answer cannot delay it."""
        self._received = None
        self._is_reusable = False
        if not self._is_lost:
            self.transport.abortConnection()

    @override
    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)

    @override
    def dataReceived(self, data: bytes) -> None:
        try:
            self._h11.receive_data(data)
            while self._next_event():
                pass
        except Exception:  # bad HTTP, or what `received` raises
            self._fail(Failure())

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_lost = True
        self._fail(reason)
        self.lost.callback(None)

    def _next_event(self) -> bool:
        """Handle one event; whether there may be another one."""
        if self._done is None:
            raise h11.RemoteProtocolError("data that nobody has asked for")
        event = self._h11.next_event()
        if isinstance(event, h11.Response):
            self._status = event.status_code
        elif isinstance(event, h11.Data):
            if self._received is None:
                return False  # the request was cancelled
            self._received(self._status, bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self._finish()
            return False
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionDone
        return event is not h11.NEED_DATA

    def _finish(self) -> None:
        done, self._done, self._received = self._done, None, None
        is_over = self._h11.our_state is self._h11.their_state is h11.DONE
        if is_over and self._h11.trailing_data == (b"", False):
            self._h11.start_next_cycle()
        else:
            self.abort()
        if done is not None:
            done.callback(self._status)

    def _fail(self, failure: Failure) -> None:
        self.abort()
        done, self._done = self._done, None
        if done is not None and not done.called:
            done.errback(failure)
