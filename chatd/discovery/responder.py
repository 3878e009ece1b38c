"""The server's side of discovery: replies to the queries that are broadcast in its known subnets.

It has two sockets for each subnet:

- one bound to the subnet's *broadcast address*, on the discovery port. Such a socket receives that
  subnet's broadcasts and nothing else, so a server is discovered only where it was asked to be. All
  servers on a host share the address and the port, and the kernel gives each a copy of a broadcast.
- one bound to the server's own address in the subnet, on any port. It sends the offers: a client
  accepts an offer only from the address that is in it, and a socket that is bound to a broadcast
  address cannot send from there.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.chat import limits
from chatd.discovery.subnets import Subnet, longest_match
from chatd.discovery.udp import BoundedDatagramProtocol, rejection_log_bucket
from chatd.rate_limit import AddressBuckets, TokenBucket
from chatd.wire import discovery


class _BroadcastListener(BoundedDatagramProtocol):
    """Receives the broadcasts to one address."""

    def __init__(self, on_datagram: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._on_datagram = on_datagram

    @override
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self._on_datagram(datagram, addr)


class _ReplySocket(BoundedDatagramProtocol):
    """Sends offers from one address. It ignores what it receives: queries are broadcast."""


class Responder:
    """Makes one server discoverable in its known subnets.

    :param reactor: provides ``IReactorUDP``, ``IReactorMulticast`` and ``IReactorTime``.
    :param subnets: the known subnets; those without a broadcast address are left out.
    :param port: the discovery port.
    :param offer: returns the server's offer in a subnet, as it is now.
    :param draw: returns a random number, at least 0 and less than 1.
    :ivar counters: the number of queries ``answered``, and of others by the reason.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,  # three interfaces at once, which zope cannot say
        subnets: Iterable[Subnet],
        port: int,
        offer: Callable[[Subnet], discovery.Offer],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._reactor = reactor
        self._draw = draw
        self._subnets = [subnet for subnet in subnets if subnet.is_discoverable]
        self._port = port
        self._offer = offer
        self._listeners: dict[str, IListeningPort] = {}
        self._reply_sockets: dict[Subnet, _ReplySocket] = {}
        self._failed: set[Subnet] = set()
        self._loop = LoopingCall(self._open)
        clock: IReactorTime = reactor
        self._loop.clock = clock
        now = clock.seconds()
        self._log_bucket = rejection_log_bucket(now)
        self._bucket = TokenBucket(limits.OFFERS_PER_SECOND, limits.OFFERS_PER_SECOND, now)
        self._address_buckets = AddressBuckets(
            limits.ADDRESS_OFFERS_PER_SECOND,
            limits.ADDRESS_OFFERS_PER_SECOND,
            limits.THROTTLED_ADDRESSES,
        )
        self._find_subnets = lru_cache(limits.THROTTLED_ADDRESSES)(self._subnets_of)
        self.counters: Counter[str] = Counter()

    def start(self) -> None:
        """Open the sockets. What fails is tried again every DISCOVERY_PERIOD_SECONDS."""
        self._loop.start(limits.DISCOVERY_PERIOD_SECONDS, now=True)

    def stop(self) -> Deferred[Any]:
        """Close the sockets.

        :return: fires when every socket is closed.
        """
        if self._loop.running:
            self._loop.stop()
        ports = [
            *self._listeners.values(),
            *(socket.transport for socket in self._reply_sockets.values()),
        ]
        self._listeners.clear()
        self._reply_sockets.clear()
        return DeferredList([maybeDeferred(port.stopListening) for port in ports])

    def _open(self) -> None:
        for subnet in self._subnets:
            try:
                self._open_one(subnet)
            except (CannotListenError, OSError) as error:
                if subnet not in self._failed:
                    self._failed.add(subnet)
                    self.log.warn(
                        "cannot be discovered in {subnet} for now: {error}",
                        subnet=str(subnet),
                        error=str(error),
                    )
            else:
                if subnet in self._failed:
                    self._failed.discard(subnet)
                    self.log.info("can be discovered in {subnet} again", subnet=str(subnet))

    def _open_one(self, subnet: Subnet) -> None:
        address = _bind_address(subnet)
        if address not in self._listeners:  # two subnets may have one broadcast address
            self._listeners[address] = self._reactor.listenMulticast(
                self._port,
                _BroadcastListener(self.datagram_received),
                interface=address,
                listenMultiple=True,
            )
        if subnet not in self._reply_sockets:
            socket = _ReplySocket()
            self._reactor.listenUDP(0, socket, interface=str(subnet.address))
            self._reply_sockets[subnet] = socket

    def set_subnets(self, subnets: Iterable[Subnet]) -> None:
        """Answer in `subnets` from now on, and no longer in others."""
        self._subnets = [subnet for subnet in subnets if subnet.is_discoverable]
        self._find_subnets.cache_clear()
        self._failed &= set(self._subnets)
        broadcasts = set(map(_bind_address, self._subnets))
        for address in self._listeners.keys() - broadcasts:
            self._listeners.pop(address).stopListening()
        for subnet in self._reply_sockets.keys() - set(self._subnets):
            self._reply_sockets.pop(subnet).transport.stopListening()
        self._open()

    def datagram_received(self, datagram: bytes, source: tuple[str, int]) -> None:
        """Reply to a query from a known subnet with one offer, by unicast; count anything else."""
        try:
            self._reply(datagram, source)
        except discovery.BadDatagram as error:
            self._count(str(error), source)
        except OSError as error:
            self._count(f"unsent ({error.strerror})", source)
        else:
            self.counters["answered"] += 1

    def _reply(self, datagram: bytes, source: tuple[str, int]) -> None:
        """Send one offer to `source`.

        The sender's address decides which subnet a query belongs to, not the socket that received
        it: where subnets overlap, one offer is sent, for the longest prefix.

        :raises BadDatagram: if there is no reply.
        :raises OSError: if it cannot be sent.
        """
        subnets = self._find_subnets(source[0])
        if not subnets:
            raise discovery.BadDatagram(discovery.FOREIGN_SUBNET)
        discovery.check_discover(datagram)
        self._check_rate(source[0], subnets[0])
        failure: Exception = discovery.BadDatagram("interface down")
        for subnet in subnets:
            if subnet in self._reply_sockets:
                offer = discovery.encode_offer(self._offer(subnet))
                try:
                    self._reply_sockets[subnet].transport.write(offer, source)
                except OSError as error:
                    failure = error  # the address may be gone; there may be another in this subnet
                else:
                    return
        raise failure

    def _check_rate(self, source: str, subnet: Subnet) -> None:
        """Count an offer to `source`.

        :raises BadDatagram: if there are too many.
        """
        now = self._reactor.seconds()
        # Linux drops packets from outside whose source is this host's own address. Many clients may
        # run here.
        is_own = subnet.address.is_loopback or source == str(subnet.address)
        # Forged senders can use up both. A lot leaves each query the same chance.
        if not is_own and not self._address_buckets.get(source, now).admit_by_lot(
            now, self._draw()
        ):
            raise discovery.BadDatagram("too many from one address")
        if not self._bucket.admit_by_lot(now, self._draw()):
            raise discovery.BadDatagram("too many")

    def _subnets_of(self, source: str) -> list[Subnet]:
        """The known subnets that the host `source` is in, of the longest prefix there is.

        There are several if this host has several addresses in one subnet.
        """
        try:
            sender = IPv4Address(source)
        except AddressValueError:
            return []
        longest = longest_match(self._subnets, sender)
        return [
            subnet
            for subnet in self._subnets
            if longest is not None and subnet.network == longest.network
        ]

    def _count(self, reason: str, source: tuple[str, int]) -> None:
        self.counters[reason] += 1
        if self._log_bucket.admit(self._reactor.seconds()):
            self.log.debug(
                "ignored a datagram from {host}:{port}: {reason}",
                host=source[0],
                port=source[1],
                reason=reason,
            )


def _bind_address(subnet: Subnet) -> str:
    """The address to bind for the broadcasts in `subnet`.

    Windows cannot bind a broadcast address. There, which is untested, the socket receives from all
    interfaces; :meth:`Responder.datagram_received` checks the sender's subnet in any case.
    """
    return "" if sys.platform == "win32" else subnet.broadcast
