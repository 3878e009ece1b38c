"""The HTTP server of the web port: its connections and their factory.

h11 parses requests and serialises responses; :mod:`chatd.web.routes` chooses the response. The
server does not use ``twisted.web``, which leaves some of these without a bound: the head, the body,
a WebSocket's message, and how long a client may take. Its WebSocket also does not check ``Origin``
and loses the bytes that arrive directly behind the upgrade request.

docs/reference/web.rst describes what clients see.
"""

from collections import Counter
from collections.abc import Collection
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
from chatd.chat.errors import Refusal
from chatd.server.chat import Chat
from chatd.server.connection import HalfCloseable
from chatd.server.factory import Rejected
from chatd.server.send_queue import SendQueue
from chatd.server.timing import Timeout
from chatd.tcp import is_encrypted, join_address, unmap_ipv4
from chatd.web import hosts, messages, proxies
from chatd.web.file_sender import Client, FileSender
from chatd.web.messages import FileBody, HTTPError, Request, Response
from chatd.web.parser import BadRequest, Event, Parser
from chatd.web.routes import Answer, make_router
from chatd.web.settings import WebSettings
from chatd.web.uploads import PREFIX, Upload
from chatd.web.websocket import Upgrade, WebSocket

#: What a request costs that reads the archive, or searches: as much as a ``search`` frame.
_SLOW_REQUEST_TOKENS: Final = 1 + limits.SEARCH_COST_BYTES // limits.FLOOD_FRAME_BYTES

_NOT_MODIFIED: Final = HTTPStatus.NOT_MODIFIED


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
        self._parser = Parser()
        self._chat = factory.router.chat
        self._clock = self._chat.clock
        self._timeout = Timeout(self._clock)
        self._bucket = self._chat.flood_bucket()
        self._resume_call: IDelayedCall | None = None
        self._websocket: WebSocket | None = None
        self._file: FileSender | None = None
        self._upload: Upload | None = None
        self._unread_bytes = 0
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
        elif self._is_closing:
            self._discard(data)
        else:
            self._parser.receive(data)
            self._pause_reading()

    @override
    def eof_received(self) -> None:
        # The requests that the client has sent before its end are answered first.
        if self._websocket is not None:
            self._websocket.eof_received()
        elif not self._is_closing:
            self._parser.receive_end()
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

    def _handle_next_event(self) -> None:
        """Handle the next part of a request, or resume reading until it is complete."""
        if self._is_closing:
            return
        try:
            event = self._parser.next_event()
        except BadRequest as error:
            code = error.code if self._upload is None else "upload-incomplete"
            self._reject(code, is_head=error.is_head)
            return
        if isinstance(event, h11.Request):
            request = messages.parse_request(event, self._peer, self._scheme)
            trusted = self._factory.settings.proxies
            self._respond(proxies.original(request, self._host, trusted))
        elif isinstance(event, h11.ConnectionClosed):
            self._close()
        elif self._upload is not None:
            self._read_body(event, self._upload)
        else:
            self._is_paused = False
            self._resume_reading()

    def _respond(self, request: Request) -> None:
        response = self._factory.respond(request, self._allowed_hosts, self._local_address)
        if isinstance(response, Deferred):
            # Meanwhile nothing else is read from this client.
            tokens = 1 if request.path.startswith(PREFIX) else _SLOW_REQUEST_TOKENS
            response.addCallback(lambda later: self._answer(request, later, tokens))
        else:
            self._answer(request, response)

    # --- files that the client sends ------------------------------------------------------------

    def _receive(self, request: Request, upload: Upload) -> None:
        """Read the body of `request`, a file that is accepted."""
        self._upload = upload

        def answer(response: Response) -> None:
            self._upload = None
            self._answer(request, response)

        upload.response.addCallback(answer)
        self._send_queue.send(None, self._parser.continue_request())
        self._read_on()

    def _read_body(self, event: Event, upload: Upload) -> None:
        match event:
            case h11.Data(data=data):
                upload.receive(data)
                upload.when_ready(self._read_on)
            case h11.EndOfMessage():
                upload.complete()
            case _:
                self._is_paused = False
                self._resume_reading()
                self._timeout.start(upload.seconds_left(), self._upload_timed_out)

    def _read_on(self) -> None:
        self._chat.work_queue.add(self._handle_next_event)

    def _upload_timed_out(self) -> None:
        if self._is_paused:  # received data waits in the work queue, or for the disk
            self._timeout.start(limits.UPLOAD_SILENT_SECONDS, self._upload_timed_out)
        else:
            self._reject("upload-too-slow")

    def _discard(self, data: bytes) -> None:
        """Discard what arrives after the last response.

        A client that still sends a file which was refused gets the time to do so: otherwise its
        connection would be reset, and it might not see why.
        """
        if self._unread_bytes > 0:
            self._unread_bytes -= len(data)
            self._timeout.start(limits.SHUTDOWN_SECONDS, self.abort)

    # --- responses ------------------------------------------------------------------------------

    def _answer(self, request: Request, response: Answer, tokens: int = 1) -> None:
        """Send the response.

        :param tokens: what the request costs of the rate limit.
        """
        if isinstance(response, Upload):
            if self._is_closing:
                response.cancel()
            else:
                self._receive(request, response)
            return
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
        if response.file is not None and not is_head and response.status != _NOT_MODIFIED:
            self._send_file(request, response, response.file, tokens)
            return
        # Without the rest of the body, the start of the next request is unknown.
        is_last = request.has_body and not self._parser.is_request_read
        if is_last:
            self._unread_bytes = min(request.body_size or 0, limits.FILE_BYTES)
        self._send(response, is_head=is_head, is_last=is_last)
        self._response_sent(tokens)

    def _response_sent(self, tokens: int) -> None:
        """Handle the next request, once the response is flushed."""
        if self._parser.is_last:
            self._close()
        else:
            self._parser.start_next_cycle()
            self._timeout.start(limits.DEAD_PEER_SECONDS, self.abort)
            self._send_queue.when_ready(partial(self._resume_later, tokens))

    def _send_file(self, request: Request, response: Response, file: FileBody, tokens: int) -> None:
        """Send a file, a piece whenever the client has read the one before."""

        def piece_read(piece: bytes) -> None:
            # Each piece has as long as a whole response.
            self._timeout.start(limits.DEAD_PEER_SECONDS, self.abort)
            self._send_queue.send(None, self._parser.body(piece))

        def ended() -> None:
            self._file = None
            self._send_queue.send(None, self._parser.end())
            self._response_sent(tokens)

        client = Client(piece_read, self._send_queue.when_ready, ended, self.abort)
        self._file = sender = FileSender(file, self._chat.in_thread, self._chat.work_queue, client)

        def opened(result: None) -> None:
            if not self._is_closing:
                self._send_queue.send(None, self._head(response, is_last=False))
                sender.start()

        def failed(failure: Failure) -> None:
            self._file = None
            error = failure.value
            if not isinstance(error, Refusal):
                error = HTTPError("not-found", "The file cannot be read.")
            self._answer(request, self._factory.router.fail(error), tokens)

        sender.open().addCallbacks(opened, failed)

    def _send(self, response: Response, *, is_head: bool = False, is_last: bool = False) -> None:
        data = self._head(response, is_last=is_last)
        data += self._parser.body(b"" if is_head else response.body)
        self._send_queue.send(None, data + self._parser.end())

    def _head(self, response: Response, *, is_last: bool) -> bytes:
        return self._parser.head(response, self._chat.now() / 1_000, is_last=is_last)

    def _reject(self, code: str, *, is_head: bool = False) -> None:
        """Send an error and close: the start of the next request is unknown."""
        if self._upload is not None:
            self._upload.cancel()
            self._upload, self._unread_bytes = None, limits.FILE_BYTES
        error = messages.connection_error(code)
        self._send(self._factory.router.fail(error), is_head=is_head, is_last=True)
        self._close()

    def _move_to(self, host: str) -> None:
        """Count this connection, which a proxy has made, as one of the client at `host`."""
        if host != self._host:
            self._factory.connection_moved(self._host, host)
            self._host = host

    def _upgrade(self, upgrade: Upgrade) -> None:
        switch = self._parser.switch_protocols(upgrade.headers)
        # This reaches the transport at once: the response before it is flushed, so the queue is
        # empty. Then unregister it: the WebSocket's queue becomes the producer.
        self._send_queue.send(None, switch)
        self._stop_http()
        self.transport.unregisterProducer()
        self._resume_reading()
        self._websocket = WebSocket(upgrade.session, self.transport)
        # A client may send frames directly behind its request; h11 has them in its buffer.
        if frames := self._parser.unparsed:
            self._websocket.data_received(frames)
        if self._is_read_lost:
            self._websocket.eof_received()

    # --- pausing, timeouts and the end ----------------------------------------------------------

    def _pause_reading(self) -> None:
        """Queue the handling of the received data, and pause reading until then."""
        if not self._is_paused:
            self._is_paused = True
            self.transport.pauseProducing()
            self._chat.work_queue.add(self._handle_next_event)

    def _resume_later(self, tokens: int) -> None:
        """The response is flushed: resume, but wait as long as the rate limit demands."""
        wait = self._bucket.take(self._clock.seconds(), tokens)
        self._resume_call = self._clock.callLater(wait, self._resume)

    def _resume(self) -> None:
        self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)
        self._chat.work_queue.add(self._handle_next_event)

    def _request_timed_out(self) -> None:
        if self._is_paused:  # received data waits in the work queue: the server is late
            self._timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._request_timed_out)
        elif self._parser.has_data:
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
        if self._upload is not None:
            self._upload.cancel()
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
    ) -> Response | Upgrade | Deferred[Response | Upload]:
        """The response to `request`, which has come to `address` (``ADDRESS:PORT``).

        A proxy's connections are not limited when they are made, as they may be for any client. The
        limits of an address apply to the WebSockets, which last.
        """
        if request.is_forwarded and request.path == "/socket":
            host = request.peer.rpartition(":")[0]
            is_admitted = self.router.chat.connection_throttle.admit(host)
            if not is_admitted or self._is_over_address_limit(host):
                code = "too-many-from-address"
                return self.router.fail(messages.connection_error(code))
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
