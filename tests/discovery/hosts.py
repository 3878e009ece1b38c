"""Subnets and datagrams for the tests of discovery."""

from ipaddress import IPv4Interface
from typing import Any

import msgspec

from chatd.discovery.subnets import Subnet
from tests.fakes import FakeUdpReactor

#: The discovery port in these tests.
PORT = 7_777


def subnets(*values: str) -> tuple[Subnet, ...]:
    """The subnets of these addresses with their prefixes."""
    return tuple(
        Subnet(interface.ip, interface.network) for interface in map(IPv4Interface, values)
    )


def datagram(kind: str, **data: Any) -> bytes:
    """A datagram as another program would send it."""
    return msgspec.json.encode({"type": kind, "data": data})


def deliver(reactor: FakeUdpReactor, interface: str, data: bytes, source: tuple[str, int]) -> None:
    """Let a datagram arrive at the socket that is open on `interface`."""
    reactor.open_udp(interface).protocol.datagramReceived(data, source)


def sent(reactor: FakeUdpReactor) -> list[tuple[str, bytes, tuple[str, int]]]:
    """All datagrams that were sent: the sender's address, the datagram, and the receiver."""
    return [
        (port.interface, data, address) for port in reactor.udp for data, address in port.written
    ]
