"""The client's side of discovery: broadcasts queries in its known subnets, and checks offers."""

from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.chat import limits
from chatd.discovery.subnets import Subnet
from chatd.discovery.udp import BoundedDatagramProtocol, rejection_log_bucket
from chatd.wire import discovery


class QuerySocket(BoundedDatagramProtocol):
    """The socket for one subnet: sends queries, and receives offers.

    It is bound to this host's address in the subnet, and not to all addresses: so the broadcast
    leaves through the right interface, and servers see a sender in that subnet.
    """

    def __init__(self, subnet: Subnet, on_datagram: Callable[[bytes, str, Subnet], None]) -> None:
        self._subnet = subnet
        self._on_datagram = on_datagram

    @override
    def startProtocol(self) -> None:
        super().startProtocol()
        self.transport.setBroadcastAllowed(True)

    def send_query(self, port: int) -> None:
        """Send one query to the broadcast address of the subnet.

        :raises OSError: if the interface cannot send it now.
        """
        self.transport.write(discovery.DISCOVER, (self._subnet.broadcast, port))

    @override
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self._on_datagram(datagram, addr[0], self._subnet)


def check_sender(offer: discovery.Offer, sender: str, subnet: Subnet) -> None:
    """Check that `offer` was sent by the server that it names, from within `subnet`.

    Otherwise anyone in reach could send a client to another server.

    :raises BadDatagram: if not.
    """
    if offer.address != sender:
        raise discovery.BadDatagram(discovery.FALSE_ADDRESS)
    if not subnet.is_host(IPv4Address(sender)):
        raise discovery.BadDatagram(discovery.FOREIGN_SUBNET)


class Querier:
    """Queries for servers at once and every DISCOVERY_PERIOD_SECONDS, until it is stopped.

    :param reactor: provides ``IReactorUDP`` and ``IReactorTime``.
    :param subnets: returns the known subnets; called before each query, as they may change.
    :param port: the discovery port of the servers.
    :param on_offer: called with each offer that passed :func:`check_sender`.
    :ivar counters: the number of accepted ``offers``, and of rejected datagrams by reason.
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
        self._log_bucket = rejection_log_bucket(reactor.seconds())
        self.counters: Counter[str] = Counter()

    @property
    def queried(self) -> list[Subnet]:
        """The subnets that the last query was sent to."""
        return list(self._sockets)

    @property
    def failures(self) -> dict[Subnet, str]:
        """The subnets that the last query could not be sent to, and why."""
        return dict(self._failures)

    def start(self) -> None:
        """Send a query now and in every period."""
        if not self._loop.running:
            self._loop.start(limits.DISCOVERY_PERIOD_SECONDS, now=True)

    def stop(self) -> Deferred[Any]:
        """Stop, and ignore what is still received.

        :return: fires when every socket is closed.
        """
        if self._loop.running:
            self._loop.stop()
        return DeferredList([self._close(subnet) for subnet in list(self._sockets)])

    def datagram_received(self, datagram: bytes, sender: str, subnet: Subnet) -> None:
        """Handle a datagram that `subnet`'s socket received."""
        if not self._loop.running:
            return
        try:
            offer = discovery.decode_offer(datagram)
            check_sender(offer, sender, subnet)
        except discovery.BadDatagram as error:
            self.counters[str(error)] += 1
            if self._log_bucket.admit(self._reactor.seconds()):
                self.log.debug(
                    "rejected a datagram from {sender}: {reason}",
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
                # The next period opens a new socket: this one may be bound to an address that is
                # gone.
                self._close(subnet)
                if self._failures.get(subnet) != str(error):
                    self._failures[subnet] = str(error)
                    self.log.warn(
                        "cannot query {subnet} for now: {error}",
                        subnet=str(subnet),
                        error=str(error),
                    )
            else:
                self._failures.pop(subnet, None)

    def _socket(self, subnet: Subnet) -> QuerySocket:
        if subnet not in self._sockets:
            socket = QuerySocket(subnet, self.datagram_received)
            self._reactor.listenUDP(0, socket, interface=str(subnet.address))
            self._sockets[subnet] = socket
        return self._sockets[subnet]

    def _close(self, subnet: Subnet) -> Deferred[Any]:
        socket = self._sockets.pop(subnet, None)
        return maybeDeferred(socket.transport.stopListening if socket else lambda: None)
