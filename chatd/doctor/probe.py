"""Probe the network: query every subnet, and check the TCP port of every server that answers.

The probe sends the same datagram from the same addresses as a client, and accepts the same answers.
Unlike a client it counts everything, and continues after the first answer.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import Any, Final

from twisted.internet import error as errors
from twisted.internet.defer import CancelledError, Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import limits
from chatd.discovery.querier import QuerySocket, check_sender
from chatd.discovery.subnets import Subnet
from chatd.doctor.findings import (
    InterfaceReport,
    ProbedInterface,
    RejectedDatagram,
    SendError,
    ServerReport,
    TcpResult,
)
from chatd.wire import discovery

#: Identifies a server: its id, address and port.
_Key = tuple[str, str, int]

_TCP_RESULTS: Final = {
    errors.ConnectionRefusedError: TcpResult.REFUSED,
    errors.TCPTimedOutError: TcpResult.TIMED_OUT,
    errors.TimeoutError: TcpResult.TIMED_OUT,
}


@dataclass
class _InterfaceProgress:
    """The findings on one interface so far."""

    interface: ProbedInterface
    sent: int = 0
    unsent: int = 0
    error: SendError | None = None
    received: int = 0
    servers: dict[_Key, ServerReport] = field(default_factory=dict)
    rejected: Counter[RejectedDatagram] = field(default_factory=Counter)

    def report(self) -> InterfaceReport:
        """The final report; sorted, so that equal findings give equal reports."""
        return InterfaceReport(
            self.interface,
            self.sent,
            self.unsent,
            self.error,
            self.received,
            tuple(self.servers[key] for key in sorted(self.servers)),
            tuple(sorted(self.rejected.items(), key=repr)),
        )


class _TcpCheck(Protocol):
    """A TCP connection that is closed as soon as it is made, so that it takes no slot.

    :ivar closed: fires when the connection is closed.
    """

    transport: Any  # an ITCPTransport, once it is made

    def __init__(self) -> None:
        self.closed: Deferred[None] = Deferred()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.closed.callback(None)


class NetworkProbe:
    """One probe of the network.

    :param reactor: provides ``IReactorUDP``, ``IReactorTCP`` and ``IReactorTime``.
    :param host: the addresses of this host, to tell its own servers from others.
    :param wait: how many seconds to collect answers.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,  # three interfaces at once, which zope cannot express
        interfaces: Sequence[ProbedInterface],
        host: Collection[IPv4Address],
        port: int,
        wait: float,
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._wait = wait
        self._interfaces = [_InterfaceProgress(interface) for interface in interfaces]
        self._sockets: list[QuerySocket] = []
        self._tcp_checks: list[Deferred[None]] = []

    async def run(self) -> tuple[InterfaceReport, ...]:
        """Query every subnet ``DOCTOR_REQUESTS`` times, and check the servers that answer.

        It takes ``wait`` seconds, and ``CONNECT_SECONDS`` more if a server cannot be connected to.

        :raises CancelledError: if its Deferred is cancelled; every socket is closed then.
        """
        # The queries are scheduled in advance, so that a slow one does not delay the others.
        interval = self._wait / limits.DOCTOR_REQUESTS
        later_queries = [
            self._reactor.callLater(number * interval, self._query)
            for number in range(1, limits.DOCTOR_REQUESTS)
        ]
        try:
            self._query()
            await deferLater(self._reactor, self._wait)
            await self._close_sockets()
            for check in self._tcp_checks:
                await check
        finally:
            for call in later_queries:
                if call.active():
                    call.cancel()
            for check in self._tcp_checks:
                check.addErrback(lambda failure: failure.trap(CancelledError))
                check.cancel()
            self._close_sockets()  # not awaited: after a cancellation nobody may wait
        return tuple(each.report() for each in self._interfaces)

    def _close_sockets(self) -> Deferred[Any]:
        sockets, self._sockets = self._sockets, []
        return DeferredList([maybeDeferred(each.transport.stopListening) for each in sockets])

    def _query(self) -> None:
        for progress in self._interfaces:
            if progress.interface.is_queried:
                try:
                    self._query_subnet(progress)
                except errors.CannotListenError as error:
                    self._query_failed(progress, error.socketError)
                except OSError as error:
                    self._query_failed(progress, error)
                else:
                    progress.sent += 1

    def _query_subnet(self, progress: _InterfaceProgress) -> None:
        """Send one query from a new socket: a datagram that arrives there answers this query."""

        def on_datagram(datagram: bytes, sender: str, subnet: Subnet) -> None:
            self._datagram_received(progress, datagram, sender, self._reactor.seconds() - sent_at)

        socket = QuerySocket(progress.interface.subnet, on_datagram)
        self._reactor.listenUDP(0, socket, interface=str(progress.interface.subnet.address))
        self._sockets.append(socket)
        sent_at = self._reactor.seconds()
        socket.send_query(self._port)

    def _query_failed(self, progress: _InterfaceProgress, error: OSError) -> None:
        progress.unsent += 1
        progress.error = SendError.from_os_error(error)

    def _datagram_received(
        self, progress: _InterfaceProgress, datagram: bytes, sender: str, seconds: float
    ) -> None:
        """Record a datagram that arrived `seconds` after the query."""
        progress.received += 1
        offer = None
        try:
            offer = discovery.decode_offer(datagram)
            check_sender(offer, sender, progress.interface.subnet)
        except discovery.BadDatagram as error:
            offered = (offer.id, offer.address, offer.port) if offer else (None, None, None)
            rejected = RejectedDatagram(str(error), sender, *offered)
            # A flood of different datagrams must not fill the memory.
            if rejected in progress.rejected or len(progress.rejected) < limits.MAX_OFFERS:
                progress.rejected[rejected] += 1
        else:
            self._record(progress, offer, seconds)

    def _record(self, progress: _InterfaceProgress, offer: discovery.Offer, seconds: float) -> None:
        key = (offer.id, offer.address, offer.port)
        known = progress.servers.get(key)
        if known is not None:
            progress.servers[key] = replace(
                known,
                slots=offer.slots,
                free=offer.free,
                is_cut_off=offer.is_cut_off,
                count=known.count + 1,
                round_trip=min(known.round_trip, seconds),
            )
        elif len(progress.servers) < limits.MAX_OFFERS:
            address = IPv4Address(offer.address)
            progress.servers[key] = ServerReport(
                *key,
                offer.slots,
                offer.free,
                count=1,
                round_trip=seconds,
                is_local=address.is_loopback or address in self._host,
                node=offer.node,
                cluster=offer.cluster,
                is_cut_off=offer.is_cut_off,
            )
            check = Deferred.fromCoroutine(self._check_tcp(progress, key))
            self._tcp_checks.append(check)

    async def _check_tcp(self, progress: _InterfaceProgress, key: _Key) -> None:
        """Connect to a server, close the connection, and record the result."""
        _, address, port = key
        started = self._reactor.seconds()
        endpoint = TCP4ClientEndpoint(self._reactor, address, port, timeout=limits.CONNECT_SECONDS)
        try:
            connection = await connectProtocol(endpoint, _TcpCheck())
        except errors.ConnectingCancelledError:
            raise CancelledError from None
        except Exception as error:  # of whatever kind: the user reads the result, not a traceback
            result = next(
                (result for kind, result in _TCP_RESULTS.items() if isinstance(error, kind)),
                TcpResult.FAILED,
            )
            progress.servers[key] = replace(progress.servers[key], tcp_result=result)
            self.log.debug(
                "{address}:{port} cannot be connected to: {error}",
                address=address,
                port=port,
                error=type(error).__name__,
            )
            return
        progress.servers[key] = replace(
            progress.servers[key],
            tcp_result=TcpResult.CONNECTED,
            connect_time=self._reactor.seconds() - started,
        )
        connection.transport.loseConnection()
        await connection.closed
