"""What an examination of the network found: values, and no opinion. Pure.

Seconds throughout. What the findings mean is the business of ``verdict``.
"""

import errno
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chatd.discovery.subnets import HostAddress, Subnet


class Cause(StrEnum):
    """Why a request could not be sent."""

    NOT_PERMITTED = "not-permitted"
    NO_ROUTE = "no-route"
    DOWN = "down"
    OTHER = "not-sent"


class Reach(StrEnum):
    """What became of a TCP connection to an offered port."""

    CONNECTED = "connected"
    REFUSED = "refused"
    TIMED_OUT = "timed-out"
    FAILED = "failed"
    UNTRIED = "untried"


_CAUSES: Final = {
    errno.EPERM: Cause.NOT_PERMITTED,
    errno.EACCES: Cause.NOT_PERMITTED,
    errno.ENETUNREACH: Cause.NO_ROUTE,
    errno.EHOSTUNREACH: Cause.NO_ROUTE,
    errno.ENETDOWN: Cause.DOWN,
    errno.ENODEV: Cause.DOWN,
    errno.ENXIO: Cause.DOWN,
    errno.EADDRNOTAVAIL: Cause.DOWN,
}

#: How Linux, the BSDs and the usual programs call the interface of a VPN.
_VPN: Final = re.compile(r"(?:tun|tap|utun|wg|ppp|ipsec|tailscale|zt|nordlynx|proton|vpn)")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a request could not be sent, and how the system words it."""

    cause: Cause
    words: str


def trouble(error: OSError) -> Trouble:
    """What `error` says about the interface that it came from."""
    return Trouble(
        _CAUSES.get(error.errno or 0, Cause.OTHER), error.strerror or str(error) or "unknown"
    )


@dataclass(frozen=True, slots=True)
class Interface:
    """An address of this host in a subnet, and whether a client would search there."""

    name: str
    subnet: Subnet
    is_up: bool
    is_asked: bool

    @property
    def is_loopback(self) -> bool:
        """Whether nothing of it ever leaves this host."""
        return self.subnet.address.is_loopback


def interfaces(host: Sequence[HostAddress], named: Iterable[Subnet] = ()) -> tuple[Interface, ...]:
    """The interfaces to examine: those of the addresses `named`, or else all of `host`."""
    if named:
        return tuple(
            Interface(
                ", ".join(each.interface for each in _homes(host, subnet)) or "?",
                subnet,
                any(each.is_up for each in _homes(host, subnet)),
                is_asked=subnet.is_discoverable,
            )
            for subnet in named
        )
    known = [(each, Subnet(each.address.ip, each.address.network)) for each in host]
    return tuple(
        Interface(each.interface, subnet, each.is_up, each.is_up and subnet.is_discoverable)
        for each, subnet in known
    )


def _homes(host: Iterable[HostAddress], subnet: Subnet) -> list[HostAddress]:
    """Where `host` has the address of `subnet`; all of 127.0.0.0/8 is on the loopback interface."""
    return [
        each
        for each in host
        if subnet.address == each.address.ip
        or (subnet.address.is_loopback and subnet.address in each.address.network)
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """A server that answered in one subnet, with what it offered last.

    :ivar count: to how many of the requests it answered.
    :ivar round_trip: from a request to the answer to that very request; the shortest.
    :ivar connect: how long the TCP connection took, if there was one.
    :ivar is_here: whether it is a server on the examined host itself.
    """

    server_id: str
    address: str
    port: int
    slots: int
    free: int
    count: int
    round_trip: float
    is_here: bool
    reach: Reach = Reach.UNTRIED
    connect: float | None = None

    @property
    def place(self) -> str:
        """Where it is reached."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Stranger:
    """Datagrams from one source that were not believed.

    :ivar server_id: of the server that they offer at `address`, where they are offers at all.
    """

    reason: str
    source: str
    server_id: str | None = None
    address: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What was found on one interface.

    :ivar sent: how many requests went out; `unsent`: how many could not, the last for `trouble`.
    :ivar heard: how many datagrams came back, of whatever kind.
    """

    interface: Interface
    sent: int = 0
    unsent: int = 0
    trouble: Trouble | None = None
    heard: int = 0
    answers: tuple[Answer, ...] = ()
    strangers: tuple[tuple[Stranger, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that was found.

    :ivar wanted: the id of the server looked for, if one was named.
    :ivar port: the discovery port that was asked.
    :ivar is_whole_host: whether all interfaces were to be examined, and not some by name.
    """

    wanted: str | None
    port: int
    is_whole_host: bool
    subjects: tuple[Subject, ...]

    @property
    def answers(self) -> list[Answer]:
        """Every server that answered, in every subnet."""
        return [answer for subject in self.subjects for answer in subject.answers]

    @property
    def candidates(self) -> list[Answer]:
        """The answers of the server that is wanted; if none was named, all."""
        return [each for each in self.answers if self.wanted in (None, each.server_id)]

    @property
    def reachable(self) -> list[Answer]:
        """The candidates that TCP connections can be made to."""
        return [each for each in self.candidates if each.reach is Reach.CONNECTED]

    @property
    def twins(self) -> list[Answer]:
        """The candidates that share id and subnet with another server.

        Across subnets it may be one server, with an address in each.
        """
        return [
            each
            for subject in self.subjects
            for each in subject.answers
            if self.wanted in (None, each.server_id)
            and any(
                each.server_id == other.server_id and each.place != other.place
                for other in subject.answers
            )
        ]

    @property
    def patients(self) -> list[Subject]:
        """The subjects that matter: those that lead out of this host, if there are any."""
        outward = [each for each in self.subjects if not each.interface.is_loopback]
        return outward or list(self.subjects)

    @property
    def asked(self) -> list[Subject]:
        """The patients that a client would search."""
        return [each for each in self.patients if each.interface.is_asked]

    @property
    def vpns(self) -> list[Subject]:
        """The subjects that are up and, by their names, a VPN."""
        return [
            each
            for each in self.subjects
            if each.interface.is_up and _VPN.match(each.interface.name)
        ]

    def strangers(self, *reasons: str) -> list[tuple[Subject, Stranger]]:
        """Who was not believed for one of `reasons`, and where; without reasons, for any.

        Where they offer a server at all, only those that offer the one wanted.
        """
        return [
            (subject, stranger)
            for subject in self.subjects
            for stranger, _ in subject.strangers
            if (not reasons or stranger.reason in reasons)
            and (None in (self.wanted, stranger.server_id) or self.wanted == stranger.server_id)
        ]
