"""A network that a service can listen on, where others may have taken ports."""

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory

from tests.fakes import FakeUdpReactor


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
