"""A querier on a fake network, and the offers that it may receive."""

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


class FailingUdpReactor(FakeUdpReactor):
    """A fake network on which some interfaces can be opened, but send nothing.

    :ivar failing: the addresses of those interfaces.
    :ivar error: what sending raises there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failing: set[str] = set()
        self.error = OSError(101, "Network is unreachable")

    def listenUDP(
        self, port: int, protocol: DatagramProtocol, interface: str = "", maxPacketSize: int = 8192
    ) -> FakeUdpPort:
        opened = super().listenUDP(port, protocol, interface, maxPacketSize)
        if interface in self.failing:
            opened.fails = self.error
        return opened


class Client:
    """A querier on a fake network, and the offers that it reported."""

    def __init__(self, known: Sequence[Subnet] = HOME) -> None:
        self.reactor = FailingUdpReactor()
        self.known = known
        self.offers: list[discovery.Offer] = []
        self.querier = Querier(self.reactor, lambda: self.known, PORT, self.offers.append)

    def receive(
        self,
        data: bytes,
        source: tuple[str, int] = SERVER,
        interface: str = "10.35.11.112",
    ) -> None:
        deliver(self.reactor, interface, data, source)

    def pass_periods(self, count: int) -> None:
        self.reactor.pump([3.0] * count)
