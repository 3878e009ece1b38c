"""The server's factories: they give out slots, around the one hub that everyone talks through."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import Logger

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Full, WrongPassword
from chatd.chat.hub import Hub, HubSettings
from chatd.rate_limit import TokenBucket
from chatd.server.event_log import command_logger, with_event_log
from chatd.server.fanout import Fanout
from chatd.server.protocol import MainProtocol, ObjectProtocol, PlainProtocol
from chatd.server.session import STOPPING, Session
from chatd.tcp import unmap_ipv4
from chatd.wire.basic import Detecting
from chatd.wire.dialect import Dialect
from chatd.wire.jim import Jim
from chatd.wire.native import WebSocketNative
from chatd.wire.plain import Plain


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server is made with; 0 for `timeout`, `flood` and `accept_rate` is no limit.

    What is below `log_level` is not even made.
    """

    server_id: str
    slots: int = limits.SLOTS
    history: int = limits.HISTORY_MESSAGES
    timeout: float = limits.INACTIVITY_SECONDS
    flood: float = limits.FLOOD_FRAMES_PER_SECOND
    accept_rate: float = limits.ACCEPT_CONNECTIONS_PER_SECOND
    own_addresses: frozenset[str] = frozenset()
    log_level: str = "info"


@dataclass(frozen=True, slots=True)
class PortType:
    """One kind of port: its framing, its dialect, and how long one may take to say something."""

    framing: Callable[[Session], Protocol]
    dialect: Dialect
    registration_timeout: float


MAIN: Final = PortType(MainProtocol, Detecting(), limits.FIRST_LINE_TIMEOUT_SECONDS)
JIM: Final = PortType(ObjectProtocol, Jim(), limits.FIRST_LINE_TIMEOUT_SECONDS)
PLAIN: Final = PortType(PlainProtocol, Plain(), limits.REGISTRATION_SECONDS)


class ChatFactory(ServerFactory):
    """Makes a connection of everyone who comes to the main port, as long as there are slots.

    :param clock: for everything that takes time.
    :param now: the time of day, in milliseconds since 1970.
    :ivar record: takes note of each request, and what became of it.
    :ivar check_password: the account whose password this is; fails with a refusal.
    :ivar is_ending: whether whoever still comes is told that the server stops.
    :ivar counters: how often what was refused, by the code of the refusal.
    """

    log = Logger()
    noisy = False

    def __init__(
        self, settings: ServerSettings, clock: IReactorTime, now: Callable[[], int]
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.now = now
        self.fanout = Fanout(clock, now)
        self.hub = Hub(
            HubSettings(settings.server_id, settings.slots, settings.history),
            with_event_log(self.fanout, settings.log_level),
            now(),
        )
        self.record = command_logger(self.hub.nickname, settings.log_level)
        self.check_password: Callable[[Authenticate, str], Deferred[str]] = _no_accounts
        self.sessions: set[Session] = set()
        self.is_ending = False
        self.counters: Counter[str] = Counter()
        self._rejected = 0
        self._all_closed: Deferred[None] | None = None
        self._accepted: dict[str, TokenBucket] = {}

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """A connection to the main port; None closes it at once."""
        return self.accept(addr, MAIN)

    def accept(self, addr: IAddress | None, port: PortType) -> Protocol | None:
        """A connection with a slot, or one that will be told there is none."""
        peer: Any = addr  # an IPv4Address or an IPv6Address: the server listens on TCP only
        host = unmap_ipv4(peer.host)
        if not self.allow_connection(host):
            return None
        address = f"{host}:{peer.port}"
        try:
            member_id = self.hub.reserve_slot(address)
        except Full:
            if self._rejected >= limits.REJECTED_CONNECTIONS:
                self.counters["closed silently"] += 1
                return None
            self._rejected += 1
            member_id = None
        return port.framing(
            Session(self, address, member_id, port.dialect, port.registration_timeout)
        )

    def allow_connection(self, host: str) -> bool:
        """Whether one more connection may come from `host` now; one that may not is counted."""
        rate = self.settings.accept_rate
        if not rate or self.is_local(host):
            return True
        now = self.clock.seconds()
        if host not in self._accepted:
            if len(self._accepted) >= limits.ACCEPT_ADDRESSES:
                self._accepted.clear()
            self._accepted[host] = TokenBucket(rate, max(rate, 1.0), now)
        may_come = self._accepted[host].admit(now)
        if not may_come:
            self.counters["accept-rate"] += 1
        return may_come

    def is_local(self, host: str) -> bool:
        """Whether `host` is this very host, from which there may be any number of connections."""
        return ip_address(host).is_loopback or host in self.settings.own_addresses

    def stand(self, address: str) -> Session:
        """A browser's connection from `address` (``ADDRESS:PORT``), which takes no slot yet.

        Whoever asks for it must have it :meth:`~Participant.connected` next, and in the end
        :meth:`~Participant.lost`.

        :raises Refusal: if too many are about to enter.
        """
        member_id = self.hub.connect_without_slot(address)
        return Session(
            self, address, member_id, WebSocketNative(), limits.FIRST_LINE_TIMEOUT_SECONDS
        )

    def remove(self, session: Session) -> None:
        """That connection is closed."""
        self.sessions.discard(session)
        if session.member_id is None:
            self._rejected -= 1
        if self._all_closed is not None and not self.sessions:
            ended, self._all_closed = self._all_closed, None
            ended.callback(None)

    def end(self) -> Deferred[None]:
        """Tell everyone that the server is stopping; fires when every connection is closed."""
        self.is_ending = True
        if not self.sessions:
            return succeed(None)
        self._all_closed = ended = Deferred[None]()
        self.log.info("telling {count} people that the server stops", count=len(self.sessions))
        self.hub.clear()
        for participant in list(self.sessions):
            participant.disconnect(STOPPING)
        return ended


class DialectFactory(ServerFactory):
    """Makes the connections of a port of another dialect, to the same chat."""

    noisy = False

    def __init__(self, chat: ChatFactory, port: PortType) -> None:
        self._chat = chat
        self._port = port

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or one that is closed at once."""
        return self._chat.accept(addr, self._port) or Rejected()


class Rejected(Protocol):
    """A connection that is closed at once, where it may be under TLS: that takes no None for it."""

    transport: Any  # an ITCPTransport, once it is connected

    def connectionMade(self) -> None:
        """Close."""
        self.transport.loseConnection()


def _no_accounts(command: Authenticate, address: str) -> Deferred[str]:
    return fail(WrongPassword())
