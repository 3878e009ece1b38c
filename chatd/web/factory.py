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
from chatd.server.addresses import plain
from chatd.server.factory import ChatFactory, Unwelcome
from chatd.web.connection import PageConnection
from chatd.web.site import site
from chatd.web.turns import Turns


@implementer(IProtocolNegotiationFactory)
class PageFactory(ServerFactory):
    """Makes the connections of the web page's port.

    :ivar turns: when requests are answered.
    :ivar connections: those that are no WebSocket.
    :ivar names: what this server may be called in a browser, besides its address.
    """

    noisy = False

    def __init__(self, chat: ChatFactory) -> None:
        self.site = site(chat)
        self.names = frozenset({"localhost", gethostname().lower()})
        self.turns = Turns(chat.clock)
        self.connections: set[PageConnection] = set()
        self._held: Counter[str] = Counter()

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or one that is closed at once."""
        peer: Any = addr  # an IPv4Address or an IPv6Address: the server listens on TCP only
        host = plain(peer.host)
        chat = self.site.chat
        if not chat.may_connect(host):
            return Unwelcome()
        is_greedy = self._held[host] >= limits.ADDRESS_PAGE_CONNECTIONS and not chat.is_near(host)
        if is_greedy or len(self.connections) >= limits.HTTP_CONNECTIONS:
            chat.counters["closed silently"] += 1
            return Unwelcome()
        return PageConnection(self, host, peer.port)

    def opened(self, connection: PageConnection, host: str) -> None:
        """There is one more connection, from `host`."""
        self.connections.add(connection)
        self._held[host] += 1

    def closed(self, host: str) -> None:
        """There is one less from `host`, whatever it was."""
        self._held[host] -= 1
        if not self._held[host]:
            del self._held[host]

    def acceptableProtocols(self) -> list[bytes]:
        """What a browser is told that asks before it speaks, which it does over TLS (ALPN)."""
        return [b"http/1.1"]

    def stopFactory(self) -> None:
        """Nobody listens any more: close what is no WebSocket, which the chat ends itself."""
        for connection in list(self.connections):
            connection.abort()
