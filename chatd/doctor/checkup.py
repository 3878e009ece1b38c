"""An examination of the network: every subnet is asked, and every server that answers is visited.

It asks as a client does, with the same datagram from the same addresses, and believes what a client
believes; but it keeps count of everything, and keeps on after the first answer.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import Any, Final

from twisted.internet import error as errors
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.discovery.querier import QuerySocket, check_sender
from chatd.discovery.subnets import Subnet
from chatd.doctor.findings import (
    Answer,
    Interface,
    Reach,
    Stranger,
    Subject,
    Trouble,
    trouble,
)
from chatd.wire import discovery

#: Which server it is: its id, address and port.
_Key = tuple[str, str, int]

_REACHES: Final = {
    errors.ConnectionRefusedError: Reach.REFUSED,
    errors.TCPTimedOutError: Reach.TIMED_OUT,
    errors.TimeoutError: Reach.TIMED_OUT,
}


@dataclass
class _Chart:
    """What has been found on one interface so far."""

    interface: Interface
    sent: int = 0
    unsent: int = 0
    trouble: Trouble | None = None
    heard: int = 0
    answers: dict[_Key, Answer] = field(default_factory=dict)
    strangers: Counter[Stranger] = field(default_factory=Counter)

    def subject(self) -> Subject:
        """It as a finding, in an order that depends on nothing but what was found."""
        return Subject(
            self.interface,
            self.sent,
            self.unsent,
            self.trouble,
            self.heard,
            tuple(self.answers[key] for key in sorted(self.answers)),
            tuple(sorted(self.strangers.items(), key=repr)),
        )


class _Visit(Protocol):
    """A TCP connection that is closed as soon as it is made, so that it holds no slot.

    :ivar gone: fires once it is closed.
    """

    transport: Any  # an ITCPTransport, once it is made

    def __init__(self) -> None:
        self.gone: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is over."""
        self.gone.callback(None)


class Checkup:
    """One examination.

    :param reactor: provides ``IReactorUDP``, ``IReactorTCP`` and ``IReactorTime``.
    :param host: the addresses of this host, to tell its own servers from others.
    :param wait: for how many seconds to collect answers.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,  # three interfaces at once, which zope cannot say
        interfaces: Sequence[Interface],
        host: Collection[IPv4Address],
        port: int,
        wait: float,
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._wait = wait
        self._charts = [_Chart(interface) for interface in interfaces]
        self._askers: list[QuerySocket] = []
        self._calls: list[IDelayedCall] = []
        self._visits: list[Deferred[None]] = []

    def start(self) -> Deferred[tuple[Subject, ...]]:
        """Ask every subnet some times, listen, and visit who answers.

        It takes ``wait`` and, for a server that cannot be connected to, ``CONNECT_SECONDS`` more.
        """
        over: Deferred[None] = Deferred()
        for number in range(1, limits.DOCTOR_REQUESTS):
            self._later(self._wait * number / limits.DOCTOR_REQUESTS, self._ask)
        self._ask()
        self._later(self._wait, lambda: over.callback(None))
        return over.addCallback(lambda _: self._close()).addCallback(self._found)

    def stop(self) -> Deferred[Any]:
        """Break it off; fires when every socket is closed."""
        for call in self._calls:
            if call.active():
                call.cancel()
        for visit in self._visits:
            visit.cancel()
        return DeferredList([self._close(), *self._visits], consumeErrors=True)

    def _later(self, seconds: float, call: Any) -> None:
        self._calls.append(self._reactor.callLater(seconds, call))

    def _close(self) -> Deferred[Any]:
        """Listen no more."""
        askers, self._askers = self._askers, []
        return DeferredList([maybeDeferred(each.transport.stopListening) for each in askers])

    def _found(self, closed: object) -> Deferred[tuple[Subject, ...]]:
        """The findings, once every visit has ended."""
        return DeferredList(self._visits).addCallback(
            lambda _: tuple(chart.subject() for chart in self._charts)
        )

    def _ask(self) -> None:
        for chart in self._charts:
            if chart.interface.is_asked:
                try:
                    self._ask_one(chart)
                except errors.CannotListenError as error:
                    self._failed(chart, error.socketError)
                except OSError as error:
                    self._failed(chart, error)
                else:
                    chart.sent += 1

    def _ask_one(self, chart: _Chart) -> None:
        """Ask from a socket of its own: what comes there answers this very request."""

        def heard(datagram: bytes, sender: str, subnet: Subnet) -> None:
            self._heard(chart, datagram, sender, self._reactor.seconds() - asked)

        asker = QuerySocket(chart.interface.subnet, heard)
        self._reactor.listenUDP(0, asker, interface=str(chart.interface.subnet.address))
        self._askers.append(asker)
        asked = self._reactor.seconds()
        asker.send_query(self._port)

    def _failed(self, chart: _Chart, error: OSError) -> None:
        chart.unsent += 1
        chart.trouble = trouble(error)

    def _heard(self, chart: _Chart, datagram: bytes, sender: str, seconds: float) -> None:
        chart.heard += 1
        offer = None
        try:
            offer = discovery.decode_offer(datagram)
            check_sender(offer, sender, chart.interface.subnet)
        except discovery.BadDatagram as error:
            known = (offer.id, offer.address, offer.port) if offer else (None, None, None)
            stranger = Stranger(str(error), sender, *known)
            if stranger in chart.strangers or len(chart.strangers) < limits.MAX_OFFERS:
                chart.strangers[stranger] += 1
        else:
            self._note(chart, offer, seconds)

    def _note(self, chart: _Chart, offer: discovery.Offer, seconds: float) -> None:
        key = (offer.id, offer.address, offer.port)
        known = chart.answers.get(key)
        if known is not None:
            chart.answers[key] = replace(
                known,
                slots=offer.slots,
                free=offer.free,
                count=known.count + 1,
                round_trip=min(known.round_trip, seconds),
            )
        elif len(chart.answers) < limits.MAX_OFFERS:
            address = IPv4Address(offer.address)
            chart.answers[key] = Answer(
                *key,
                offer.slots,
                offer.free,
                count=1,
                round_trip=seconds,
                is_here=address.is_loopback or address in self._host,
            )
            self._visits.append(self._visit(chart, key))

    def _visit(self, chart: _Chart, key: _Key) -> Deferred[None]:
        """Connect to a server and hang up; fires when that is over, however it went."""
        _, address, port = key
        started = self._reactor.seconds()

        def connected(visit: _Visit) -> Deferred[None]:
            chart.answers[key] = replace(
                chart.answers[key],
                reach=Reach.CONNECTED,
                connect=self._reactor.seconds() - started,
            )
            visit.transport.loseConnection()
            return visit.gone

        def failed(failure: Failure) -> None:
            reach = _REACHES.get(failure.check(*_REACHES), Reach.FAILED)
            chart.answers[key] = replace(chart.answers[key], reach=reach)
            self.log.debug(
                "{address}:{port} cannot be connected to: {error}",
                address=address,
                port=port,
                error=type(failure.value).__name__,
            )

        endpoint = TCP4ClientEndpoint(self._reactor, address, port, timeout=limits.CONNECT_SECONDS)
        visited: Deferred[_Visit] = connectProtocol(endpoint, _Visit())
        return visited.addCallbacks(connected, failed)
