"""An interface that goes down and comes up, and a server that has another address now."""

import signal
from collections.abc import Callable
from time import monotonic

import pytest

from tests.e2e.faults.chat_programs import (
    DEAD_PEER_SECONDS,
    LAB,
    OFFICE,
    SERVER_IP,
    client,
    member,
    server,
)
from tests.e2e.namespaces import Host, Network

ELSEWHERE = "10.35.11.99"

#: It notices within 2 s, waits for up to 5 s, and searches; TCP alone would need longer to notice.
BACK_SECONDS = 20


@pytest.mark.parametrize("options", [(), ("--ifaddrs", f"{SERVER_IP}/24")], ids=["all", "named"])
def test_a_server_keeps_its_members_while_its_interface_is_down_and_is_found_again(
    options: tuple[str, ...], server_host: Host, host: Callable[[int], Host]
) -> None:
    party = server(server_host, *options)
    ice, moon = member(host(2), "ice"), member(host(3), "moon")
    ice.expect_stdout("moon has entered")
    server_host.set_link("eth0", "down")
    if not options:
        party.expect_stderr(f"this host no longer has the address {SERVER_IP}/24")
    ice.send_line("can you hear me?")
    server_host.set_link("eth0", "up")
    moon.expect_stdout("ice: can you hear me?")
    if not options:
        party.expect_stderr(f"this host has the new address {SERVER_IP}/24")
    sun = member(host(4), "sun")
    sun.send_line("hello")
    moon.expect_stdout("sun: hello")
    assert not any("left" in line for line in (*ice.stdout, *moon.stdout))


def test_a_client_stays_connected_while_its_interface_is_down(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    server(server_host)
    away = host(2)
    ice, moon = member(away, "ice"), member(host(3), "moon")
    ice.expect_stdout("moon has entered")
    away.set_link("eth0", "down")
    ice.send_line("can you hear me?")
    moon.send_line("are you there?")
    away.set_link("eth0", "up")
    moon.expect_stdout("ice: can you hear me?")
    ice.expect_stdout("moon: are you there?")
    assert not any("left" in line for line in (*ice.stdout, *moon.stdout))


@pytest.mark.parametrize("what", ["interface", "carrier", "address"])
def test_a_client_that_loses_its_network_is_soon_back_by_another_one_and_was_never_gone(
    what: str, network: Network, host: Callable[[int], Host]
) -> None:
    at_server = network.add_host("server", {OFFICE: f"{SERVER_IP}/24", LAB: "192.168.1.1/24"})
    server(at_server)
    moving = network.add_host("moving", {OFFICE: "10.35.11.2/24", LAB: "192.168.1.2/24"})
    moving.set_link("eth1", "down")
    ice, moon = member(moving, "ice"), member(host(3), "moon")
    ice.expect_stdout("moon has entered")
    moving.set_link("eth1", "up")
    match what:
        case "interface":
            moving.set_link("eth0", "down")
        case "carrier":
            moving.lose_carrier()
        case "address":
            moving.remove_address("10.35.11.2/24")
    begin = monotonic()
    moon.send_line("can you hear me?")
    ice.send_line("are you there?")
    ice.expect_stdout("moon: can you hear me?")
    moon.expect_stdout("ice: are you there?")
    assert monotonic() - begin < BACK_SECONDS
    assert not any("left" in line or "entered" in line for line in moon.stdout)
    assert not any("may not have arrived" in line for line in ice.stderr)


def test_a_client_without_a_network_searches_until_there_is_one(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    server(server_host)
    away = host(2)
    away.set_link("eth0", "down")
    ice = client(away, "ice")
    ice.expect_stderr("No answer within 3 s; still searching")
    away.set_link("eth0", "up")
    ice.expect_stderr("Connected to party")


def test_a_server_whose_address_is_replaced_is_found_at_the_new_one(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    party = server(server_host)
    ice = member(host(2), "ice")
    server_host.change_address(f"{SERVER_IP}/24", f"{ELSEWHERE}/24")
    party.expect_stderr(f"this host has the new address {ELSEWHERE}/24")
    moon = client(host(3), "moon")
    moon.expect_stderr(f"Connected to party ({ELSEWHERE}:7777) as moon.")
    moon.send_line("are you there?")
    ice.expect_stdout("moon: are you there?", within=DEAD_PEER_SECONDS + 10)
    party.send_signal(signal.SIGTERM)
    assert party.wait() == 0
    assert not any("Traceback" in line for line in party.stderr)


def test_a_server_that_is_started_before_its_network_is_found_once_there_is_one(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    server_host.set_link("eth0", "down")
    party = server(server_host)
    ice = client(host(2), "ice")
    ice.expect_stderr("No answer within 3 s; still searching")
    server_host.set_link("eth0", "up")
    party.expect_stderr(f"this host has the new address {SERVER_IP}/24")
    ice.expect_stderr(f"Connected to party ({SERVER_IP}:7777) as ice.")


def test_a_named_address_that_is_removed_leaves_the_others_and_works_when_it_is_back(
    network: Network, host: Callable[[int], Host]
) -> None:
    office, lab = f"{SERVER_IP}/24", "192.168.1.1/24"
    server_host = network.add_host("server", {OFFICE: office, LAB: lab})
    party = server(server_host, "--ifaddrs", office, lab)
    party.expect_stderr("answers discovery in 192.168.1.0/24")
    ice = member(host(2), "ice")
    star = member(network.add_host("star", {LAB: "192.168.1.2/24"}), "star")
    ice.expect_stdout("star has entered")

    server_host.remove_address(office)
    moon = member(network.add_host("moon", {LAB: "192.168.1.3/24"}), "moon")
    moon.send_line("hello, lab")
    star.expect_stdout("moon: hello, lab")
    sun = client(host(3), "sun")
    sun.expect_stderr("No answer within 3 s; still searching")

    server_host.add_address(office)
    sun.expect_stderr(f"Connected to party ({SERVER_IP}:7777) as sun.")
    ice.expect_stdout("moon: hello, lab")
    sun.send_line("hello, all")
    for each in (ice, star, moon):
        each.expect_stdout("sun: hello, all")
    party.send_signal(signal.SIGTERM)
    assert party.wait() == 0
    assert not any("Traceback" in line for line in party.stderr)
