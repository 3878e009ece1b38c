"""Findings to be judged: a host with one interface on a LAN, and what it found there."""

from ipaddress import IPv4Interface

from chatd.discovery.subnets import Subnet
from chatd.doctor.findings import (
    Answer,
    Cause,
    Findings,
    Interface,
    Reach,
    Stranger,
    Subject,
    Trouble,
)
from tests.discovery.hosts import PORT

PERMISSION = Trouble(Cause.NOT_PERMITTED, "Operation not permitted")
ROUTE = Trouble(Cause.NO_ROUTE, "Network is unreachable")
GONE = Trouble(Cause.DOWN, "Cannot assign requested address")
OVERSIZED = Trouble(Cause.OTHER, "Message too long")


def interface(
    name: str = "eth0",
    address: str = "10.35.11.112/24",
    is_up: bool = True,
    is_asked: bool | None = None,
) -> Interface:
    """An interface that is asked if the default list would have it asked."""
    value = IPv4Interface(address)
    subnet = Subnet(value.ip, value.network)
    asked = is_up and subnet.is_discoverable if is_asked is None else is_asked
    return Interface(name, subnet, is_up, asked)


LOOPBACK = Subject(interface("lo", "127.0.0.1/8"), sent=3)


def answer(
    server_id: str = "party",
    address: str = "10.35.11.111",
    port: int = 7777,
    free: int = 4,
    reach: Reach = Reach.CONNECTED,
    is_here: bool = False,
) -> Answer:
    return Answer(
        *(server_id, address, port, 5, free),
        count=3,
        round_trip=0.000_42,
        is_here=is_here,
        reach=reach,
        connect=0.000_31 if reach is Reach.CONNECTED else None,
    )


def offered(
    reason: str, source: str, address: str, server_id: str = "party"
) -> tuple[Stranger, int]:
    """An offer that was not believed."""
    return Stranger(reason, source, server_id, address, 7777), 3


def lan(
    *answers: Answer,
    strangers: tuple[tuple[Stranger, int], ...] = (),
    name: str = "eth0",
    address: str = "10.35.11.112/24",
) -> Subject:
    """An interface that could be asked, and what it heard."""
    heard = sum(each.count for each in answers) + sum(count for _, count in strangers)
    return Subject(interface(name, address), 3, 0, None, heard, answers, strangers)


def mute(trouble: Trouble, name: str = "eth0", address: str = "10.35.11.112/24") -> Subject:
    """An interface that nothing could be sent on."""
    return Subject(interface(name, address), 0, 3, trouble)


def down(name: str = "eth0", is_named: bool = False) -> Subject:
    """An interface that is down; one that was named is asked nevertheless."""
    return Subject(interface(name, is_up=False, is_asked=is_named), unsent=3 * is_named)


def found(
    *subjects: Subject, wanted: str | None = "party", named: bool = False, port: int = PORT
) -> Findings:
    return Findings(wanted, port, not named, subjects)
