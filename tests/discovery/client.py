"""A client that searches on a network of its own, and the offers it may get."""

from collections.abc import Sequence

from twisted.internet.protocol import DatagramProtocol

from chatd.discovery.querier import Querier
from chatd.discovery.subnets import Subnet
from chatd.wire import discovery
from tests.discovery.hosts import PORT, datagram, deliver, subnets
from tests.fakes import FakeUdpPort, FakeUdpReactor

HOME = subnets("10.35.11.112/24", "192.168.1.123/24")
SERVER = ("10.35.11.113", 4_000)


def offer(address: str = SERVER[0], **changes: object) -> bytes:
    data: dict[str, object] = {
        "version": 1,
        "id": "party",
        "address": address,
        "port": 7777,
        "slots": 5,
        "free": 4,
    }
    return datagram("offer", **(data | changes))


class Unreachable(FakeUdpReactor):
    """A network on which some interfaces can be opened, but send nothing.

    :ivar mute: those interfaces; `trouble`: why they send nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mute: set[str] = set()
        self.trouble = OSError(101, "Network is unreachable")

    def listenUDP(
        self, port: int, protocol: DatagramProtocol, interface: str = "", maxPacketSize: int = 8192
    ) -> FakeUdpPort:
        opened = super().listenUDP(port, protocol, interface, maxPacketSize)
        if interface in self.mute:
            opened.fails = self.trouble
        return opened


class Client:
    """A seeker on a network of its own, and what it has heard."""

    def __init__(self, known: Sequence[Subnet] = HOME) -> None:
        self.reactor = Unreachable()
        self.known = known
        self.offers: list[discovery.Offer] = []
        self.seeker = Querier(self.reactor, lambda: self.known, PORT, self.offers.append)

    def hears(
        self,
        data: bytes,
        source: tuple[str, int] = SERVER,
        interface: str = "10.35.11.112",
    ) -> None:
        deliver(self.reactor, interface, data, source)

    def rounds(self, count: int) -> None:
        self.reactor.pump([3.0] * count)
