"""Ports that speak nothing but TLS."""

from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import limits
from chatd.server.timing import Timeout
from chatd.wire.foreign_protocols import HANDSHAKE_RECORD

_REFUSAL = b"This port speaks TLS only.\n"


class TLSPortTransport(BufferingTLSTransport):
    """A connection under TLS: it ends unless TLS is what the client speaks, and soon.

    OpenSSL itself waits for a whole record, however long that takes, and takes text for one.
    """

    factory: "TLSPortFactory"
    transport: Any  # an ITCPTransport, once it is connected
    _has_data = False

    @override
    def makeConnection(self, transport: Any) -> None:
        self._handshake_timeout = Timeout(self.factory.clock)
        self._handshake_timeout.start(limits.FIRST_LINE_TIMEOUT_SECONDS, self._time_out)
        super().makeConnection(transport)

    @override
    def dataReceived(self, data: bytes) -> None:
        if not self._has_data and data[:1] != HANDSHAKE_RECORD:
            # The transport below: what is written to this one waits for a handshake.
            self.transport.write(_REFUSAL)
            self.transport.loseConnection()
            return
        self._has_data = True
        super().dataReceived(data)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._handshake_timeout.cancel()
        super().connectionLost(reason)

    def _time_out(self) -> None:
        if not self._handshakeDone:  # Twisted has no public name for it
            self.abortConnection()


class TLSPortFactory(TLSMemoryBIOFactory):
    """Makes the connections of `factory` under TLS.

    :param context: an ``IOpenSSLServerConnectionCreator``.
    """

    protocol = TLSPortTransport
    noisy = False

    def __init__(self, context: Any, factory: ServerFactory, clock: IReactorTime) -> None:
        super().__init__(context, False, factory, clock)
        self.clock = clock
