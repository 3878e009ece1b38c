"""Known subnets: the networks of this host's addresses, or of those that the person named.

The words of the refusals are for people: each names the value and says what would be right.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network
from typing import Final

import psutil

#: Where servers are reached and listen for questions, unless something else is said: TCP and UDP.
DEFAULT_PORT: Final = 7777

#: A shorter prefix is a mistake: the server would answer half the world.
_MIN_PREFIX: Final = 8

#: Networks longer than this have no broadcast address.
_LONGEST_WITH_BROADCAST: Final = 30


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An IPv4 address of this host, the interface it is on, and whether that is up."""

    interface: str
    address: IPv4Interface
    is_up: bool


@dataclass(frozen=True, slots=True)
class Subnet:
    """A network, and this host's address in it."""

    address: IPv4Address
    network: IPv4Network

    @property
    def broadcast(self) -> str:
        """Where a datagram to everyone in the subnet goes."""
        return str(self.network.broadcast_address)

    @property
    def is_discoverable(self) -> bool:
        """Whether there is a broadcast address at all: not in a /31 or /32."""
        return self.network.prefixlen <= _LONGEST_WITH_BROADCAST

    def is_host(self, address: IPv4Address) -> bool:
        """Whether `address` can be that of one host in this subnet."""
        return address in self.network and (
            not self.is_discoverable
            or address not in (self.network.network_address, self.network.broadcast_address)
        )

    def __str__(self) -> str:
        return f"{self.address}/{self.network.prefixlen}"


def host_addresses() -> list[HostAddress]:
    """Every IPv4 address of this host."""
    stats = psutil.net_if_stats()
    found = []
    for interface, addresses in psutil.net_if_addrs().items():
        is_up = interface in stats and stats[interface].isup
        for each in addresses:
            try:
                address = IPv4Interface(f"{each.address}/{each.netmask or 32}")
            except ValueError:
                continue  # not IPv4
            found.append(HostAddress(interface, address, is_up))
    return found


def default_subnets(host: Iterable[HostAddress]) -> tuple[Subnet, ...]:
    """The subnets of every address of an interface that is up, loopback included."""
    return tuple(dict.fromkeys(_subnet(each.address) for each in host if each.is_up))


def named_subnets(values: Iterable[str], host: Sequence[HostAddress]) -> tuple[Subnet, ...]:
    """The subnets of the addresses named, as ``--ifaddrs`` names them.

    :param values: each one or several of ``ADDRESS/PREFIX``, separated by commas.
    :raises ValueError: naming the first value that is not such an address of this host.
    """
    named: list[IPv4Interface] = []
    for value in (part.strip() for words in values for part in words.split(",")):
        address = _checked(value, host)
        if any(address.ip == each.ip for each in named):
            raise ValueError(f"{value!r} names the same address twice; name each address once")
        named.append(address)
    return tuple(_subnet(each) for each in named)


def subnet_of_address(value: str, host: Iterable[HostAddress]) -> Subnet:
    """The subnet of this host's address `value`, with the prefix that its interface has.

    :raises ValueError: if this host has no such address.
    """
    try:
        wanted = IPv4Address(value)
    except AddressValueError:
        raise ValueError(f"{value!r} is not an IPv4 address, such as 10.35.11.111") from None
    for each in host:
        if _is_address_of(each, wanted):
            return _subnet(IPv4Interface(f"{wanted}/{each.address.network.prefixlen}"))
    raise ValueError(_unknown_address(value, host))


def longest_match(subnets: Iterable[Subnet], address: IPv4Address) -> Subnet | None:
    """The subnet that `address` is a host of; where several overlap, the longest prefix counts."""
    return max(
        (subnet for subnet in subnets if subnet.is_host(address)),
        key=lambda subnet: subnet.network.prefixlen,
        default=None,
    )


def _subnet(address: IPv4Interface) -> Subnet:
    return Subnet(address.ip, address.network)


def _checked(value: str, host: Sequence[HostAddress]) -> IPv4Interface:
    """The address with its prefix that `value` is, if it is one of `host`'s."""
    if ":" in value:
        raise ValueError(f"{value!r} is IPv6; only IPv4 works here, such as 10.35.11.111/24")
    if re.fullmatch(r"[0-9.]+", value):
        raise ValueError(f"{value!r} has no prefix; write it like 10.35.11.111/24")
    if not re.fullmatch(r"[0-9.]+/[0-9]{1,2}", value):
        raise ValueError(f"{value!r} is not an address with its prefix, such as 10.35.11.111/24")
    try:
        address = IPv4Interface(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not an address with its prefix: {error}") from None
    subnet = _subnet(address)
    if subnet.network.prefixlen < _MIN_PREFIX:
        raise ValueError(f"{value!r} is no subnet: a prefix has at least {_MIN_PREFIX} bits")
    if not subnet.is_host(address.ip):
        which = "network" if address.ip == address.network.network_address else "broadcast"
        raise ValueError(f"{value!r} is the {which} address itself; name this host's own address")
    if not any(_is_address_of(each, address.ip) for each in host):
        raise ValueError(_unknown_address(value, host))
    return address


def _is_address_of(each: HostAddress, wanted: IPv4Address) -> bool:
    """Whether `wanted` is that address; every address of a loopback network is this host's."""
    return wanted == each.address.ip or (
        wanted.is_loopback and each.address.is_loopback and wanted in each.address.network
    )


def _unknown_address(value: str, host: Iterable[HostAddress]) -> str:
    have = ", ".join(str(each.address) for each in host) or "none"
    return f"{value!r} is not an address of this host, which has: {have}"
