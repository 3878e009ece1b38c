"""The chat that a server runs: one hub, and the sessions of everyone connected to it.

All ports of a server, and the web page, share one :class:`Chat`. A port's factory makes the
connections (``server.factory``, ``web.http``), and each connection's session (``server.session``)
brings its commands here.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Final, Protocol

from msgspec import UNSET, UnsetType
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Refusal, ServerFailed, WrongPassword
from chatd.chat.events import ServerNotice
from chatd.chat.hub import HubSettings
from chatd.chat.model import Member
from chatd.chat.outbox import NOBODY, MemberId
from chatd.chat.resuming import CONNECTION_LOST
from chatd.chat.server_events import Node, ServerKey
from chatd.files.store import FileStore, InThread
from chatd.log.direct_log import DirectLog
from chatd.log.engine import Store
from chatd.log.journal_log import JournalLog
from chatd.log.missing_messages import Peer, PeerFailed
from chatd.log.node_archive import NodeArchive
from chatd.log.node_operations import ChangeNode, CountWrongPassword, accounts_digest
from chatd.log.operations import (
    LoseConnection,
    Operation,
    RemoveMember,
    SetAccounts,
    SetFingerprints,
    Tick,
)
from chatd.log.ordered_log import OrderedLog
from chatd.log.shared_engine import SharedEngine
from chatd.log.shared_log import SharedLog
from chatd.rate_limit import AddressBuckets, TokenBucket
from chatd.server.event_log import command_logger, with_event_log
from chatd.server.fanout import Fanout
from chatd.server.host_code import HostCode, new_host_code
from chatd.server.room_keys import RoomKeys
from chatd.server.send_queue import Input, Output
from chatd.server.throttle import ConnectionThrottle, ReadThrottle
from chatd.server.work_queue import WorkQueue

#: A session's token has 128 bits.
_TOKEN_BYTES: Final = 16

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
    :param node: the name of this machine in a cluster; empty without one.
    """

    server_id: str
    slots: int = limits.SLOTS
    history: int = limits.HISTORY_MESSAGES
    timeout: float = 0
    flood: float = limits.FLOOD_FRAMES_PER_SECOND
    accept_rate: float = limits.ACCEPT_CONNECTIONS_PER_SECOND
    own_addresses: frozenset[str] = frozenset()
    log_level: str = "info"
    node: str = ""


class ChatConnection(Protocol):
    """A session, as far as the chat needs to know it: :class:`chatd.server.session.Session`."""

    rejection: Refusal | None
    member_id: MemberId | None

    def abort(self, reason: str) -> None:
        """Close the connection at once; the member leaves for that reason."""

    def disconnect(self, reason: str) -> None:
        """End the membership and the connection."""


class Chat:
    """The running chat, shared by all ports.

    :param clock: for timeouts.
    :param now: returns the time of day, in milliseconds since 1970.
    :param store: keeps the chat; None if it ends with the server.
    :param shared: has the log of the cluster of which this server is a node; None for none.
    :param cpu_seconds: returns the processor time that this thread has used; None for the clock's.
    :ivar ordered_log: carries out what changes the chat.
    :ivar hub: to read from.
    :ivar archive: has the messages that the hub has no more; None if the chat is not kept.
    :ivar log_command: logs a request and its result.
    :ivar check_password: fires with the account's name as it is stored, or fails with a refusal.
    :ivar host_code: makes hosts of those who know it.
    :ivar room_keys: limits those who do not know the words of rooms.
    :ivar wrong_password: is told the address and the account's key when another node of the cluster
        was given a wrong password.
    :ivar new_token: makes the token of a session.
    :ivar describe_node: returns this node, as the others of its cluster are told of it.
    :ivar describe_key: returns the server's key for TLS, if it has one.
    :ivar files: the files that members send; None if the server takes none.
    :ivar files_url: returns the URL under which files are, for a client that has reached the server
        at an address, with TLS or without; empty if there is none.
    :ivar in_thread: makes a call on another thread, for reading and writing files.
    :ivar connect_node: connects to another node of the cluster, to read there.
    :ivar cluster_failed: is told why the node cannot go on, in a sentence.
    :ivar sessions: every session from its start until its connection is lost.
    :ivar rejected_sessions: how many sessions have no slot, and wait to be told that the server is
        full.
    :ivar is_ending: whether the server is stopping; a session that starts now is told so.
    :ivar work_queue: what must not delay the chat; HTTP requests, for example.
    :ivar counters: the number of refusals, by code.
    """

    log = Logger()

    def __init__(
        self,
        settings: ServerSettings,
        clock: IReactorTime,
        now: Callable[[], int],
        store: Store | None = None,
        cpu_seconds: Callable[[], float] | None = None,
        shared: SharedEngine | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.now = now
        self.fanout = Fanout(clock, now)
        self.ordered_log = self._make_log(store, shared)
        self.hub = self.ordered_log.hub
        self.archive = None if store is None else store.archive
        self.log_command = command_logger(self.hub.nickname, settings.log_level)
        self.check_password: Callable[[Authenticate, str], Deferred[str]] = _no_accounts
        self.host_code = HostCode(new_host_code(), clock)
        self.room_keys = RoomKeys(self.hub, clock)
        self.wrong_password: Callable[[str, str], None] = lambda host, account: None
        self.new_token: Callable[[], str] = _new_token
        self.describe_node: Callable[[], Node] = partial(Node, settings.node, (), ())
        self.describe_key: Callable[[], ServerKey | UnsetType] = lambda: UNSET
        self.files: FileStore | None = None
        self.files_url: Callable[[str, bool], str] = lambda address, is_encrypted: ""
        self.in_thread: InThread = maybeDeferred
        self.connect_node: Callable[[Node], Deferred[Peer]] = _no_connections
        self.cluster_failed: Callable[[str], None] = lambda reason: None
        self._accounts: dict[str, bool] = {}
        self._hosts: frozenset[str] = frozenset()
        self._fingerprints: dict[str, str] = {}
        self._accounts_digest = ""
        self._has_begun = False
        self.sessions: set[ChatConnection] = set()
        self.rejected_sessions = 0
        self.is_ending = False
        self.counters: Counter[str] = Counter()
        self.connection_throttle = ConnectionThrottle(
            settings.accept_rate, clock, settings.own_addresses, self.counters
        )
        self.work_queue = WorkQueue(clock, cpu_seconds or clock.seconds)
        address_rate = settings.flood * limits.FLOOD_ADDRESS_FACTOR
        self._address_buckets = AddressBuckets(
            address_rate,
            address_rate * limits.FLOOD_ADDRESS_BURST_FACTOR,
            limits.THROTTLED_ADDRESSES,
        )
        self._all_closed: Deferred[None] | None = None
        self._tick: IDelayedCall | None = None

    def _make_log(self, store: Store | None, shared: SharedEngine | None) -> OrderedLog:
        settings, clock, now = self.settings, self.clock, self.now
        outbox = with_event_log(self.fanout, settings.log_level, clock)
        is_archived = store is not None or shared is not None
        slots = settings.slots if shared is None else 0
        hub_settings = HubSettings(settings.server_id, slots, settings.history, is_archived)
        if shared is not None:
            return SharedLog(
                *(hub_settings, outbox, now, clock, shared, self),
                node=settings.node,
                slots=settings.slots,
                archive=None if store is None else NodeArchive(store.engine, store.archive, clock),
                logs_digests=settings.log_level == "debug",
            )
        if store is not None:
            return JournalLog(hub_settings, outbox, now, clock, store, self.notify)
        return DirectLog(hub_settings, outbox, now, clock.seconds)

    @property
    def free_slots(self) -> int:
        """How many more members there may be on this node."""
        if self.ordered_log.is_cut_off:
            return 0
        # Those who may come back keep their slots, also if there are fewer since a restart.
        return max(0, self.hub.free_slots(self.settings.node))

    def drop_connections(self) -> None:
        """Close all connections: their clients resume on this node or another one."""
        for session in list(self.sessions):
            if session.member_id is not None:
                self.fanout.remove_member(session.member_id)
            session.abort(CONNECTION_LOST)

    def member_of(self, digest: str) -> Member | None:
        """The member on this node, perhaps one that is away, that has that session."""
        return self.hub.member_of(digest, self.settings.node)

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

    def open(self) -> Deferred[Exception | None]:
        """Restore the chat that was kept; fires with what has failed, if anything."""

        def opened(problem: Exception | None) -> Exception | None:
            if problem is not None:
                self.archive = None  # it has another chat, or none
            if self.ordered_log.problem:
                self.fanout.stand(ServerNotice(self.ordered_log.problem))
            self.schedule_tick()
            return problem

        return self.ordered_log.open().addCallback(opened)

    def notify(self, text: str) -> None:
        """Tell everybody in the chat something that concerns the server.

        A problem is told to those who come later as well, until it is over.
        """
        if text == self.ordered_log.problem:
            self.fanout.stand(ServerNotice(text))
        else:
            self.fanout.stand(None)
            self.fanout.to_all(ServerNotice(text), NOBODY)

    def schedule_tick(self) -> None:
        """Have the hub do what is due, when it is due."""
        if self._tick is not None and self._tick.active():
            # What begins now is due in AWAY_SECONDS at the earliest: thousands that are lost in one
            # moment need not look.
            if self._tick.getTime() <= self.clock.seconds() + limits.AWAY_SECONDS:
                return
            self._tick.cancel()
        # The nodes of a cluster have the ticks of their log.
        deadline = None if self.settings.node else self.hub.next_deadline()
        if deadline is not None and not self.is_ending:
            seconds = max(0, deadline - self.ordered_log.time()) / 1_000
            self._tick = self.clock.callLater(seconds, self._ask_tick)

    def _ask_tick(self) -> None:
        self.ordered_log.ask(Tick(), lambda _: self.schedule_tick())

    def set_accounts(
        self,
        accounts: Mapping[str, bool],
        fingerprints: Mapping[str, str],
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        """Replace the accounts, and end the sessions of those whose password is another one now.

        :param accounts: casefolded nicknames, and whether each is blocked.
        :param fingerprints: for each that is not blocked, a text that changes with its password.
        :param hosts: the accounts of hosts.
        """
        self._hosts = hosts
        self._accounts, self._fingerprints = dict(accounts), dict(fingerprints)
        self._accounts_digest = accounts_digest(accounts, fingerprints, hosts)
        self._ask_accounts()

    def remove_accounts(self) -> None:
        """Have no accounts: also if the chat that was kept had some, or that of a lone node."""
        self._accounts, self._fingerprints, self._accounts_digest = {}, {}, ""
        self._hosts = frozenset()
        self._ask_accounts()

    def _ask_accounts(self) -> None:
        if not self.settings.node or self._has_begun:
            self.ordered_log.ask(SetAccounts(self._accounts, self._hosts), self._accounts_set)
            self.ordered_log.ask(SetFingerprints(self._fingerprints), self._accounts_set)

    def _accounts_set(self, result: object) -> None:
        # Where the node has lost its life, they are set in the next one.
        if isinstance(result, ServerFailed) and not self.ordered_log.is_cut_off:
            self.log.error(
                "the {count} accounts could not be set: those from before need a password",
                count=len(self._accounts),
            )

    def describe_accounts(self) -> str:
        """What tells the accounts of this node from other ones; empty if it has none."""
        return self._accounts_digest

    def key_fingerprint(self) -> str:
        """That of the server's key for TLS; empty if it has none."""
        key = self.describe_key()
        return "" if isinstance(key, UnsetType) else key.fingerprint

    def send_accounts(self) -> None:
        """The node has begun: what it had asked for before may be lost."""
        self._has_begun = True
        self._ask_accounts()

    def tell_node(self) -> None:
        """Tell the other nodes of the cluster which addresses this one has now."""
        if self.settings.node:
            self.ordered_log.ask(ChangeNode(self.describe_node()), lambda _: None)

    def tell_wrong_password(self, host: str, account: str) -> None:
        """Tell the other nodes of the cluster of a wrong password.

        :param host: the address that has tried it, and `account`, its key; empty if there is none.
        """
        if self.settings.node:
            # The loopback address is another host on each node.
            operation = CountWrongPassword("" if ip_address(host).is_loopback else host, account)
            self.ordered_log.ask(operation, lambda _: None)

    def leave(self, member_id: MemberId, reason: str, left: Callable[[], None]) -> None:
        """Have a connection leave for that reason, or go away if it is lost; then call `left`."""
        operation: Operation[None] = RemoveMember(member_id, reason)
        if reason == CONNECTION_LOST:
            operation = LoseConnection(member_id)

        def done(result: object) -> None:
            if self.ordered_log.is_cut_off:
                self.fanout.remove_member(member_id)  # as the hub has not
            self.schedule_tick()
            left()

        self.ordered_log.ask(operation, done)

    def remove(self, session: ChatConnection) -> None:
        """Forget a session whose connection is lost."""
        self.sessions.discard(session)
        if session.rejection is not None:
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
        if self._tick is not None and self._tick.active():
            self._tick.cancel()
        if not self.sessions:
            if self.settings.node:  # the other nodes must know, and those of the next version
                self.ordered_log.ask(self.ordered_log.ending(), lambda _: None)
            return succeed(None)
        self._all_closed = all_closed = Deferred[None]()
        self.log.info("disconnecting {count} clients: stopping", count=len(self.sessions))
        cleared = Deferred[object]()
        self.ordered_log.ask(self.ordered_log.ending(), cleared.callback)
        # A log that does not answer must not hold up the end.
        cleared.addTimeout(limits.SHUTDOWN_SECONDS, self.clock).addBoth(self._cleared)
        return all_closed

    def _cleared(self, result: object) -> None:
        for session in list(self.sessions):
            session.disconnect(STOPPING)


def _new_token() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _no_accounts(command: Authenticate, address: str) -> Deferred[str]:
    return fail(WrongPassword())


def _no_connections(node: Node) -> Deferred[Peer]:
    return fail(PeerFailed("this server connects to nobody"))
