"""The findings of the network probe: plain values, not yet interpreted. Pure.

All times are in seconds. :mod:`chatd.doctor.diagnoses` decides what the findings mean.
"""

import errno
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from chatd.discovery.subnets import HostAddress, Subnet


class SendErrorCause(StrEnum):
    """The kinds of send error that have different remedies."""

    NOT_PERMITTED = "not-permitted"
    NO_ROUTE = "no-route"
    DOWN = "down"
    OTHER = "not-sent"


class TcpResult(StrEnum):
    """How the TCP connection to an offered port ended."""

    CONNECTED = "connected"
    REFUSED = "refused"
    TIMED_OUT = "timed-out"
    FAILED = "failed"
    UNTRIED = "untried"


_CAUSES: Final = {
    errno.EPERM: SendErrorCause.NOT_PERMITTED,
    errno.EACCES: SendErrorCause.NOT_PERMITTED,
    errno.ENETUNREACH: SendErrorCause.NO_ROUTE,
    errno.EHOSTUNREACH: SendErrorCause.NO_ROUTE,
    errno.ENETDOWN: SendErrorCause.DOWN,
    errno.ENODEV: SendErrorCause.DOWN,
    errno.ENXIO: SendErrorCause.DOWN,
    errno.EADDRNOTAVAIL: SendErrorCause.DOWN,
}

#: Names that Linux, the BSDs and common VPN programs give to a VPN's interface.
_VPN_INTERFACE: Final = re.compile(
    r"(?:tun|tap|utun|wg|ppp|ipsec|tailscale|zt|nordlynx|proton|vpn)"
)


@dataclass(frozen=True, slots=True)
class SendError:
    """Why a query could not be sent.

    :ivar message: the operating system's description, such as ``Network is unreachable``.
    """

    cause: SendErrorCause
    message: str

    @classmethod
    def from_os_error(cls, error: OSError) -> Self:
        """Classify `error` by its ``errno``."""
        cause = _CAUSES.get(error.errno or 0, SendErrorCause.OTHER)
        return cls(cause, error.strerror or str(error) or "unknown")


@dataclass(frozen=True, slots=True)
class ProbedInterface:
    """An address of this host, with its subnet.

    :ivar name: of the network interface that has the address.
    :ivar is_queried: whether a client would search for servers there.
    """

    name: str
    subnet: Subnet
    is_up: bool
    is_queried: bool

    @property
    def is_loopback(self) -> bool:
        """Whether its packets never leave this host."""
        return self.subnet.address.is_loopback


def interfaces(
    host: Sequence[HostAddress], named: Iterable[Subnet] = ()
) -> tuple[ProbedInterface, ...]:
    """The interfaces to probe: those with the addresses `named`, or all of `host` if none is."""
    if named:
        return tuple(
            ProbedInterface(
                ", ".join(each.interface for each in _owners(host, subnet)) or "?",
                subnet,
                any(each.is_up for each in _owners(host, subnet)),
                is_queried=subnet.is_discoverable,
            )
            for subnet in named
        )
    known = [(each, Subnet(each.address.ip, each.address.network)) for each in host]
    return tuple(
        ProbedInterface(each.interface, subnet, each.is_up, each.is_up and subnet.is_discoverable)
        for each, subnet in known
    )


def _owners(host: Iterable[HostAddress], subnet: Subnet) -> list[HostAddress]:
    """The entries of `host` for the address of `subnet`.

    A host lists only 127.0.0.1, but all of 127.0.0.0/8 is on its loopback interface.
    """
    return [
        each
        for each in host
        if subnet.address == each.address.ip
        or (subnet.address.is_loopback and subnet.address in each.address.network)
    ]


@dataclass(frozen=True, slots=True)
class ServerReport:
    """A server that answered in one subnet.

    :ivar slots: and `free`, as in the server's latest offer.
    :ivar count: number of queries that the server answered.
    :ivar round_trip: the shortest time from a query to the answer to that same query.
    :ivar is_local: whether the server runs on the probed host itself.
    :ivar connect_time: how long the TCP connection took; None if there was none.
    :ivar node: the server's name in its cluster, which has the id `cluster`; both may be empty.
    :ivar is_cut_off: whether it is a node that cannot reach the others.
    """

    server_id: str
    address: str
    port: int
    slots: int
    free: int
    count: int
    round_trip: float
    is_local: bool
    tcp_result: TcpResult = TcpResult.UNTRIED
    connect_time: float | None = None
    node: str = ""
    cluster: str = ""
    is_cut_off: bool = False

    @property
    def endpoint(self) -> str:
        """``ADDRESS:PORT``."""
        return f"{self.address}:{self.port}"


def _chats(servers: Iterable[ServerReport]) -> list[ServerReport]:
    """`servers`, of each cluster the first node only."""
    first: dict[tuple[str, str], ServerReport] = {}
    for each in servers:
        first.setdefault((each.server_id, each.cluster or each.endpoint), each)
    return list(first.values())


@dataclass(frozen=True, slots=True)
class RejectedDatagram:
    """A datagram that clients would ignore; equal ones are counted.

    :ivar source: the address of the sender.
    :ivar server_id: of the offered server, with the offered `address` and `port`; all three are
        None if the datagram is no valid offer.
    """

    reason: str
    source: str
    server_id: str | None = None
    address: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class InterfaceReport:
    """The findings on one interface.

    :ivar sent: number of queries sent.
    :ivar unsent: number of queries that could not be sent; `error` is why the last of them failed.
    :ivar received: number of datagrams received, valid or not.
    :ivar rejected: the datagrams that clients would ignore, and how many there were of each.
    """

    interface: ProbedInterface
    sent: int = 0
    unsent: int = 0
    error: SendError | None = None
    received: int = 0
    servers: tuple[ServerReport, ...] = ()
    rejected: tuple[tuple[RejectedDatagram, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the probe found.

    :ivar server_id: the id of the server to find; None for any server.
    :ivar port: the UDP port that the queries were sent to.
    :ivar is_whole_host: whether all interfaces were probed; False if the user named some.
    """

    server_id: str | None
    port: int
    is_whole_host: bool
    reports: tuple[InterfaceReport, ...]

    @property
    def servers(self) -> list[ServerReport]:
        """All servers that answered; one that answered in two subnets is listed twice."""
        return [server for report in self.reports for server in report.servers]

    @property
    def candidates(self) -> list[ServerReport]:
        """The servers with the id to find."""
        return [each for each in self.servers if self.server_id in (None, each.server_id)]

    @property
    def reachable(self) -> list[ServerReport]:
        """The candidates that accepted a TCP connection."""
        return [each for each in self.candidates if each.tcp_result is TcpResult.CONNECTED]

    def unreachable(self, result: TcpResult | None = None) -> list[ServerReport]:
        """The candidates if none of them is reachable; with `result`, only those that have it."""
        if self.reachable:
            return []
        return [each for each in self.candidates if result in (None, each.tcp_result)]

    @property
    def duplicates(self) -> list[ServerReport]:
        """The candidates that have the same id as another chat in the same subnet.

        The same id in two subnets may be one server that has an address in each. The nodes of a
        cluster are one chat; the first of them stands for all.
        """
        duplicates: list[ServerReport] = []
        for report in self.reports:
            chats = _chats(report.servers)
            counts = Counter(each.server_id for each in chats)
            duplicates += [
                each
                for each in chats
                if self.server_id in (None, each.server_id) and counts[each.server_id] > 1
            ]
        return duplicates

    @property
    def cut_off(self) -> list[ServerReport]:
        """The candidates that are nodes of a cluster and cannot reach the others; each once."""
        nodes = {(each.cluster, each.node): each for each in self.candidates if each.is_cut_off}
        return list(nodes.values())

    @property
    def external(self) -> list[InterfaceReport]:
        """The interfaces that lead out of this host; all interfaces if none does.

        Loopback always works, so it must not hide that the network does not.
        """
        external = [each for each in self.reports if not each.interface.is_loopback]
        return external or list(self.reports)

    @property
    def queried(self) -> list[InterfaceReport]:
        """The external interfaces that a client would search."""
        return [each for each in self.external if each.interface.is_queried]

    @property
    def vpns(self) -> list[InterfaceReport]:
        """The interfaces that are up and have the name of a VPN's interface."""
        return [
            each
            for each in self.reports
            if each.interface.is_up and _VPN_INTERFACE.match(each.interface.name)
        ]

    def rejected(self, *reasons: str) -> list[tuple[InterfaceReport, RejectedDatagram]]:
        """The datagrams rejected for one of `reasons` (or for any), and where they arrived.

        Offers of a server with another id than the one to find are left out.
        """
        return [
            (report, datagram)
            for report in self.reports
            for datagram, _ in report.rejected
            if (not reasons or datagram.reason in reasons)
            and (
                None in (self.server_id, datagram.server_id) or self.server_id == datagram.server_id
            )
        ]
