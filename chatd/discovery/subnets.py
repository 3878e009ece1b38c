"""Known subnets: the networks of this host's addresses, or of those that the user named.

The text of a ``ValueError`` is for the user: it quotes the value and says what would be right.
"""

import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network
from typing import Final

import psutil
from typing_extensions import override

#: The default TCP port of a server, and UDP port of discovery.
DEFAULT_PORT: Final = 7777

#: A shorter prefix is a typing error: with ``/0``, a server would answer the whole world.
_MIN_PREFIX: Final = 8

#: Networks with a longer prefix have no broadcast address (RFC 3021).
_LONGEST_WITH_BROADCAST: Final = 30

#: Names of interfaces that lead to containers, virtual machines and tunnels.
_VIRTUAL_INTERFACE: Final = re.compile(
    "docker|br-|bridge|veth|virbr|vmnet|vboxnet|vnet|lxc|lxd|cni|flannel|cali|podman|"
    "tun|tap|wg|ppp|utun|ipsec|zt|tailscale|nebula|awdl|llw",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An IPv4 address of this host, with the name of its interface and whether that is up.

    :ivar is_point_to_point: whether the interface leads to one other host, as a tunnel does.
    """

    interface: str
    address: IPv4Interface
    is_up: bool
    is_point_to_point: bool = False


@dataclass(frozen=True, slots=True)
class Subnet:
    """A network, and this host's address in it."""

    address: IPv4Address
    network: IPv4Network

    @property
    def broadcast(self) -> str:
        """The broadcast address."""
        return str(self.network.broadcast_address)

    @property
    def is_discoverable(self) -> bool:
        """Whether it has a broadcast address: not with the prefix /31 or /32."""
        return self.network.prefixlen <= _LONGEST_WITH_BROADCAST

    def is_host(self, address: IPv4Address) -> bool:
        """Whether a host in this subnet may have `address`."""
        return address in self.network and (
            not self.is_discoverable
            or address not in (self.network.network_address, self.network.broadcast_address)
        )

    @override
    def __str__(self) -> str:
        return f"{self.address}/{self.network.prefixlen}"


def host_addresses() -> list[HostAddress]:
    """The IPv4 addresses of this host."""
    stats = psutil.net_if_stats()
    found = []
    for interface, addresses in psutil.net_if_addrs().items():
        # An address with a label (``eth0:avahi``) looks like an interface of its own.
        state = stats.get(interface) or stats.get(interface.partition(":")[0])
        is_up = state is not None and state.isup
        for each in addresses:
            try:
                address = IPv4Interface(f"{each.address}/{each.netmask or 32}")
            except ValueError:
                continue  # not IPv4
            is_tunnel = state is not None and "pointopoint" in getattr(state, "flags", "")
            found.append(HostAddress(interface, address, is_up, is_tunnel))
    return found


def most_reachable(host: Sequence[HostAddress]) -> list[IPv4Address]:
    """The addresses of `host`, those first at which others will most likely reach it.

    That is the address that the default route uses, except in a VPN; then addresses in other real
    networks, and those of containers, virtual machines and tunnels; loopback last.
    """
    routed = _default_route_address()

    def rank(address: HostAddress) -> tuple[bool, bool, bool]:
        ip = address.address.ip
        is_virtual = (
            address.is_point_to_point
            or address.address.network.prefixlen > _LONGEST_WITH_BROADCAST
            or ip.is_link_local
            or _VIRTUAL_INTERFACE.match(address.interface) is not None
        )
        return ip.is_loopback, is_virtual, ip != routed

    return [each.address.ip for each in sorted(host, key=rank)]


def _default_route_address() -> IPv4Address | None:
    """This host's address on its default route; None if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Of UDP: this sends nothing, the system only chooses the route (RFC 5737: an example).
            probe.connect(("203.0.113.1", 9))
            return IPv4Address(probe.getsockname()[0])
        except OSError:
            return None


def default_subnets(host: Iterable[HostAddress]) -> tuple[Subnet, ...]:
    """The subnets of all addresses whose interface is up, as `most_reachable`; loopback last."""
    up = [each for each in host if each.is_up]
    order = {address: position for position, address in enumerate(most_reachable(up))}
    subnets = dict.fromkeys(_subnet(each.address) for each in up)
    return tuple(sorted(subnets, key=lambda subnet: order[subnet.address]))


def split_addresses(values: Iterable[str]) -> list[str]:
    """The addresses in `values`, of which each is one or several, separated by commas."""
    return [part.strip() for each in values for part in each.split(",")]


def named_subnets(values: Iterable[str], host: Sequence[HostAddress]) -> tuple[Subnet, ...]:
    """The subnets that ``--ifaddrs`` names, in that order.

    :param values: each is one or several, separated by commas: ``ADDRESS/PREFIX``, or ``ADDRESS``,
        which has the prefix of its interface.
    :raises ValueError: for the first value that is not an address of this host.
    """
    named: list[IPv4Interface] = []
    for value in split_addresses(values):
        address = _parse_address(value, host)
        if any(address.ip == each.ip for each in named):
            raise ValueError(f"{value!r} names the same address twice; name each address once")
        named.append(address)
    return tuple(_subnet(each) for each in named)


def subnet_of_address(value: str, host: Iterable[HostAddress]) -> Subnet:
    """The subnet of this host's address `value`, with the prefix of its interface.

    :raises ValueError: if this host has no such address.
    """
    try:
        address = IPv4Address(value)
    except AddressValueError:
        raise ValueError(f"{value!r} is not an IPv4 address, such as 10.35.11.111") from None
    for each in host:
        if _is_address_of(each, address):
            return _subnet(IPv4Interface(f"{address}/{each.address.network.prefixlen}"))
    raise ValueError(_unknown_address(value, host))


def longest_match(subnets: Iterable[Subnet], address: IPv4Address) -> Subnet | None:
    """The subnet that the host `address` is in; of several, the one with the longest prefix."""
    return max(
        (subnet for subnet in subnets if subnet.is_host(address)),
        key=lambda subnet: subnet.network.prefixlen,
        default=None,
    )


def _subnet(address: IPv4Interface) -> Subnet:
    return Subnet(address.ip, address.network)


def _parse_address(value: str, host: Sequence[HostAddress]) -> IPv4Interface:
    """`value` as ``ADDRESS/PREFIX``, if it is one of the addresses `host`."""
    if ":" in value:
        raise ValueError(f"{value!r} is IPv6; only IPv4 works here, such as 10.35.11.111/24")
    if re.fullmatch(r"[0-9.]+", value):
        return IPv4Interface(str(subnet_of_address(value, host)))
    if not re.fullmatch(r"[0-9.]+/[0-9]{1,2}", value):
        raise ValueError(f"{value!r} is not an address with its prefix, such as 10.35.11.111/24")
    try:
        address = IPv4Interface(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not an address with its prefix: {error}") from None
    subnet = _subnet(address)
    if subnet.network.prefixlen < _MIN_PREFIX:
        raise ValueError(f"{value!r} is not a subnet: a prefix has at least {_MIN_PREFIX} bits")
    if not subnet.is_host(address.ip):
        which = "network" if address.ip == address.network.network_address else "broadcast"
        raise ValueError(f"{value!r} is the {which} address itself; name this host's own address")
    if not any(_is_address_of(each, address.ip) for each in host):
        raise ValueError(_unknown_address(value, host))
    return address


def _is_address_of(host_address: HostAddress, address: IPv4Address) -> bool:
    """Whether this host has `address`, because it has `host_address`.

    All addresses of a loopback network are this host's, such as 127.0.0.2 with 127.0.0.1/8.
    """
    known = host_address.address
    return address == known.ip or (
        address.is_loopback and known.is_loopback and address in known.network
    )


def _unknown_address(value: str, host: Iterable[HostAddress]) -> str:
    addresses = ", ".join(str(each.address) for each in host) or "none"
    return f"{value!r} is not an address of this host, which has: {addresses}"
