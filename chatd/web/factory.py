"""The port of the web page: takes connections, as many as there may be, to the one chat.

HTTP is read by h11 and WebSockets by wsproto, both without I/O, and not by ``twisted.web``: here
every head, every message, every wait and the number of connections is bounded, each request's
``Host`` and ``Origin`` are looked at, and what is sent right behind an upgrade is not lost.
"""

from collections import Counter
from socket import gethostname
from typing import Any

from twisted.internet.interfaces import IAddress, IProtocolNegotiationFactory
from twisted.internet.protocol import Protocol, ServerFactory
from zope.interface import implementer

from chatd.chat import limits
from chatd.server.addresses import unmap_ipv4
from chatd.server.factory import ChatFactory, Rejected
from chatd.web.connection import HTTPConnection
from chatd.web.site import make_router
from chatd.web.turns import WorkQueue


@implementer(IProtocolNegotiationFactory)
class HTTPFactory(ServerFactory):
    """Makes the connections of the web page's port.

    :ivar turns: when requests are answered.
    :ivar connections: those that are no WebSocket.
    :ivar names: what this server may be called in a browser, besides its address.
    """

    noisy = False

    def __init__(self, chat: ChatFactory) -> None:
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
        if not chat.allow_connection(host):
            return Rejected()
        is_greedy = self._connections_by_host[
            host
        ] >= limits.ADDRESS_PAGE_CONNECTIONS and not chat.is_local(host)
        if is_greedy or len(self.connections) >= limits.HTTP_CONNECTIONS:
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
