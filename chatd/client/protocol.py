"""The client's connection: the native dialect from the other side."""

from typing import Any, Final, Protocol

from twisted.internet import error
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from chatd import tcp
from chatd.chat import limits
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import RequestId
from chatd.wire import native_client
from chatd.wire.frames import FromServer

#: The first that fits counts. A connection that breaks does not say whether by a reset or because
#: nothing was acknowledged for too long.
_DESCRIPTIONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (error.ConnectionRefusedError, "no server listens there"),
    (error.TCPTimedOutError, "nothing answers there"),
    (error.NoRouteError, "this host has no route there"),
    (error.DNSLookupError, "nobody knows that name"),
    (error.ConnectionDone, "the server closed the connection"),
    (error.ConnectionLost, "the connection broke"),
)


def describe_failure(failure: Failure) -> str:
    """What `failure` of a connection, made or not, means to a person: one phrase."""
    why = failure.value
    for kind, words in _DESCRIPTIONS:
        if isinstance(why, kind):
            return words
    if isinstance(why, error.ConnectError):
        # Without an error of this host's own, an ICMP message ended the attempt.
        return str(why.args[0]) if why.osError else "a firewall or a router on the way refuses it"
    return failure.getErrorMessage().rstrip(".")


#: What the server may send in one line: more than this client will ever see.
_LINE_BYTES: Final = 2 * limits.LINE_BYTES


class Client(Protocol):
    """Who a connection belongs to."""

    def connected(self, connection: "ServerConnection") -> None:
        """The connection is made."""

    def frame_received(self, frame: FromServer) -> None:
        """The server said something."""

    def connection_lost(self, connection: "ServerConnection", reason: str) -> None:
        """The connection is gone."""


class ServerConnection(LineReceiver):
    """One connection to a server."""

    delimiter = b"\n"
    MAX_LENGTH = _LINE_BYTES
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, client: Client) -> None:
        self._client: Client | None = client
        self._reason = ""

    def connectionMade(self) -> None:
        """Tell the owner."""
        tcp.set_socket_options(self.transport)
        if self._client is None:
            self.transport.abortConnection()
        else:
            self._client.connected(self)

    def lineReceived(self, line: bytes) -> None:
        """Hand on what the server says; what this client does not know is left out."""
        frame = native_client.decode(line)
        if frame is not None and self._client is not None:
            self._client.frame_received(frame)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Hang up on a peer that is no chat server."""
        self._reason = "the server sent a line that is too long"
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the owner why, in one phrase."""
        if self._client is not None:
            self._client.connection_lost(self, self._reason or describe_failure(reason))

    def send(self, command: ClientCommand, request_id: RequestId = None) -> None:
        """Ask the server for something."""
        self.transport.write(native_client.encode(command, request_id))

    def set_paused(self, paused: bool) -> None:
        """Read nothing for now, or read again; the server finds out by itself."""
        if self.transport is not None and paused:
            self.pauseProducing()
        elif self.transport is not None and self.paused:
            self.resumeProducing()

    def close(self) -> None:
        """Close the connection once everything has gone out; the owner hears nothing more."""
        self._client = None
        if self.transport is not None:
            self.transport.loseConnection()
