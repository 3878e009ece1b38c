"""The values of --ifaddrs: what is accepted, and what is refused with which reason."""

from ipaddress import IPv4Address, IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.discovery.subnets import (
    HostAddress,
    Subnet,
    default_subnets,
    host_addresses,
    longest_match,
    named_subnets,
    subnet_of_address,
)


def _host(*addresses: str, interface: str = "eth0", is_up: bool = True) -> list[HostAddress]:
    return [HostAddress(interface, IPv4Interface(each), is_up) for each in addresses]


def _subnet(value: str) -> Subnet:
    interface = IPv4Interface(value)
    return Subnet(interface.ip, interface.network)


HOST = [
    *_host("127.0.0.1/8", interface="lo"),
    *_host("10.35.11.113/24", "10.9.0.1/31", "10.9.0.9/32"),
    *_host("192.168.1.124/24", interface="wlan0"),
    *_host("172.16.0.1/16", interface="eth1", is_up=False),
]

REFUSED = [
    ("10.35.11.114", "not an address of this host"),
    ("10.35.11", "not an IPv4 address"),
    ("party", "not an address with its prefix"),
    ("", "not an address with its prefix"),
    ("10.35.11.113/", "not an address with its prefix"),
    ("/24", "not an address with its prefix"),
    ("10.35.11.113/33", "not an address with its prefix"),
    ("10.35.11.113/-1", "not an address with its prefix"),
    ("10.35.11.113/24/24", "not an address with its prefix"),
    ("10.35.11.113/255.255.255.0", "not an address with its prefix"),
    ("10.35.11.113/24x", "not an address with its prefix"),
    ("10.35.11.256/24", "not an address with its prefix"),
    ("10.35.11/24", "not an address with its prefix"),
    ("010.35.11.113/24", "not an address with its prefix"),
    ("10.35.11.113/\u0662\u0664", "not an address with its prefix"),
    ("10.35.11.113 /24", "not an address with its prefix"),
    ("fe80::1/64", "IPv6"),
    ("::1/128", "IPv6"),
    ("::1", "IPv6"),
    ("10.35.11.0/24", "network address itself"),
    ("10.35.11.255/24", "broadcast address itself"),
    ("127.0.0.0/8", "network address itself"),
    ("127.255.255.255/8", "broadcast address itself"),
    ("10.35.11.114/24", "not an address of this host"),
    ("8.8.8.8/24", "not an address of this host"),
    ("0.0.0.0/32", "not an address of this host"),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED)
def test_a_bad_value_is_refused_in_one_line_that_names_it_and_the_reason(
    value: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        named_subnets([value], HOST)
    sentence = str(caught.value)
    assert repr(value) in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(("value", "reason"), REFUSED)
def test_the_first_bad_value_is_named(value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        named_subnets(["10.35.11.113/24", value, "192.168.1.124/24"], HOST)


@pytest.mark.parametrize(
    "values",
    [
        ["10.35.11.113/24", "10.35.11.113/24"],
        ["10.35.11.113/24,10.35.11.113/24"],
        ["10.35.11.113/24", "192.168.1.124/24", "10.35.11.113/16"],
    ],
)
def test_the_same_address_twice_is_refused(values: list[str]) -> None:
    with pytest.raises(ValueError, match="same address twice"):
        named_subnets(values, HOST)


def test_an_address_of_another_host_is_refused_with_those_of_this_one() -> None:
    with pytest.raises(ValueError, match=r"10\.35\.11\.113/24.*192\.168\.1\.124/24"):
        named_subnets(["10.35.11.114/24"], HOST)


@pytest.mark.parametrize(
    "values",
    [
        ["10.35.11.113/24", "192.168.1.124/24"],
        ["10.35.11.113/24,192.168.1.124/24"],
        ["10.35.11.113/24, 192.168.1.124/24"],
        [" 10.35.11.113/24 ", "192.168.1.124/24 "],
    ],
)
def test_values_may_be_separated_in_several_ways(values: list[str]) -> None:
    assert named_subnets(values, HOST) == (_subnet("10.35.11.113/24"), _subnet("192.168.1.124/24"))


def test_the_named_prefix_counts_not_the_interfaces() -> None:
    [subnet] = named_subnets(["10.35.11.113/16"], HOST)
    assert (str(subnet), subnet.broadcast) == ("10.35.11.113/16", "10.35.255.255")


def test_an_address_without_a_prefix_has_that_of_its_interface() -> None:
    named = named_subnets(["10.35.11.113", "127.0.0.7,10.9.0.9"], HOST)
    assert [str(subnet) for subnet in named] == ["10.35.11.113/24", "127.0.0.7/8", "10.9.0.9/32"]


def test_every_address_of_the_loopback_network_is_this_hosts() -> None:
    [subnet] = named_subnets(["127.0.0.7/8"], HOST)
    assert (str(subnet.address), subnet.broadcast) == ("127.0.0.7", "127.255.255.255")


def test_an_address_of_an_interface_that_is_down_may_be_named() -> None:
    assert named_subnets(["172.16.0.1/16"], HOST) == (_subnet("172.16.0.1/16"),)


@pytest.mark.parametrize("value", ["10.9.0.1/31", "10.9.0.9/32"])
def test_a_network_without_broadcast_is_accepted_but_not_discoverable(value: str) -> None:
    [subnet] = named_subnets([value], HOST)
    assert not subnet.is_discoverable
    assert subnet.is_host(subnet.address)


def test_a_network_of_four_addresses_can_be_discovered() -> None:
    [subnet] = named_subnets(["10.9.0.1/30"], HOST)
    assert subnet.is_discoverable
    assert subnet.broadcast == "10.9.0.3"


@given(st.text(max_size=20) | st.from_regex(r"[0-9.]{1,16}/[0-9]{1,3}\Z"))
def test_any_value_is_a_subnet_or_refused(value: str) -> None:
    try:
        named_subnets([value], HOST)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017  # both outcomes are fine


def test_by_default_all_addresses_of_interfaces_that_are_up_are_used_loopback_included() -> None:
    assert [str(subnet) for subnet in default_subnets(HOST)] == [
        "10.35.11.113/24",
        "192.168.1.124/24",
        "10.9.0.1/31",
        "10.9.0.9/32",
        "127.0.0.1/8",
    ]


def test_an_address_on_two_interfaces_is_used_once() -> None:
    host = [*_host("10.0.0.1/24"), *_host("10.0.0.1/24", interface="eth1")]
    assert default_subnets(host) == (_subnet("10.0.0.1/24"),)


def test_this_hosts_own_addresses_can_be_read() -> None:
    assert all(each.interface and each.address.network for each in host_addresses())


def test_a_bare_address_takes_its_prefix_from_the_interface() -> None:
    assert subnet_of_address("192.168.1.124", HOST) == _subnet("192.168.1.124/24")
    assert subnet_of_address("127.0.0.7", HOST) == _subnet("127.0.0.7/8")


@pytest.mark.parametrize("value", ["10.35.11.114", "party", "10.35.11.113/24", "::1", ""])
def test_a_bare_address_of_another_host_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not an") as caught:
        subnet_of_address(value, HOST)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("10.35.11.7", "10.35.11.113/24"),
        ("10.35.12.7", "10.35.11.113/16"),
        ("10.36.0.7", "10.1.1.1/8"),
        ("10.35.11.255", "10.35.11.113/16"),  # a host there, though not in the /24
        ("10.255.255.255", None),
        ("192.168.1.1", None),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_where_subnets_overlap_the_longest_prefix_counts(
    sender: str, expected: str | None, order: int
) -> None:
    known = [_subnet(each) for each in ("10.1.1.1/8", "10.35.11.113/16", "10.35.11.113/24")]
    found = longest_match(known[::order], IPv4Address(sender))
    assert (None if found is None else str(found)) == expected
