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
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.refusals import WrongPassword
from chatd.chat.registration import Full
from chatd.server.addresses import plain
from chatd.server.chronicle import chronicled, recorder
from chatd.server.fanout import Fanout
from chatd.server.participant import STOPPING, Participant
from chatd.server.protocol import MainProtocol, ObjectProtocol, PlainProtocol
from chatd.server.timing import TokenBucket
from chatd.wire.dialect import Dialect
from chatd.wire.jim import Jim
from chatd.wire.plain import Plain
from chatd.wire.undecided import Undecided
from chatd.wire.web import Web


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
class Port:
    """One kind of port: its framing, its dialect, and how long one may take to say something."""

    framing: Callable[[Participant], Protocol]
    dialect: Dialect
    patience: float


MAIN: Final = Port(MainProtocol, Undecided(), limits.FIRST_LINE_SECONDS)
JIM: Final = Port(ObjectProtocol, Jim(), limits.FIRST_LINE_SECONDS)
PLAIN: Final = Port(PlainProtocol, Plain(), limits.REGISTRATION_SECONDS)


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
            chronicled(self.fanout, settings.log_level),
            now(),
        )
        self.record = recorder(self.hub.nickname, settings.log_level)
        self.check_password: Callable[[Authenticate, str], Deferred[str]] = _no_accounts
        self.participants: set[Participant] = set()
        self.is_ending = False
        self.counters: Counter[str] = Counter()
        self._turned_away = 0
        self._ended: Deferred[None] | None = None
        self._accepted: dict[str, TokenBucket] = {}

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """A connection to the main port; None closes it at once."""
        return self.connection(addr, MAIN)

    def connection(self, addr: IAddress | None, port: Port) -> Protocol | None:
        """A connection with a slot, or one that will be told there is none."""
        peer: Any = addr  # an IPv4Address or an IPv6Address: the server listens on TCP only
        host = plain(peer.host)
        if not self.may_connect(host):
            return None
        address = f"{host}:{peer.port}"
        try:
            member_id = self.hub.seat(address)
        except Full:
            if self._turned_away >= limits.TURNED_AWAY_CONNECTIONS:
                self.counters["closed silently"] += 1
                return None
            self._turned_away += 1
            member_id = None
        return port.framing(Participant(self, address, member_id, port.dialect, port.patience))

    def may_connect(self, host: str) -> bool:
        """Whether one more connection may come from `host` now; one that may not is counted."""
        rate = self.settings.accept_rate
        if not rate or self.is_near(host):
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

    def is_near(self, host: str) -> bool:
        """Whether `host` is this very host, from which there may be any number of connections."""
        return ip_address(host).is_loopback or host in self.settings.own_addresses

    def stand(self, address: str) -> Participant:
        """A browser's connection from `address` (``ADDRESS:PORT``), which takes no slot yet.

        Whoever asks for it must have it :meth:`~Participant.connected` next, and in the end
        :meth:`~Participant.lost`.

        :raises Refusal: if too many are about to enter.
        """
        member_id = self.hub.stand(address)
        return Participant(self, address, member_id, Web(), limits.FIRST_LINE_SECONDS)

    def forget(self, participant: Participant) -> None:
        """That connection is closed."""
        self.participants.discard(participant)
        if participant.member_id is None:
            self._turned_away -= 1
        if self._ended is not None and not self.participants:
            ended, self._ended = self._ended, None
            ended.callback(None)

    def end(self) -> Deferred[None]:
        """Tell everyone that the server is stopping; fires when every connection is closed."""
        self.is_ending = True
        if not self.participants:
            return succeed(None)
        self._ended = ended = Deferred[None]()
        self.log.info("telling {count} people that the server stops", count=len(self.participants))
        self.hub.end()
        for participant in list(self.participants):
            participant.dismiss(STOPPING)
        return ended


class SideFactory(ServerFactory):
    """Makes the connections of a port of another dialect, to the same chat."""

    noisy = False

    def __init__(self, chat: ChatFactory, port: Port) -> None:
        self._chat = chat
        self._port = port

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or one that is closed at once."""
        return self._chat.connection(addr, self._port) or Unwelcome()


class Unwelcome(Protocol):
    """A connection that is closed at once, where it may be under TLS: that takes no None for it."""

    transport: Any  # an ITCPTransport, once it is connected

    def connectionMade(self) -> None:
        """Close."""
        self.transport.loseConnection()


def _no_accounts(command: Authenticate, address: str) -> Deferred[str]:
    return fail(WrongPassword())
