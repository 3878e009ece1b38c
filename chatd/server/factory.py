"""The server's factories: they accept connections, and give each one a slot of the chat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, ServerFactory
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.outbox import MemberId
from chatd.log.operations import Operation, ReserveSlot
from chatd.server.chat import Chat
from chatd.server.protocol import MainProtocol, ObjectProtocol, PlainProtocol
from chatd.server.session import Session
from chatd.tcp import unmap_ipv4
from chatd.wire.basic import Detecting
from chatd.wire.dialect import Dialect
from chatd.wire.jim import Jim
from chatd.wire.plain import Plain


@dataclass(frozen=True, slots=True)
class PortType:
    """One kind of port.

    :param framing: makes the protocol that cuts a session's stream into frames.
    :param dialect: returns that of a new connection.
    :param registration_timeout: seconds that a client has to register in.
    :param connect: makes the operation that adds a connection to the hub, from its address and the
        name of the node: with a slot at once, or without one until it enters.
    """

    framing: Callable[[Session], Protocol]
    dialect: Callable[[Chat], Dialect]
    registration_timeout: float
    connect: Callable[[str, str], Operation[MemberId]] = ReserveSlot


MAIN: Final = PortType(MainProtocol, lambda chat: Detecting(), limits.FIRST_LINE_TIMEOUT_SECONDS)
JIM: Final = PortType(ObjectProtocol, lambda chat: Jim(), limits.FIRST_LINE_TIMEOUT_SECONDS)
PLAIN: Final = PortType(PlainProtocol, lambda chat: Plain(), limits.REGISTRATION_SECONDS)


class ChatFactory(ServerFactory):
    """Makes the connections of a port, as long as there are slots.

    It gives out the slots, and keeps track of them and of the nicknames in the hub of `chat`
    (:attr:`Chat.hub`) rather than in attributes of its own: several ports, each with a factory,
    share the slots and the nicknames of one chat.
    """

    noisy = False

    def __init__(self, chat: Chat, port_type: PortType = MAIN) -> None:
        self.chat = chat
        self._port_type = port_type

    def make_protocol(self, session: Session, host: str) -> Protocol:
        """The protocol of a session.

        :param host: the address of the client.
        """
        return self._port_type.framing(session)

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """A connection with a slot, or one that will be told that the server is full.

        None closes the connection at once, without a word: its address connects too often, or too
        many wait already to be told that the server is full.
        """
        peer: Any = addr  # an IPv4Address or an IPv6Address: the server listens on TCP only
        host = unmap_ipv4(peer.host)
        chat = self.chat
        if not chat.connection_throttle.admit(host):
            return None
        if not chat.free_slots and chat.rejected_sessions >= limits.REJECTED_CONNECTIONS:
            chat.counters["closed silently"] += 1
            return None
        address = f"{host}:{peer.port}"
        port = self._port_type
        session = Session(
            chat,
            address,
            port.connect(address, chat.settings.node),
            port.dialect(chat),
            port.registration_timeout,
        )
        return self.make_protocol(session, host)


class MainFactory(ChatFactory):
    """Makes the connections of a main port that speaks TLS, too.

    :param tls: what TLS is spoken with: an ``IOpenSSLServerConnectionCreator``.
    :param requires_tls: whether other hosts must speak it.
    """

    def __init__(self, chat: Chat, tls: Any, requires_tls: bool) -> None:
        super().__init__(chat)
        self._tls = tls
        self._requires_tls = requires_tls

    @override
    def make_protocol(self, session: Session, host: str) -> Protocol:
        is_local = self.chat.connection_throttle.is_local(host)
        return MainProtocol(session, self._tls, self._requires_tls and not is_local)


class DialectFactory(ChatFactory):
    """Makes the connections of a port that may be under TLS, which takes no None for a protocol."""

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return super().buildProtocol(addr) or Rejected()


class Rejected(Protocol):
    """A connection that is closed at once."""

    transport: Any  # an ITCPTransport, once it is connected

    @override
    def connectionMade(self) -> None:
        self.transport.loseConnection()
