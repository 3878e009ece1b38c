"""``chatd doctor`` on real networks, and what is wrong with them."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.hosts import Lan, lan
from tests.e2e.programs import CHATD, Program, programs

OFFICE = "10.35.11.0/24"
HOME = ("--ifaddrs", "127.0.0.1/8")


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    with programs() as start_one:
        yield lambda *words: start_one([*CHATD, *words])


@pytest.fixture
def port() -> str:
    """A UDP port of loopback that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def network() -> Iterator[Lan]:
    with lan([OFFICE]) as made:
        yield made


@pytest.fixture
def hosts(network: Lan) -> SimpleNamespace:
    """A host with a server that can be reached, and one to look for it from."""
    hosts = SimpleNamespace(
        server=network.host("server", {OFFICE: "10.35.11.111/24"}),
        client=network.host("client", {OFFICE: "10.35.11.112/24"}),
    )
    server = hosts.server.run(*CHATD, "server", "--id", "party", "--slots", "5")
    server.says("party answers discovery in 10.35.11.0/24")
    return hosts


def verdict(doctor: Program) -> tuple[str, int]:
    """The verdict, and the exit status."""
    status = doctor.status()
    return told(doctor)["verdict"], status


def told(doctor: Program) -> Any:
    return json.loads("\n".join(doctor.out))


def examine(hosts: SimpleNamespace, *options: str) -> Program:
    examination: Program = hosts.client.run(
        *CHATD, "doctor", "--server", "party", "--wait", "1", "--json", *options
    )
    return examination


def test_a_server_on_this_host_is_found_and_left_as_it_was(
    start: Callable[..., Program], port: str
) -> None:
    server = start(
        *("server", *HOME, "--id", "party", "--discovery-port", port, "--log-level", "debug")
    )
    server.says("party answers discovery")
    doctor = start("doctor", *HOME, "--discovery-port", port, "--wait", "0.5", "--json")
    assert verdict(doctor) == ("here", 0)
    [found] = told(doctor)["interfaces"][0]["servers"]
    assert (found["id"], found["heard"], found["tcp"], found["free"]) == (
        *("party", 3, "connected"),
        found["slots"],
    )
    again = start("doctor", *HOME, "--discovery-port", port, "--wait", "0.5", "--json")
    assert verdict(again) == ("here", 0)
    assert told(again)["interfaces"][0]["servers"][0]["free"] == found["slots"]
    server.signal(signal.SIGTERM)
    assert server.status() == 0
    assert not any("has entered" in line or "Traceback" in line for line in server.err)


def test_ctrl_c_ends_it_without_a_word_on_standard_output(
    start: Callable[..., Program], port: str
) -> None:
    doctor = start("doctor", *HOME, "--discovery-port", port, "--wait", "600")
    doctor.says("Asking for any server")
    doctor.signal(signal.SIGINT)
    assert doctor.status() == 1
    assert doctor.out == []
    assert len(doctor.err) == 1


def test_between_two_hosts_all_is_well(hosts: SimpleNamespace) -> None:
    doctor = hosts.client.run(*CHATD, "doctor", "--server", "party")
    assert doctor.status() == 0
    assert [line.split()[:5] for line in doctor.out[:3]] == [
        ["INTERFACE", "ADDRESS", "BROADCAST", "SENT", "HEARD"],
        ["lo", "127.0.0.1/8", "127.255.255.255", "3", "0"],
        ["eth0", "10.35.11.112/24", "10.35.11.255", "3", "3"],
    ]
    assert doctor.out[5].startswith("eth0       10.35.11.111:7777   5/5    3/3")
    assert doctor.out[5].endswith("  party")
    assert " ".join(doctor.out[7:]) == (
        "All is well: party answers at 10.35.11.111:7777, and 5 of its 5 places are free; "
        "join it with: chatd client --server party"
    )


@pytest.mark.parametrize("where", ["server", "client"])
def test_a_firewall_that_drops_udp_is_silence(hosts: SimpleNamespace, where: str) -> None:
    firewall = getattr(hosts, where)
    firewall.refuse_route("blackhole", "iif", "eth0", "ipproto", "udp")
    doctor = examine(hosts)
    assert verdict(doctor) == ("silence", 1)
    assert "a firewall drops UDP" in told(doctor)["sentence"]
    assert [each["sent"] for each in told(doctor)["interfaces"]] == [3, 3]


def test_a_firewall_that_drops_tcp_is_told_from_a_server_that_is_not_there(
    hosts: SimpleNamespace,
) -> None:
    hosts.server.refuse_route("blackhole", "iif", "eth0", "ipproto", "tcp", "dport", "7777")
    doctor = examine(hosts)
    assert verdict(doctor) == ("timed-out", 1)
    assert "allow TCP port 7777" in told(doctor)["sentence"]


@pytest.mark.parametrize(
    ("kind", "name"), [("prohibit", "not-permitted"), ("unreachable", "no-route")]
)
def test_what_cannot_be_sent_says_why(hosts: SimpleNamespace, kind: str, name: str) -> None:
    hosts.client.refuse_route(kind, "to", "10.35.11.255")
    doctor = examine(hosts)
    assert verdict(doctor) == (name, 1)
    assert [(each["sent"], each["unsent"]) for each in told(doctor)["interfaces"]] == [
        (3, 0),
        (0, 3),
    ]


def test_a_cable_that_is_out_is_told_whether_the_interface_was_named_or_not(
    hosts: SimpleNamespace,
) -> None:
    hosts.client.set_link("eth0", "down")
    assert verdict(examine(hosts)) == ("no-interface", 1)
    assert verdict(examine(hosts, "--ifaddrs", "10.35.11.112/24")) == ("down", 1)


def test_a_wrong_name_is_told_with_the_right_one(hosts: SimpleNamespace) -> None:
    doctor = hosts.client.run(*CHATD, "doctor", "--server", "Party", "--wait", "1")
    assert doctor.status() == 1
    assert "say party if you mean that one" in " ".join(doctor.out)
