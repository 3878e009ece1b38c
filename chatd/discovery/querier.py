"""The client's side of discovery: it asks every known subnet and checks who answers (SPEC §2)."""

from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chatd.chat import limits
from chatd.discovery.subnets import Subnet
from chatd.wire import discovery


class QuerySocket(DatagramProtocol):
    """Asks one subnet, from this host's address in it."""

    noisy = False
    transport: Any  # an IUDPTransport, once it is opened

    def __init__(self, subnet: Subnet, on_datagram: Callable[[bytes, str, Subnet], None]) -> None:
        self._subnet = subnet
        self._on_datagram = on_datagram

    def startProtocol(self) -> None:
        """Be allowed to broadcast."""
        self.transport.setBroadcastAllowed(True)

    def send_query(self, port: int) -> None:
        """Send one datagram to everyone in the subnet.

        :raises OSError: if the interface cannot send it now.
        """
        self.transport.write(discovery.DISCOVER, (self._subnet.broadcast, port))

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Hand on what may be an offer."""
        self._on_datagram(datagram, addr[0], self._subnet)


def check_sender(offer: discovery.Offer, sender: str, subnet: Subnet) -> None:
    """Return if `offer` is what it says it is: sent by the server it names, from within `subnet`.

    :raises BadDatagram: if not.
    """
    if offer.address != sender:
        raise discovery.BadDatagram(discovery.FALSE_ADDRESS)
    if not subnet.is_host(IPv4Address(sender)):
        raise discovery.BadDatagram(discovery.FOREIGN_SUBNET)


class Querier:
    """Asks for servers at once and at every period, until it is stopped.

    :param reactor: provides ``IReactorUDP`` and ``IReactorTime``.
    :param subnets: the known subnets, read anew at each period.
    :param heard: is called with each offer that is what it says it is: sent by the server that it
        names, from within the subnet that was asked.
    :ivar counters: how many offers were heard, and how many datagrams were not believed, by reason.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,  # two interfaces at once, which zope cannot say
        subnets: Callable[[], Sequence[Subnet]],
        port: int,
        on_offer: Callable[[discovery.Offer], None],
    ) -> None:
        self._reactor = reactor
        self._subnets = subnets
        self._port = port
        self._on_offer = on_offer
        self._sockets: dict[Subnet, QuerySocket] = {}
        self._failures: dict[Subnet, str] = {}
        self._loop = LoopingCall(self._query)
        self._loop.clock = reactor
        self.counters: Counter[str] = Counter()

    @property
    def queried(self) -> list[Subnet]:
        """The subnets that the last question went to."""
        return list(self._sockets)

    @property
    def failures(self) -> dict[Subnet, str]:
        """The subnets that could not be asked the last time, and why."""
        return dict(self._failures)

    def start(self) -> None:
        """Ask now and at every period."""
        if not self._loop.running:
            self._loop.start(limits.DISCOVERY_PERIOD_SECONDS, now=True)

    def stop(self) -> Deferred[Any]:
        """Stop asking and listening; fires when every socket is closed."""
        if self._loop.running:
            self._loop.stop()
        return DeferredList([self._close(subnet) for subnet in list(self._sockets)])

    def datagram_received(self, datagram: bytes, sender: str, subnet: Subnet) -> None:
        """Hand on the offer in a datagram that answers the question to `subnet`, if it is true."""
        if not self._loop.running:
            return
        try:
            offer = discovery.decode_offer(datagram)
            check_sender(offer, sender, subnet)
        except discovery.BadDatagram as error:
            self.counters[str(error)] += 1
            self.log.debug(
                "a datagram from {sender} was not believed: {reason}",
                sender=sender,
                reason=str(error),
            )
            return
        self.counters["offers"] += 1
        self._on_offer(offer)

    def _query(self) -> None:
        try:
            subnets = [subnet for subnet in self._subnets() if subnet.is_discoverable]
        except OSError as error:
            self.log.warn("this host's addresses cannot be read for now: {error}", error=str(error))
            return
        for gone in self._sockets.keys() - set(subnets):
            self._close(gone)
        for subnet in subnets:
            try:
                self._socket(subnet).send_query(self._port)
            except (CannotListenError, OSError) as error:
                self._close(subnet)
                if self._failures.get(subnet) != str(error):
                    self._failures[subnet] = str(error)
                    self.log.warn(
                        "cannot search {subnet} for now: {error}",
                        subnet=str(subnet),
                        error=str(error),
                    )
            else:
                self._failures.pop(subnet, None)

    def _socket(self, subnet: Subnet) -> QuerySocket:
        if subnet not in self._sockets:
            asker = QuerySocket(subnet, self.datagram_received)
            self._reactor.listenUDP(0, asker, interface=str(subnet.address))
            self._sockets[subnet] = asker
        return self._sockets[subnet]

    def _close(self, subnet: Subnet) -> Deferred[Any]:
        asker = self._sockets.pop(subnet, None)
        return maybeDeferred(asker.transport.stopListening if asker else lambda: None)
