"""The server's factory: it gives out slots, and owns the one hub that everyone talks through."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from chatd.chat import limits
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.refusals import Full
from chatd.server.chronicle import Chronicle
from chatd.server.fanout import Fanout
from chatd.server.protocol import Connection, MemberConnection, TurnedAway
from chatd.server.timing import TokenBucket
from chatd.wire.dialect import Dialect
from chatd.wire.native import Native


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server is made with; 0 for `timeout`, `flood` and `accept_rate` is no limit."""

    server_id: str
    slots: int = limits.SLOTS
    history: int = limits.HISTORY_MESSAGES
    timeout: float = limits.INACTIVITY_SECONDS
    flood: float = limits.FLOOD_FRAMES_PER_SECOND
    accept_rate: float = limits.ACCEPT_CONNECTIONS_PER_SECOND


class ChatFactory(ServerFactory):
    """Makes a connection of everyone who comes, as long as there are slots.

    :param clock: for everything that takes time.
    :param now: the time of day, in milliseconds since 1970.
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
        self.dialect: Dialect = Native()
        self.fanout = Fanout()
        self.hub = Hub(
            HubSettings(settings.server_id, settings.slots, settings.history),
            Chronicle(self.fanout),
            now(),
        )
        self.members: set[MemberConnection] = set()
        self.turned_away: set[TurnedAway] = set()
        self._ended: Deferred[None] | None = None
        self.counters: Counter[str] = Counter()
        self._accepted: dict[str, TokenBucket] = {}

    def buildProtocol(self, addr: IAddress | None) -> Connection | None:
        """A connection with a slot, or one that will be told there is none; None closes at once."""
        address: Any = addr  # an IPv4Address: the server listens on TCP only
        if self._comes_too_often(address.host):
            self.counters["accept-rate"] += 1
            return None
        try:
            return MemberConnection(self, self.hub.seat(f"{address.host}:{address.port}"))
        except Full:
            if len(self.turned_away) >= limits.TURNED_AWAY_CONNECTIONS:
                self.counters["closed silently"] += 1
                return None
            return TurnedAway(self)

    def forget(self, connection: Connection) -> None:
        """That connection is closed."""
        self.members.discard(connection)
        self.turned_away.discard(connection)
        if self._ended is not None and not (self.members or self.turned_away):
            ended, self._ended = self._ended, None
            ended.callback(None)

    def end(self) -> Deferred[None]:
        """Tell everyone that the server is stopping; fires when every connection is closed."""
        if not (self.members or self.turned_away):
            return succeed(None)
        self._ended = ended = Deferred[None]()
        self.log.info("telling {count} members that the server stops", count=len(self.members))
        self.hub.end()
        for member in list(self.members):
            member.dismiss("server is stopping")
        for connection in list(self.turned_away):
            connection.abort()
        return ended

    def _comes_too_often(self, host: str) -> bool:
        """Whether more connections come from `host` each second than may."""
        rate = self.settings.accept_rate
        if not rate or ip_address(host).is_loopback:
            return False
        now = self.clock.seconds()
        if host not in self._accepted:
            if len(self._accepted) >= limits.ACCEPT_ADDRESSES:
                self._accepted.clear()
            self._accepted[host] = TokenBucket(rate, rate, now)
        return not self._accepted[host].admit(now)
