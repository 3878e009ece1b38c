"""The page's share of the reactor's time: however much is asked for, the chat has its turn."""

from collections import Counter, deque
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from socket import gethostname
from typing import Any, Final

import h11
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocolNegotiationFactory,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat import limits
from chatd.rate_limit import TokenBucket
from chatd.server.chat import Chat
from chatd.server.factory import Rejected
from chatd.server.send_queue import SendQueue
from chatd.server.timing import Timeout
from chatd.tcp import unmap_ipv4
from chatd.web import messages, routes
from chatd.web.messages import HTTPError, Request, Response
from chatd.web.routes import make_router
from chatd.web.websocket import Upgrade, WebSocket


class WorkQueue:
    """Does one thing after the other, and in each turn of the reactor no more than has time."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._pending: deque[Callable[[], None]] = deque()
        self._is_scheduled = False

    def add(self, work: Callable[[], None]) -> None:
        """Have `do` called in a later turn, after all that were added before."""
        self._pending.append(work)
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        self._clock.callLater(0, self._run)

    def _run(self) -> None:
        end = self._clock.seconds() + limits.PAGE_TURN_MILLISECONDS / 1_000
        try:
            while self._pending:
                self._pending.popleft()()
                if self._clock.seconds() >= end:
                    return
        finally:
            self._is_scheduled = False
            if self._pending:
                self._schedule()


#: What h11 says of a head that is longer than it may be.
_TOO_LARGE: Final = 431

_SENTENCES: Final = {
    "bad-request": "This is no HTTP/1.1 request.",
    "head-too-large": f"A request's head may have at most {limits.HTTP_HEAD_BYTES} bytes.",
    "http-version": "This server speaks HTTP/1.1.",
    "too-late": f"No request within {limits.FIRST_LINE_TIMEOUT_SECONDS} s, so the server closes.",
}


@implementer(IHalfCloseableProtocol)
class HTTPConnection(Protocol):
    """Answers one request after the other, and reads no further while an answer is not read.

    :param host: the address of the other end; `port`, its port.
    """

    log = Logger()
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, factory: "HTTPFactory", host: str, port: int) -> None:
        self._factory = factory
        self._host = host
        self._peer = f"{host}:{port}"
        self._http = h11.Connection(h11.SERVER, limits.HTTP_HEAD_BYTES - 1)
        self._chat = factory.router.chat
        self._clock = self._chat.clock
        self._timeout = Timeout(self._clock)
        rate = self._chat.settings.flood
        self._bucket = TokenBucket(rate, rate * limits.FLOOD_BURST_FACTOR, self._clock.seconds())
        self._next: IDelayedCall | None = None
        self._websocket: WebSocket | None = None
        self._is_paused = self._is_closing = False
        self._is_read_lost = self._is_write_lost = False

    def connectionMade(self) -> None:
        """Wait for the first request; a connection that asks for nothing does not stay."""
        here = self.transport.getHost()
        self._hosts = routes.allowed_hosts(unmap_ipv4(here.host), here.port, self._factory.names)
        self._send_queue = SendQueue(self.transport, limits.OUTBOUND_BYTES, self.abort)
        self._factory.connection_opened(self, self._host)
        self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)

    def dataReceived(self, data: bytes) -> None:
        """Take what comes, until the end; what comes after it is read and thrown away."""
        if self._websocket is not None:
            self._websocket.data_received(data)
        elif not self._is_closing:
            self._http.receive_data(data)
            self._pause_reading()

    def readConnectionLost(self) -> None:
        """The peer has asked for everything: answer it, and end."""
        self._is_read_lost = True
        if self._websocket is not None:
            self._websocket.eof_received()
        elif not self._is_closing:
            self._http.receive_data(b"")
            self._pause_reading()
        self._close_if_both_are_lost()

    def writeConnectionLost(self) -> None:
        """Everything was sent."""
        self._is_write_lost = True
        if self._websocket is None:
            self._timeout.start(limits.SHUTDOWN_SECONDS, self.abort)
        self._close_if_both_are_lost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything about this connection."""
        self._is_closing = True
        self._factory.connection_closed(self._host)
        self._stop_http()
        if self._websocket is not None:
            self._websocket.connection_lost()
        self.transport = None  # nor must what it holds wait for the garbage collector

    def abort(self) -> None:
        """Close at once."""
        self._is_closing = True
        self.transport.abortConnection()

    def _handle_next_request(self) -> None:
        """Answer the next request, or read on until all of its head is here."""
        if self._is_closing:
            return
        waiting = len(self._http.trailing_data[0])
        try:
            head = self._http.next_event()
        except h11.RemoteProtocolError as error:
            self._reject(
                "head-too-large" if error.error_status_hint == _TOO_LARGE else "bad-request"
            )
            return
        if isinstance(head, h11.ConnectionClosed):
            self._close()
        elif isinstance(head, h11.Request):
            # h11 bounds what waits; a head that comes at once never does.
            if waiting - len(self._http.trailing_data[0]) > limits.HTTP_HEAD_BYTES:
                self._reject("head-too-large", is_head=head.method == b"HEAD")
            elif not head.http_version.startswith(b"1."):
                self._reject("http-version", is_head=head.method == b"HEAD")
            else:
                self._respond(messages.parse_request(head, self._peer))
        else:
            self._is_paused = False
            self._resume_reading()

    def _respond(self, request: Request) -> None:
        found = self._factory.router.handle(request, self._hosts)
        status = 101 if isinstance(found, Upgrade) else found.status
        self.log.debug(
            "{peer} {method} {path}: {status}",
            peer=self._peer,
            method=request.method,
            path=request.path,
            status=status,
        )
        if isinstance(found, Upgrade):
            self._upgrade(found)
            return
        # A body is not read, so nobody knows where the next request starts.
        self._send(found, is_head=request.method == "HEAD", is_last=request.has_body)
        if self._http.our_state is h11.MUST_CLOSE:
            self._close()
        else:
            self._http.next_event()  # the end of the request
            self._http.start_next_cycle()
            self._timeout.start(limits.DEAD_PEER_SECONDS, self.abort)
            self._send_queue.when_ready(self._resume_later)

    def _send(self, response: Response, *, is_head: bool = False, is_last: bool = False) -> None:
        headers = [*response.headers, ("Date", formatdate(self._chat.now() / 1_000, usegmt=True))]
        if is_last:
            headers.append(("Connection", "close"))
        if response.status != HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Length", str(len(response.body))))
        reason = HTTPStatus(response.status).phrase.encode("ascii")
        data = self._http.send(
            h11.Response(status_code=response.status, headers=headers, reason=reason)
        )
        data += self._http.send(h11.Data(data=b"" if is_head else response.body))
        data += self._http.send(h11.EndOfMessage())
        self._send_queue.send(None, data)

    def _reject(self, code: str, *, is_head: bool = False) -> None:
        """Say what is wrong with what came; nobody knows where the next request starts."""
        rejected = HTTPError(code, _SENTENCES[code])
        self._send(self._factory.router.reject(rejected), is_head=is_head, is_last=True)
        self._close()

    def _upgrade(self, upgrade: Upgrade) -> None:
        self._http.next_event()  # the end of the request
        switch = h11.InformationalResponse(
            status_code=HTTPStatus.SWITCHING_PROTOCOLS,
            headers=list(upgrade.headers),
            reason=HTTPStatus.SWITCHING_PROTOCOLS.phrase.encode("ascii"),
        )
        self._send_queue.send(None, self._http.send(switch))
        self._stop_http()
        self.transport.unregisterProducer()
        self._resume_reading()
        self._websocket = WebSocket(upgrade.session, self.transport)
        early, _ = self._http.trailing_data
        if early:
            self._websocket.data_received(early)
        if self._is_read_lost:
            self._websocket.eof_received()

    # --- time -----------------------------------------------------------------------------------

    def _pause_reading(self) -> None:
        """Look at what came when it is time for it, and read nothing meanwhile."""
        if not self._is_paused:
            self._is_paused = True
            self.transport.pauseProducing()
            self._factory.work_queue.add(self._handle_next_request)

    def _resume_later(self) -> None:
        """The answer is read; who asks too often has to wait."""
        wait = self._bucket.take(self._clock.seconds())
        self._next = self._clock.callLater(wait, self._resume)

    def _resume(self) -> None:
        self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)
        self._factory.work_queue.add(self._handle_next_request)

    def _request_timed_out(self) -> None:
        if self._is_paused:  # it is the server that is late
            self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)
        elif self._http.trailing_data[0]:
            self._reject("too-late")
        else:
            self._close()

    def _close(self) -> None:
        """Send what waits, and close; who does not take it in time is cut off."""
        self._is_closing = True
        self._timeout.start(limits.DEAD_PEER_SECONDS, self.abort)
        self._send_queue.close_after_flush()
        self._resume_reading()

    def _resume_reading(self) -> None:
        if not self._is_read_lost:
            self.transport.resumeProducing()

    def _stop_http(self) -> None:
        self._factory.connections.discard(self)
        self._timeout.cancel()
        self._send_queue.close()
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _close_if_both_are_lost(self) -> None:
        if self._is_read_lost and self._is_write_lost:
            self.transport.loseConnection()


@implementer(IProtocolNegotiationFactory)
class HTTPFactory(ServerFactory):
    """Makes the connections of the web page's port.

    :ivar turns: when requests are answered.
    :ivar connections: those that are no WebSocket.
    :ivar names: what this server may be called in a browser, besides its address.
    """

    noisy = False

    def __init__(self, chat: Chat) -> None:
        self.router = make_router(chat)
        self.names = frozenset({"localhost", gethostname().lower()})
        self.work_queue = WorkQueue(chat.clock)
        self.connections: set[HTTPConnection] = set()
        self._connections_by_host: Counter[str] = Counter()

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or one that is closed at once."""
        peer: Any = addr  # an IPv4Address or an IPv6Address: the server listens on TCP only
        host = unmap_ipv4(peer.host)
        chat = self.router.chat
        throttle = chat.connection_throttle
        if not throttle.admit(host):
            return Rejected()
        has_too_many = self._connections_by_host[
            host
        ] >= limits.ADDRESS_PAGE_CONNECTIONS and not throttle.is_local(host)
        if has_too_many or len(self.connections) >= limits.HTTP_CONNECTIONS:
            chat.counters["closed silently"] += 1
            return Rejected()
        return HTTPConnection(self, host, peer.port)

    def connection_opened(self, connection: HTTPConnection, host: str) -> None:
        """There is one more connection, from `host`."""
        self.connections.add(connection)
        self._connections_by_host[host] += 1

    def connection_closed(self, host: str) -> None:
        """There is one less from `host`, whatever it was."""
        self._connections_by_host[host] -= 1
        if not self._connections_by_host[host]:
            del self._connections_by_host[host]

    def acceptableProtocols(self) -> list[bytes]:
        """What a browser is told that asks before it speaks, which it does over TLS (ALPN)."""
        return [b"http/1.1"]

    def stopFactory(self) -> None:
        """Nobody listens any more: close what is no WebSocket, which the chat ends itself."""
        for connection in list(self.connections):
            connection.abort()
