"""Fakes that work: an outbox, a network, a user interface."""

import os
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest_twisted
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol, Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from zope.interface import implementer

from chatd.chat.commands import (
    Command,
    Enter,
    ListUsers,
    ReadHistory,
    SendMessage,
    SendPrivate,
    Watch,
)
from chatd.chat.events import Event, History, Reply, RoomEntered, User, Users
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.moderation_events import SettingsChanged
from chatd.chat.outbox import MemberId
from chatd.client.invitation import Invitation
from chatd.client.status import Status
from chatd.client.ui import Choice, describe_target
from chatd.wire.rendering import render

#: Events that repeat others, for some dialects.
_REPEATING = (RoomEntered, SettingsChanged)


class RecordingOutbox:
    """An outbox that records the events of each member.

    :ivar received: the events that each member and watcher was sent, but not those it caused, and
        not those that repeat others for some dialects.
    :ivar recipients: the members and watchers.
    :ivar sent: all events but private messages, with their origins, in order.
    :ivar ended: the connections that were closed, and why.
    :ivar removed: the rooms and numbers of the messages that were removed, and by whom.
    """

    def __init__(self) -> None:
        self.received: dict[MemberId, list[Event]] = {}
        self.recipients: set[MemberId] = set()
        self.watchers: set[MemberId] = set()
        self.rooms: dict[str, set[MemberId]] = {}
        self.sent: list[tuple[MemberId, Event]] = []
        self.ended: list[tuple[MemberId, str]] = []
        self.removed: list[tuple[str, int, str]] = []

    def add_member(self, member: MemberId) -> None:
        self.received.setdefault(member, [])
        self.watchers.discard(member)
        self.recipients.add(member)

    def add_watcher(self, member: MemberId) -> None:
        self.add_member(member)
        self.watchers.add(member)

    def remove_member(self, member: MemberId) -> None:
        self.recipients.discard(member)
        self.watchers.discard(member)
        for members in self.rooms.values():
            members.discard(member)

    def join_room(self, member: MemberId, room: str) -> None:
        self.rooms.setdefault(room, set()).add(member)

    def leave_room(self, member: MemberId, room: str) -> None:
        self.rooms.setdefault(room, set()).discard(member)  # it may not be sent them yet

    def end_connection(self, member: MemberId, reason: str) -> None:
        self.ended.append((member, reason))

    def to_member(self, member: MemberId, event: Event) -> None:
        if not isinstance(event, _REPEATING):
            self.received[member].append(event)

    def to_all(self, event: Event, origin: MemberId, rooms: frozenset[str] | None = None) -> None:
        self._send(self.recipients, event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        self._send(self.rooms.get(room, set()) | self.watchers, event, origin)

    def to_members(self, room: str, event: Event, origin: MemberId) -> None:
        self._send(self.rooms.get(room, set()), event, origin)

    def remove_message(self, room: str, seq: int, by: str) -> None:
        self.removed.append((room, seq, by))

    def _send(self, members: set[MemberId], event: Event, origin: MemberId) -> None:
        if isinstance(event, _REPEATING):
            return
        self.sent.append((origin, event))
        for member in members:
            if member != origin:
                self.received[member].append(event)


@dataclass
class FakeUdpPort:
    """A UDP port that is not on the network: what is written to it is kept."""

    protocol: DatagramProtocol
    port: int
    interface: str
    closed: list["FakeUdpPort"]
    fails: OSError | None = None
    written: list[tuple[bytes, tuple[str, int]]] = field(default_factory=list)
    may_broadcast: bool = False
    is_open: bool = True

    def write(self, datagram: bytes, address: tuple[str, int]) -> None:
        if self.fails is not None:
            raise self.fails
        self.written.append((datagram, address))

    def setBroadcastAllowed(self, enabled: bool) -> None:
        self.may_broadcast = enabled

    def stopListening(self) -> Deferred[None]:
        self.is_open = False
        self.closed.append(self)
        return succeed(None)


class FakeUdpReactor(MemoryReactorClock):
    """A reactor with a clock to advance, and UDP ports that are only written down.

    :ivar udp: every port opened, in order; `broken` interfaces cannot be opened.
    """

    def __init__(self) -> None:
        super().__init__()
        self.udp: list[FakeUdpPort] = []
        self.closed: list[FakeUdpPort] = []
        self.broken: set[str] = set()

    def listenUDP(
        self, port: int, protocol: DatagramProtocol, interface: str = "", maxPacketSize: int = 8192
    ) -> FakeUdpPort:
        if interface in self.broken:
            raise CannotListenError(interface, port, OSError(99, "Cannot assign address"))
        opened = FakeUdpPort(protocol, port, interface, self.closed)
        protocol.transport = opened  # type: ignore[assignment]  # it does what is needed of one
        protocol.startProtocol()
        self.udp.append(opened)
        return opened

    def listenMulticast(
        self,
        port: int,
        protocol: DatagramProtocol,
        interface: str = "",
        maxPacketSize: int = 8192,
        listenMultiple: bool = False,
    ) -> FakeUdpPort:
        return self.listenUDP(port, protocol, interface)

    def open_udp(self, interface: str) -> FakeUdpPort:
        """The port that is open on `interface`."""
        [port] = [port for port in self.udp if port.interface == interface and port.is_open]
        return port


class FakeTcpPort:
    """A TCP port that is not on the network."""

    def __init__(self, network: "FakeNetwork", address: IPv4Address, backlog: int) -> None:
        self.address = address
        self.backlog = backlog
        self._network = network

    def getHost(self) -> IPv4Address:
        return self.address

    def stopListening(self) -> Deferred[None]:
        self._network.open_tcp.remove(self)
        return succeed(None)


class FakeNetwork(FakeUdpReactor):
    """A reactor whose TCP ports can be taken by others.

    :ivar taken: the addresses and ports that others listen on.
    :ivar free_ports: what the system gives to who asks for any free port, in this order.
    :ivar open_tcp: the ports open now.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taken: set[tuple[str, int]] = set()
        self.free_ports = list(range(50_000, 50_100))
        self.open_tcp: list[FakeTcpPort] = []

    def listenTCP(
        self, port: int, factory: Factory, backlog: int = 50, interface: str = ""
    ) -> FakeTcpPort:
        if not port:
            port = self.free_ports.pop(0)
        if (interface, port) in self.taken:
            raise CannotListenError(interface, port, OSError(98, "Address already in use"))
        opened = FakeTcpPort(self, IPv4Address("TCP", interface, port), backlog)
        self.open_tcp.append(opened)
        return opened

    def listening(self) -> list[tuple[str, int]]:
        """The addresses and ports listened on."""
        return [(port.address.host, port.address.port) for port in self.open_tcp]


class FakeRunningReactor(FakeUdpReactor):
    """A reactor that runs until it is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.running = True

    def stop(self) -> None:
        self.running = False

    def callWhenRunning(self, call: Any) -> None:  # type: ignore[override]  # enough for this
        call()


class FakeUI:
    """A user interface in memory: it records what is shown, and answers prompts when told to.

    :ivar shown: the lines of the chat.
    :ivar notices: what the client itself said.
    :ivar prompts: the questions, those for a password included.
    :ivar is_checking_password: whether lines are hidden and not taken.
    :ivar confirmed_messages: the user's messages that the server has confirmed.
    :ivar kept_lines: those that the server has not taken for now.
    :ivar transfers: how far a file was, each time that this was shown.
    :ivar closed_talks: the private talks that the user has closed.
    :ivar on_answer: called with the answer of the prompt that is open; None if none is.
    """

    def __init__(self, is_interactive: bool = False) -> None:
        self.is_interactive = is_interactive
        self.shown: list[str] = []
        self.notices: list[str] = []
        self.prompts: list[str] = []
        self.password_prompts: list[str] = []
        self.statuses: list[Status] = []
        self.confirmed_messages: list[SendMessage | SendPrivate] = []
        self.kept_lines: list[str] = []
        self.transfers: list[str] = []
        self.default = ""
        self.choices: list[Choice] = []
        self.closed_talks: list[str] = []
        self.is_input_paused = False
        self.is_checking_password = False
        self.on_answer: Callable[[str], Any] | None = None
        self.invitations: list[Invitation] = []

    def show_invitation(self, invitation: Invitation) -> None:
        self.invitations.append(invitation)

    def show_event(self, event: object) -> None:
        self.shown += render(event)

    def message_sent(
        self, message: SendMessage | SendPrivate, time: int | None, seq: int | None
    ) -> None:
        self.confirmed_messages.append(message)

    def message_refused(self, message: SendMessage, line: str) -> None:
        self.kept_lines.append(line)

    def set_status(self, status: Status) -> None:
        self.statuses.append(status)

    def show_transfer(self, description: str) -> None:
        self.transfers.append(description)

    def notify(self, message: str) -> None:
        self.notices.append(message)

    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        self.prompts.append(question)
        self.default = default
        self.on_answer = on_answer

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        self.choices = list(choices)
        self.prompt(question, on_answer)

    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        self.password_prompts.append(question)
        self.is_checking_password = False

        def answered(password: str) -> None:
            self.is_checking_password = bool(password)
            on_answer(password)

        self.prompt(question, answered)

    def password_checked(self) -> None:
        self.is_checking_password = False

    def answer(self, text: str) -> None:
        """Answer the last prompt."""
        on_answer, self.on_answer = self.on_answer, None
        assert on_answer is not None, "no prompt is open"
        on_answer(text)

    def switched(self, target: str) -> None:
        self.notices.append(describe_target(target))

    def closed(self, target: str) -> None:
        self.closed_talks.append(target)

    def clear(self) -> None:
        self.shown.clear()

    def pause_input(self) -> None:
        self.is_input_paused = True

    def resume_input(self) -> None:
        self.is_input_paused = False


#: When every :class:`Chat` began, in milliseconds since 1970.
STARTED = 1_000


class Chat:
    """A hub with a recording outbox, and a clock that advances by one for each command."""

    def __init__(self, slots: int = 9, history: int = 100) -> None:
        self.outbox = RecordingOutbox()
        self.hub = Hub(HubSettings("work", slots, history), self.outbox, STARTED)
        self.now = STARTED

    def reserve_slot(self, port: int = 1) -> MemberId:
        return self.hub.reserve_slot(f"127.0.0.1:{port}")

    def connect(self, port: int = 1) -> MemberId:
        return self.hub.connect_without_slot(f"127.0.0.1:{port}")

    def watch(self) -> MemberId:
        member = self.connect()
        self.handle(member, Watch())
        return member

    def enter(self, nickname: str) -> MemberId:
        member = self.reserve_slot(50_000 + len(self.outbox.received))
        self.handle(member, Enter(nickname))
        return member

    def handle(self, member: MemberId, command: Command) -> Reply:
        self.now += 1
        return self.hub.handle(member, command, self.now)

    def received(self, member: MemberId) -> list[Event]:
        """The events that `member` was sent since the last call."""
        events = self.outbox.received[member]
        new = events[:]
        events.clear()
        return new

    def users(self, member: MemberId) -> tuple[User, ...]:
        reply = self.handle(member, ListUsers())
        assert isinstance(reply, Users)
        return reply.users

    def texts(self, member: MemberId) -> list[str]:
        reply = self.handle(member, ReadHistory())
        assert isinstance(reply, History)
        return [message.text for message in reply.messages]

    def state(self) -> tuple[object, ...]:
        """Everything that a refused command must not change."""
        member = next(iter(self.outbox.recipients))
        return self.users(member), self.texts(member), self.hub.free_slots(), list(self.outbox.sent)


@contextmanager
def log_lines(level: Any = LogLevel.info) -> Iterator[list[str]]:
    """Collect the sentences that are logged in the block, at `level` and above."""
    lines: list[str] = []

    @implementer(ILogObserver)
    def note(event: LogEvent) -> None:
        if event["log_level"] >= level:
            lines.append(formatEvent(event))

    globalLogPublisher.addObserver(note)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(note)


def on_reactor(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Any]:
    """Run a test that is a coroutine on the real reactor."""
    decorated: Callable[..., Any] = pytest_twisted.ensureDeferred(test)
    return decorated


@contextmanager
def far_east() -> Iterator[None]:
    """This host is thirteen hours ahead of UTC meanwhile."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "XYZ-13"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
