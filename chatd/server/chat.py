"""The chat that a server runs: one hub, and the sessions of everyone connected to it.

All ports of a server, and the web page, share one :class:`Chat`. A port's factory makes the
connections (``server.factory``, ``web.http``), and each connection's session (``server.session``)
brings its commands here.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import WrongPassword
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.outbox import MemberId
from chatd.rate_limit import AddressBuckets, TokenBucket
from chatd.server.event_log import command_logger, with_event_log
from chatd.server.fanout import Fanout
from chatd.server.send_queue import Input, Output
from chatd.server.throttle import ConnectionThrottle, ReadThrottle
from chatd.server.work_queue import WorkQueue

#: The reason that every member is given when the server ends.
STOPPING: Final = "server is stopping"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of a server; 0 for `timeout`, `flood` or `accept_rate` means no limit.

    :param timeout: seconds without activity after which a member is disconnected.
    :param flood: frames per second that a client may send.
    :param accept_rate: connections per second that one address may open.
    :param own_addresses: this host's addresses, to which `accept_rate` does not apply.
    :param log_level: log events below it are not even created.
    """

    server_id: str
    slots: int = limits.SLOTS
    history: int = limits.HISTORY_MESSAGES
    timeout: float = limits.INACTIVITY_SECONDS
    flood: float = limits.FLOOD_FRAMES_PER_SECOND
    accept_rate: float = limits.ACCEPT_CONNECTIONS_PER_SECOND
    own_addresses: frozenset[str] = frozenset()
    log_level: str = "info"


class ChatConnection(Protocol):
    """A session, as far as the chat needs to know it: :class:`chatd.server.session.Session`."""

    member_id: MemberId | None

    def disconnect(self, reason: str) -> None:
        """End the membership and the connection."""


class Chat:
    """The running chat, shared by all ports.

    :param clock: for timeouts.
    :param now: returns the time of day, in milliseconds since 1970.
    :ivar log_command: logs a request and its result.
    :ivar check_password: fires with the account's name as it is stored, or fails with a refusal.
    :ivar sessions: every session from its start until its connection is lost.
    :ivar rejected_sessions: how many sessions have no slot, and wait to be told that the server is
        full.
    :ivar is_ending: whether the server is stopping; a session that starts now is told so.
    :ivar work_queue: what must not delay the chat; HTTP requests, for example.
    :ivar counters: the number of refusals, by code.
    """

    log = Logger()

    def __init__(
        self, settings: ServerSettings, clock: IReactorTime, now: Callable[[], int]
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.now = now
        self.fanout = Fanout(clock, now)
        self.hub = Hub(
            HubSettings(settings.server_id, settings.slots, settings.history),
            with_event_log(self.fanout, settings.log_level, clock),
            now(),
        )
        self.log_command = command_logger(self.hub.nickname, settings.log_level)
        self.check_password: Callable[[Authenticate, str], Deferred[str]] = _no_accounts
        self.sessions: set[ChatConnection] = set()
        self.rejected_sessions = 0
        self.is_ending = False
        self.counters: Counter[str] = Counter()
        self.connection_throttle = ConnectionThrottle(
            settings.accept_rate, clock, settings.own_addresses, self.counters
        )
        self.work_queue = WorkQueue(clock)
        address_rate = settings.flood * limits.FLOOD_ADDRESS_FACTOR
        self._address_buckets = AddressBuckets(
            address_rate,
            address_rate * limits.FLOOD_ADDRESS_BURST_FACTOR,
            limits.THROTTLED_ADDRESSES,
        )
        self._all_closed: Deferred[None] | None = None

    def flood_bucket(self) -> TokenBucket:
        """A new bucket for what one client sends; it holds a burst of twice the rate."""
        rate = self.settings.flood
        return TokenBucket(rate, rate * limits.FLOOD_BURST_FACTOR, self.clock.seconds())

    def read_throttle(self, address: str, input_: Input, output: Output) -> ReadThrottle:
        """A new throttle for the client at `address` (``ADDRESS:PORT``)."""
        host = address.rpartition(":")[0]
        return ReadThrottle(
            self.clock,
            self.flood_bucket(),
            self._address_buckets.get(host, self.clock.seconds()),
            self.work_queue,
            input_,
            output,
        )

    def remove(self, session: ChatConnection) -> None:
        """Forget a session whose connection is lost."""
        self.sessions.discard(session)
        if session.member_id is None:
            self.rejected_sessions -= 1
        if self._all_closed is not None and not self.sessions:
            all_closed, self._all_closed = self._all_closed, None
            all_closed.callback(None)

    def end(self) -> Deferred[None]:
        """Disconnect everyone; fires when every connection is closed.

        The hub is cleared first, so that members are not sent each other's leaving, which would be
        N² notices for N members. Each is sent one goodbye instead.
        """
        self.is_ending = True
        if not self.sessions:
            return succeed(None)
        self._all_closed = all_closed = Deferred[None]()
        self.log.info("disconnecting {count} clients: stopping", count=len(self.sessions))
        self.hub.clear()
        for session in list(self.sessions):
            session.disconnect(STOPPING)
        return all_closed


def _no_accounts(command: Authenticate, address: str) -> Deferred[str]:
    return fail(WrongPassword())
