"""The server's side of discovery: it answers broadcasts from its known subnets (SPEC §2)."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chatd.chat import limits
from chatd.discovery.subnets import Subnet, longest_match
from chatd.wire import discovery


class _BroadcastListener(DatagramProtocol):
    """Hears the broadcasts to one address, together with every other server on this host."""

    noisy = False

    def __init__(self, on_datagram: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._on_datagram = on_datagram

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        """Hand it on; who asked decides which subnet it belongs to."""
        self._on_datagram(datagram, addr)


class _ReplySocket(DatagramProtocol):
    """Answers from one address. Nothing that comes there is read: questions are broadcast."""

    noisy = False
    transport: Any  # an IUDPTransport, once it is opened


class Responder:
    """Answers for one server, in every subnet it knows.

    :param reactor: provides ``IReactorUDP``, ``IReactorMulticast`` and ``IReactorTime``.
    :param offer: what the server offers in a subnet now.
    :ivar counters: how many datagrams were answered, and how many were not, by reason.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,  # three interfaces at once, which zope cannot say
        subnets: Iterable[Subnet],
        port: int,
        offer: Callable[[Subnet], discovery.Offer],
    ) -> None:
        self._reactor = reactor
        self._subnets = [subnet for subnet in subnets if subnet.is_discoverable]
        self._port = port
        self._offer = offer
        self._listeners: dict[str, IListeningPort] = {}
        self._reply_sockets: dict[Subnet, _ReplySocket] = {}
        self._failed: set[str] = set()
        self._loop = LoopingCall(self._open)
        clock: IReactorTime = reactor
        self._loop.clock = clock
        self.counters: Counter[str] = Counter()

    def start(self) -> None:
        """Listen in every subnet; one that fails is tried again at each period."""
        self._loop.start(limits.DISCOVERY_PERIOD_SECONDS, now=True)

    def stop(self) -> Deferred[Any]:
        """Stop listening; fires when every socket is closed."""
        if self._loop.running:
            self._loop.stop()
        ports = [
            *self._listeners.values(),
            *(voice.transport for voice in self._reply_sockets.values()),
        ]
        self._listeners.clear()
        self._reply_sockets.clear()
        return DeferredList([maybeDeferred(port.stopListening) for port in ports])

    def _open(self) -> None:
        for subnet in self._subnets:
            try:
                self._open_one(subnet)
            except (CannotListenError, OSError) as error:
                if str(subnet) not in self._failed:
                    self._failed.add(str(subnet))
                    self.log.warn(
                        "cannot be discovered in {subnet} for now: {error}",
                        subnet=str(subnet),
                        error=str(error),
                    )
            else:
                if str(subnet) in self._failed:
                    self._failed.discard(str(subnet))
                    self.log.info("can be discovered in {subnet} again", subnet=str(subnet))

    def _open_one(self, subnet: Subnet) -> None:
        where = _bind_address(subnet)
        if where not in self._listeners:
            # Shared: all servers on this host hear the same broadcast.
            self._listeners[where] = self._reactor.listenMulticast(
                self._port,
                _BroadcastListener(self.datagram_received),
                interface=where,
                listenMultiple=True,
            )
        if subnet not in self._reply_sockets:
            # Private: it names the server's address in this subnet as the sender.
            voice = _ReplySocket()
            self._reactor.listenUDP(0, voice, interface=str(subnet.address))
            self._reply_sockets[subnet] = voice

    def datagram_received(self, datagram: bytes, source: tuple[str, int]) -> None:
        """Answer one datagram once, by unicast, if it asks and comes from a known subnet."""
        try:
            voice, answer = self._answer(datagram, source[0])
            voice.transport.write(answer, source)
        except discovery.BadDatagram as error:
            self._count(str(error), source)
        except OSError as error:
            self._count(f"unsent ({error.strerror})", source)
        else:
            self.counters["answered"] += 1

    def _answer(self, datagram: bytes, source: str) -> tuple[_ReplySocket, bytes]:
        """Who answers a datagram from `source`, and what.

        :raises BadDatagram: if nobody does.
        """
        try:
            asker = IPv4Address(source)
        except AddressValueError:
            raise discovery.BadDatagram(discovery.FOREIGN_SUBNET) from None
        subnet = longest_match(self._subnets, asker)
        if subnet is None:
            raise discovery.BadDatagram(discovery.FOREIGN_SUBNET)
        discovery.check_discover(datagram)
        if subnet not in self._reply_sockets:
            raise discovery.BadDatagram("interface down")
        return self._reply_sockets[subnet], discovery.encode_offer(self._offer(subnet))

    def _count(self, reason: str, source: tuple[str, int]) -> None:
        self.counters[reason] += 1
        self.log.debug(
            "a datagram from {host}:{port} got no answer: {reason}",
            host=source[0],
            port=source[1],
            reason=reason,
        )


def _bind_address(subnet: Subnet) -> str:
    """Where to listen for broadcasts to `subnet`.

    A socket bound to the broadcast address itself hears those and nothing else. On Windows, which
    was not tried, it listens on all interfaces; the check of the sender's subnet is the same.
    """
    return "" if sys.platform == "win32" else subnet.broadcast
