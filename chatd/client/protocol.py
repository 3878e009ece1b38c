"""The client's end of the TCP connection, and what a failure of it means in words."""

from typing import Any, Final, Protocol

from twisted.internet import error
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from chatd import tcp
from chatd.chat import limits
from chatd.chat.commands import ClientCommand, Enter, Ping
from chatd.client.link import WatchedConnection
from chatd.wire import native_client
from chatd.wire.client_frames import ResumeData
from chatd.wire.frames import FromServer

#: The longest line that the server may send. A chatd server stays well below.
_LINE_BYTES: Final = 2 * limits.LINE_BYTES


class Client(Protocol):
    """The reports of a connection to the client that made it."""

    def connected(self, connection: "ServerConnection", fingerprint: str) -> None:
        """The connection is made, and over TLS its handshake is done.

        :param fingerprint: of the server's key, which the client must check; empty without TLS.
        """

    def reached(self) -> None:
        """The TCP connection is made; over TLS, the handshake follows."""

    def handshake_failed(self, connection: "ServerConnection", reason: str) -> None:
        """The connection is lost before TLS was spoken: perhaps the server does not speak it."""

    def frame_received(self, frame: FromServer) -> None:
        """The server sent a frame."""

    def connection_lost(self, connection: "ServerConnection", reason: str) -> None:
        """The connection is lost, for this reason: a phrase."""


@implementer(IHandshakeListener)
class ServerConnection(LineReceiver, WatchedConnection):
    """A connection to a server, in the native dialect.

    :param uses_tls: whether it is over TLS. Then nothing is sent before the handshake.
    """

    delimiter = b"\n"
    MAX_LENGTH = _LINE_BYTES
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, client: Client, uses_tls: bool = False) -> None:
        self._client: Client | None = client
        self._is_handshaking = uses_tls
        self._reason = ""

    @override
    def connectionMade(self) -> None:
        tcp.set_socket_options(self.transport, tcp.WATCHED_INTERVAL_SECONDS)
        if self._client is None:
            # close() was called while the endpoint was still connecting.
            self.transport.abortConnection()
            return
        self._client.reached()
        if not self._is_handshaking:
            self._client.connected(self, "")

    def handshakeCompleted(self) -> None:
        """The server has proved that it has its key; of Twisted's interface."""
        if self._client is None:
            return
        from chatd.tls.contexts import peer_fingerprint

        try:
            fingerprint = peer_fingerprint(self.transport)
        except ValueError:
            self.abort("the server's certificate cannot be read")
        else:
            self._is_handshaking = False
            self._client.connected(self, fingerprint)

    @override
    def lineReceived(self, line: bytes) -> None:
        frame = native_client.decode(line)
        # A frame that this client does not know is ignored: a later server may send new ones.
        if frame is not None and self._client is not None:
            self._client.frame_received(frame)

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        self.abort("the server sent a line that is too long")

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._client is None:
            return
        why = self._reason or describe_failure(reason)
        if self._is_handshaking:
            self._client.handshake_failed(self, why)
        else:
            self._client.connection_lost(self, why)

    def send(self, command: ClientCommand, request_id: int | None = None) -> None:
        """Send a command; the server's reply will have the same `request_id`.

        It is the command's number as well, under which the server carries it out once only.
        """
        self.transport.write(native_client.encode(command, request_id, request_id))

    def hello(self, nickname: str, resume: ResumeData | None = None) -> None:
        """Ask to enter, and to resume the session if there is one."""
        self.transport.write(native_client.encode(Enter(nickname), resume=resume))

    @property
    @override
    def local_address(self) -> str:
        return str(self.transport.getHost().host)

    @override
    def silence(self) -> tcp.Silence | None:
        return tcp.silence(self.transport)

    @override
    def ping(self) -> None:
        self.send(Ping())

    @override
    def abort(self, reason: str) -> None:
        self._reason = reason
        self.transport.abortConnection()

    def set_paused(self, paused: bool) -> None:
        """Stop reading, or resume; TCP's flow control makes the server wait."""
        if self.transport is not None and paused:
            self.pauseProducing()
        elif self.transport is not None and self.paused:
            self.resumeProducing()

    def drop(self) -> None:
        """Close the connection at once: what has not arrived will not; the client gets no calls."""
        self._client = None
        if self.transport is not None:
            self.transport.abortConnection()

    def close(self) -> None:
        """Close the connection when everything is written; the client gets no more calls."""
        self._client = None
        if self.transport is not None:
            self.transport.loseConnection()


#: The first entry that fits counts. ``ConnectionLost`` does not say whether the peer reset the
#: connection, or acknowledged nothing for too long.
_DESCRIPTIONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (error.ConnectionRefusedError, "connection refused, no server listens there"),
    (error.TCPTimedOutError, "connection timed out"),
    (error.NoRouteError, "no route to this address"),
    (error.DNSLookupError, "unknown host name"),
    (error.ConnectionDone, "the server closed the connection"),
    (error.ConnectionLost, "connection lost"),
)


def describe_failure(failure: Failure) -> str:
    """The reason why a connection was lost or not made: a phrase for the user."""
    reason = failure.value
    for kind, description in _DESCRIPTIONS:
        if isinstance(reason, kind):
            return description
    if isinstance(reason, error.ConnectError):
        # Twisted gives no OS error here if an ICMP message ended the attempt.
        return str(reason.args[0]) if reason.osError else "rejected by a firewall or a router"
    return failure.getErrorMessage().rstrip(".")
