"""Which of this host's addresses others can reach it at."""

from ipaddress import IPv4Address, IPv4Interface

import psutil
import pytest

from chatd.discovery import subnets
from chatd.discovery.subnets import (
    HostAddress,
    default_subnets,
    host_addresses,
    most_reachable,
)


class _Stats:
    isup = True
    flags = "up,broadcast"


def test_an_address_with_a_label_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    class Address:
        address, netmask = "169.254.7.7", "255.255.0.0"

    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0:avahi": [Address()]})
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {"eth0": _Stats()})
    [found] = host_addresses()
    assert (str(found.address), found.is_up) == ("169.254.7.7/16", True)


def _host(**addresses: str) -> list[HostAddress]:
    return [HostAddress(name, IPv4Interface(address), True) for name, address in addresses.items()]


HOST = _host(
    lo="127.0.0.1/8",
    docker0="172.17.0.1/16",
    wg0="10.8.0.2/24",
    tun0="10.9.0.2/32",
    wlan0="192.168.1.7/24",
    eth0="10.35.11.113/24",
)


@pytest.mark.parametrize(
    ("routed", "best"),
    [
        ("10.35.11.113", "10.35.11.113"),
        ("192.168.1.7", "192.168.1.7"),
        ("10.8.0.2", "192.168.1.7"),  # a VPN, where nobody sits beside
        ("172.17.0.1", "192.168.1.7"),
        (None, "192.168.1.7"),
    ],
)
def test_the_address_of_the_default_route_comes_first_unless_it_is_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, routed: str | None, best: str
) -> None:
    address = None if routed is None else IPv4Address(routed)
    monkeypatch.setattr(subnets, "_default_route_address", lambda: address)
    ranked = [str(each) for each in most_reachable(HOST)]
    assert ranked[0] == best
    assert ranked[-1] == "127.0.0.1"
    assert set(ranked[:2]) == {"192.168.1.7", "10.35.11.113"}


def test_a_server_listens_and_says_so_in_this_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subnets, "_default_route_address", lambda: IPv4Address("10.35.11.113"))
    listed = [str(subnet.address) for subnet in default_subnets(HOST)]
    assert listed[:2] == ["10.35.11.113", "192.168.1.7"]
    assert listed == [str(each) for each in most_reachable(HOST)]
    assert listed[-1] == "127.0.0.1"


def test_an_interface_that_leads_to_one_host_is_a_tunnel_whatever_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tunnel = HostAddress("nordlynx", IPv4Interface("10.5.0.2/16"), True, is_point_to_point=True)
    monkeypatch.setattr(subnets, "_default_route_address", lambda: tunnel.address.ip)
    assert str(most_reachable([tunnel, *HOST])[0]) == "192.168.1.7"


def test_without_a_network_there_is_no_default_route_or_one_of_this_host() -> None:
    assert set(most_reachable(host_addresses())) == {each.address.ip for each in host_addresses()}
