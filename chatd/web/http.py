"""The HTTP server of the web port: its connections and their factory.

h11 parses requests and serialises responses; :mod:`chatd.web.routes` chooses the response. The
server does not use ``twisted.web``, which leaves some of these without a bound: the head, the body,
a WebSocket's message, and how long a client may take. Its WebSocket also does not check ``Origin``
and loses the bytes that arrive directly behind the upgrade request.

docs/reference/web.rst describes what clients see.
"""

from collections import Counter
from collections.abc import Collection
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from socket import gethostname
from typing import Any, Final

import h11
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocolNegotiationFactory,
)
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from chatd.chat import limits
from chatd.server.chat import Chat
from chatd.server.connection import HalfCloseable
from chatd.server.factory import Rejected
from chatd.server.send_queue import SendQueue
from chatd.server.timing import Timeout
from chatd.tcp import is_encrypted, join_address, unmap_ipv4
from chatd.web import hosts, messages, proxies
from chatd.web.file_sender import FileSender
from chatd.web.messages import HTTPError, Request, Response
from chatd.web.routes import make_router
from chatd.web.settings import WebSettings
from chatd.web.websocket import Upgrade, WebSocket

_ERROR_MESSAGES: Final = {
    "bad-request": "Malformed HTTP request.",
    "head-too-large": (
        f"The request line and headers have more than {limits.HTTP_HEAD_BYTES:,} bytes."
    ),
    "uri-too-long": f"The request line has more than {limits.HTTP_HEAD_BYTES:,} bytes.",
    "http-version": "HTTP version not supported; use HTTP/1.1.",
    "too-many-from-address": "Too many connections come from your address; try again later.",
    "too-late": f"The request was not complete within {limits.FIRST_LINE_TIMEOUT_SECONDS} s.",
}

#: What a request costs that reads the archive, or searches: as much as a ``search`` frame.
_SLOW_REQUEST_TOKENS: Final = 1 + limits.SEARCH_COST_BYTES // limits.FLOOD_FRAME_BYTES

_LINE_ENDS: Final = (b"\r", b"\n")


def _too_large(start: bytes) -> str:
    """The error code for a head that is too large and begins with `start`."""
    return "head-too-large" if b"\n" in start[: limits.HTTP_HEAD_BYTES] else "uri-too-long"


def _make_parser() -> h11.Connection:
    # h11 refuses an incomplete head that is longer than this. One byte less, because an incomplete
    # head lacks at least one more byte.
    return h11.Connection(h11.SERVER, limits.HTTP_HEAD_BYTES - 1)


class HTTPConnection(HalfCloseable, Protocol):
    """A client's connection to the web port: HTTP requests, and after an upgrade a WebSocket.

    The server handles one request at a time, in the order of their arrival::

        data received ─▶ pause reading ─▶ work queue ─▶ next h11 event ─▶ head incomplete:
                                              ▲               │           resume reading
                                              │               ▼ request
                                              │           send the response
                                              │               │
                                              └── once flushed and the rate limit allows

    *Paused reading.* Nothing is read from the start of a request until its response is flushed, so
    at most one response waits in memory, and TCP slows down a client that sends requests faster
    than it reads responses. Requests that arrived together wait in h11's buffer.

    *Timeouts.* A request must be complete within ``FIRST_LINE_TIMEOUT_SECONDS`` of the connection
    or of the response before it (keep-alive): an incomplete request gets 408, and a connection
    without one is closed silently. A response must be flushed within ``DEAD_PEER_SECONDS``.

    *Upgrade.* The 101 response hands the transport over to a
    :class:`~chatd.web.websocket.WebSocket`, and this object only forwards Twisted's calls to it.
    The connection no longer counts among ``HTTP_CONNECTIONS``, but still among those of its
    address.

    *End.* See :meth:`_close`.

    :param host: the client's address; `port`, its port.
    """

    log = Logger()
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, factory: "HTTPFactory", host: str, port: int) -> None:
        self._factory = factory
        self._host = host
        self._peer = f"{host}:{port}"
        self._http = _make_parser()
        self._chat = factory.router.chat
        self._clock = self._chat.clock
        self._timeout = Timeout(self._clock)
        self._bucket = self._chat.flood_bucket()
        self._resume_call: IDelayedCall | None = None
        self._websocket: WebSocket | None = None
        self._file: FileSender | None = None
        self._is_paused = self._is_closing = False

    @override
    def connectionMade(self) -> None:
        local = self.transport.getHost()
        address = unmap_ipv4(local.host)
        self._local_address = join_address(address, local.port)
        self._scheme = "https" if is_encrypted(self.transport) else "http"
        self._allowed_hosts = hosts.allowed_hosts(
            address,
            local.port,
            self._factory.host_names,
            is_forwarded=self._factory.is_proxy(self._host),
        )
        self._send_queue = SendQueue(self.transport, limits.OUTBOUND_BYTES, self.abort)
        self._factory.connection_opened(self, self._host)
        self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._websocket is not None:
            self._websocket.data_received(data)
        elif not self._is_closing:
            if self._http.their_state is h11.IDLE and not self._http.trailing_data[0]:
                # RFC 9112, section 2.2: empty lines before a request are ignored.
                data = data.lstrip(b"\r\n")
            if data:  # h11 takes no data for the end of the stream
                self._http.receive_data(data)
            self._pause_reading()

    @override
    def eof_received(self) -> None:
        # The requests that the client has sent before its end are answered first.
        if self._websocket is not None:
            self._websocket.eof_received()
        elif not self._is_closing:
            self._http.receive_data(b"")
            self._pause_reading()

    @override
    def writeConnectionLost(self) -> None:
        if self._websocket is None:
            self._timeout.start(limits.SHUTDOWN_SECONDS, self.abort)
        super().writeConnectionLost()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_closing = True
        self._factory.connection_closed(self._host)
        self._stop_http()
        if self._websocket is not None:
            self._websocket.connection_lost()
        self.transport = None  # or this cycle would wait for the garbage collector

    def abort(self) -> None:
        """Close at once, without sending what is queued."""
        self._is_closing = True
        self.transport.abortConnection()

    def _handle_next_request(self) -> None:
        """Answer the next request in h11's buffer, or resume reading until it is complete."""
        if self._is_closing:
            return
        start = self._http.trailing_data[0]
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            is_too_large = error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self._reject(_too_large(start) if is_too_large else "bad-request")
            return
        if isinstance(event, h11.ConnectionClosed):
            self._close()
        elif isinstance(event, h11.Request):
            # h11 bounds an incomplete head only. One that arrived as a whole is measured here, by
            # how much of the buffer it took.
            if len(start) - len(self._http.trailing_data[0]) > limits.HTTP_HEAD_BYTES:
                self._reject(_too_large(start), is_head=event.method == b"HEAD")
            elif not event.http_version.startswith(b"1."):
                self._reject("http-version", is_head=event.method == b"HEAD")
            else:
                request = messages.parse_request(event, self._peer, self._scheme)
                trusted = self._factory.settings.proxies
                self._respond(proxies.original(request, self._host, trusted))
        else:
            self._is_paused = False
            self._resume_reading()

    def _respond(self, request: Request) -> None:
        response = self._factory.respond(request, self._allowed_hosts, self._local_address)
        if isinstance(response, Deferred):
            # Meanwhile nothing else is read from this client.
            response.addCallback(lambda later: self._answer(request, later, _SLOW_REQUEST_TOKENS))
        else:
            self._answer(request, response)

    def _answer(self, request: Request, response: Response | Upgrade, tokens: int = 1) -> None:
        """Send the response.

        :param tokens: what the request costs of the rate limit.
        """
        if self._is_closing:
            return
        status = 101 if isinstance(response, Upgrade) else response.status
        self.log.debug(
            "{peer} {method} {path}: {status}",
            peer=self._peer,
            method=request.method,
            path=request.path,
            status=status,
        )
        if isinstance(response, Upgrade):
            self._move_to(request.peer.rpartition(":")[0])
            self._upgrade(response)
            return
        is_head = request.method == "HEAD"
        if response.file is not None and not is_head and response.status == HTTPStatus.OK:
            self._send_file(request, response, tokens)
            return
        # The body is not read, so the start of the next request is unknown.
        self._send(response, is_head=is_head, is_last=request.has_body)
        self._response_sent(tokens)

    def _response_sent(self, tokens: int) -> None:
        """Handle the next request, once the response is flushed."""
        if self._http.our_state is h11.MUST_CLOSE:
            self._close()
        else:
            self._http.next_event()  # EndOfMessage: there is no body
            self._start_next_cycle()
            self._timeout.start(limits.DEAD_PEER_SECONDS, self.abort)
            self._send_queue.when_ready(partial(self._resume_later, tokens))

    def _start_next_cycle(self) -> None:
        """Begin with the next request. Empty lines before it are dropped, as h11 refuses them."""
        self._http.start_next_cycle()
        rest, is_ended = self._http.trailing_data
        if rest.startswith(_LINE_ENDS):
            self._http = _make_parser()
            if request := rest.lstrip(b"\r\n"):
                self._http.receive_data(request)
            if is_ended:
                self._http.receive_data(b"")

    def _send_file(self, request: Request, response: Response, tokens: int) -> None:
        """Send a file, a piece whenever the client has read the one before."""
        assert response.file is not None  # noqa: S101  # nosec B101  # only called with a file
        try:
            sender = FileSender(response.file, self._chat.work_queue)
        except OSError:
            error = HTTPError("not-found", "The file cannot be read.")
            self._send(self._factory.router.reject(error), is_last=request.has_body)
            self._response_sent(tokens)
            return
        self._file = sender
        self._send_queue.send(None, self._head(response, is_last=request.has_body))

        def piece_read(piece: bytes) -> None:
            # Each piece has as long as a whole response.
            self._timeout.start(limits.DEAD_PEER_SECONDS, self.abort)
            self._send_queue.send(None, self._http.send(h11.Data(data=piece)))

        def ended() -> None:
            self._file = None
            self._send_queue.send(None, self._http.send(h11.EndOfMessage()))
            self._response_sent(tokens)

        sender.start(piece_read, self._send_queue.when_ready, ended, self.abort)

    def _send(self, response: Response, *, is_head: bool = False, is_last: bool = False) -> None:
        data = self._head(response, is_last=is_last)
        data += self._http.send(h11.Data(data=b"" if is_head else response.body))
        data += self._http.send(h11.EndOfMessage())
        self._send_queue.send(None, data)

    def _head(self, response: Response, *, is_last: bool) -> bytes:
        headers = [*response.headers, ("Date", formatdate(self._chat.now() / 1_000, usegmt=True))]
        if is_last:
            headers.append(("Connection", "close"))
        # RFC 9110, section 8.6: never in a 204, and in a 304 only the length of the 200.
        if response.status not in (HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT):
            headers.append(("Content-Length", str(response.length)))
        reason = HTTPStatus(response.status).phrase.encode("ascii")
        return self._http.send(
            h11.Response(status_code=response.status, headers=headers, reason=reason)
        )

    def _reject(self, code: str, *, is_head: bool = False) -> None:
        """Send an error and close: the start of the next request is unknown."""
        error = HTTPError(code, _ERROR_MESSAGES[code])
        self._send(self._factory.router.reject(error), is_head=is_head, is_last=True)
        self._close()

    def _move_to(self, host: str) -> None:
        """Count this connection, which a proxy has made, as one of the client at `host`."""
        if host != self._host:
            self._factory.connection_moved(self._host, host)
            self._host = host

    def _upgrade(self, upgrade: Upgrade) -> None:
        self._http.next_event()  # EndOfMessage: there is no body
        switch = h11.InformationalResponse(
            status_code=HTTPStatus.SWITCHING_PROTOCOLS,
            headers=list(upgrade.headers),
            reason=HTTPStatus.SWITCHING_PROTOCOLS.phrase.encode("ascii"),
        )
        # This reaches the transport at once: the response before it is flushed, so the queue is
        # empty. Then unregister it: the WebSocket's queue becomes the producer.
        self._send_queue.send(None, self._http.send(switch))
        self._stop_http()
        self.transport.unregisterProducer()
        self._resume_reading()
        self._websocket = WebSocket(upgrade.session, self.transport)
        # A client may send frames directly behind its request; h11 has them in its buffer.
        frames, _ = self._http.trailing_data
        if frames:
            self._websocket.data_received(frames)
        if self._is_read_lost:
            self._websocket.eof_received()

    # --- pausing, timeouts and the end ----------------------------------------------------------

    def _pause_reading(self) -> None:
        """Queue the handling of the received data, and pause reading until then."""
        if not self._is_paused:
            self._is_paused = True
            self.transport.pauseProducing()
            self._chat.work_queue.add(self._handle_next_request)

    def _resume_later(self, tokens: int) -> None:
        """The response is flushed: resume, but wait as long as the rate limit demands."""
        wait = self._bucket.take(self._clock.seconds(), tokens)
        self._resume_call = self._clock.callLater(wait, self._resume)

    def _resume(self) -> None:
        self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)
        self._chat.work_queue.add(self._handle_next_request)

    def _request_timed_out(self) -> None:
        if self._is_paused:  # received data waits in the work queue: the server is late
            self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)
        elif self._http.trailing_data[0]:
            self._reject("too-late")
        else:
            self._close()

    def _close(self) -> None:
        """Half-close once everything is flushed; the client closes the other half.

        Until then the server reads and discards what arrives. If it closed both halves at once,
        data in flight would make its kernel reset the connection, and the client might lose the
        last response (RFC 9112, section 9.6). A client that takes too long is cut off:
        ``DEAD_PEER_SECONDS`` until the flush, ``SHUTDOWN_SECONDS`` after it.
        """
        self._is_closing = True
        self._timeout.start(limits.DEAD_PEER_SECONDS, self.abort)
        self._send_queue.close_after_flush()
        self._resume_reading()

    def _resume_reading(self) -> None:
        if not self._is_read_lost:
            self.transport.resumeProducing()

    def _stop_http(self) -> None:
        self._factory.connections.discard(self)
        if self._file is not None:
            self._file.close()
        self._timeout.cancel()
        self._send_queue.close()
        if self._resume_call is not None and self._resume_call.active():
            self._resume_call.cancel()


@implementer(IProtocolNegotiationFactory)
class HTTPFactory(ServerFactory):
    """Makes the connections of the web port, and bounds their number.

    :ivar connections: the open connections that are not WebSockets.
    :ivar host_names: the names in ``Host`` that mean this server, besides its address, as
        :func:`chatd.web.hosts.allowed_hosts` takes them.
    """

    noisy = False

    def __init__(self, chat: Chat, settings: WebSettings = WebSettings()) -> None:  # noqa: B008  # it is frozen
        self.settings = settings
        self.router = make_router(chat, settings)
        self.host_names = settings.names | {"localhost:", f"{gethostname().lower()}:"}
        self.connections: set[HTTPConnection] = set()
        self._connections_by_host: Counter[str] = Counter()

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        peer: Any = addr  # an IPv4Address or an IPv6Address: the server listens on TCP only
        host = unmap_ipv4(peer.host)
        chat = self.router.chat
        if not self.is_proxy(host):
            if not chat.connection_throttle.admit(host):
                return Rejected()
            if self._is_over_address_limit(host):
                chat.counters["closed silently"] += 1
                return Rejected()
        if len(self.connections) >= limits.HTTP_CONNECTIONS:
            chat.counters["closed silently"] += 1
            return Rejected()
        return HTTPConnection(self, host, peer.port)

    def respond(
        self, request: Request, allowed_hosts: Collection[str], address: str
    ) -> Response | Upgrade | Deferred[Response]:
        """The response to `request`, which has come to `address` (``ADDRESS:PORT``).

        A proxy's connections are not limited when they are made, as they may be for any client. The
        limits of an address apply to the WebSockets, which last.
        """
        if request.is_forwarded and request.path == "/socket":
            host = request.peer.rpartition(":")[0]
            is_admitted = self.router.chat.connection_throttle.admit(host)
            if not is_admitted or self._is_over_address_limit(host):
                code = "too-many-from-address"
                return self.router.reject(HTTPError(code, _ERROR_MESSAGES[code]))
        return self.router.handle(request, allowed_hosts, address)

    def is_proxy(self, host: str) -> bool:
        """Whether the reverse proxy at `host` is believed."""
        return host in self.settings.proxies

    def _is_over_address_limit(self, host: str) -> bool:
        count = self._connections_by_host[host]
        is_local = self.router.chat.connection_throttle.is_local(host)
        return count >= limits.ADDRESS_PAGE_CONNECTIONS and not is_local

    def connection_opened(self, connection: HTTPConnection, host: str) -> None:
        """Count a connection from `host`."""
        self.connections.add(connection)
        self._connections_by_host[host] += 1

    def connection_closed(self, host: str) -> None:
        """Stop counting a connection from `host`, HTTP or WebSocket."""
        self._connections_by_host[host] -= 1
        if not self._connections_by_host[host]:
            del self._connections_by_host[host]

    def connection_moved(self, old: str, new: str) -> None:
        """Count a connection from `old`, a proxy, as one from `new`."""
        self.connection_closed(old)
        self._connections_by_host[new] += 1

    def acceptableProtocols(self) -> list[bytes]:
        """The protocols offered in ALPN (RFC 7301), if the port uses TLS."""
        return [b"http/1.1"]

    @override
    def stopFactory(self) -> None:
        # Only HTTP connections: the chat ends the WebSockets, whose sessions are its own.
        for connection in list(self.connections):
            connection.abort()
