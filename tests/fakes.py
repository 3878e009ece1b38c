"""Stand-ins that work: for the outbox, for the network, for the person."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.testing import MemoryReactorClock

from chatd.chat.events import Event
from chatd.chat.outbox import MemberId


class RecordingOutbox:
    """An outbox that writes down, for each member, every event that it hears."""

    def __init__(self) -> None:
        self.heard: dict[MemberId, list[Event]] = {}
        self.everyone: set[MemberId] = set()
        self.rooms: dict[str, set[MemberId]] = {}
        self.own: list[tuple[MemberId, Event]] = []

    def enter(self, member: MemberId) -> None:
        self.heard.setdefault(member, [])
        self.everyone.add(member)

    def leave(self, member: MemberId) -> None:
        self.everyone.discard(member)
        for members in self.rooms.values():
            members.discard(member)

    def join(self, member: MemberId, room: str) -> None:
        self.rooms.setdefault(room, set()).add(member)

    def to_all(self, event: Event, origin: MemberId) -> None:
        self._tell(self.everyone, event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        self._tell(self.rooms.get(room, set()), event, origin)

    def _tell(self, members: set[MemberId], event: Event, origin: MemberId) -> None:
        self.own.append((origin, event))
        for member in members:
            if member != origin:
                self.heard[member].append(event)


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


class FakeUdpReactor(MemoryReactorClock):  # type: ignore[misc]  # it carries no annotations
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


class FakeScreen:
    """A person who writes down what they see, and answers when told to."""

    def __init__(self, can_ask: bool = False) -> None:
        self.can_ask = can_ask
        self.shown: list[str] = []
        self.said: list[str] = []
        self.questions: list[str] = []
        self.is_held = False
        self._answered: Callable[[str], Any] | None = None

    def show(self, line: str) -> None:
        self.shown.append(line)

    def talk(self, sentence: str) -> None:
        self.said.append(sentence)

    def ask(self, question: str, answered: Callable[[str], None]) -> None:
        self.questions.append(question)
        self._answered = answered

    def answer(self, text: str) -> None:
        """Answer the last question."""
        answered, self._answered = self._answered, None
        assert answered is not None, "nothing was asked"
        answered(text)

    def hold(self) -> None:
        self.is_held = True

    def go_on(self) -> None:
        self.is_held = False
