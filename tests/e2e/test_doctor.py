"""``chatd doctor`` on real networks, and with real faults."""

import json
import signal
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.namespaces import Network, create_network
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import IFADDRS, free_udp_port

OFFICE = "10.35.11.0/24"


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    with programs() as start_one:
        yield lambda *words: start_one([*CHATD, *words])


@pytest.fixture
def port() -> str:
    """An unused UDP port of loopback."""
    return str(free_udp_port())


@pytest.fixture
def network() -> Iterator[Network]:
    with create_network([OFFICE]) as made:
        yield made


@pytest.fixture
def hosts(network: Network) -> SimpleNamespace:
    """A host with a reachable server, and a host to look for it from."""
    hosts = SimpleNamespace(
        server=network.add_host("server", {OFFICE: "10.35.11.111/24"}),
        client=network.add_host("client", {OFFICE: "10.35.11.112/24"}),
    )
    server = hosts.server.start(*CHATD, "server", "--id", "party", "--slots", "5")
    server.expect_stderr("party answers discovery in 10.35.11.0/24")
    return hosts


def diagnosis(doctor: Program) -> tuple[str, int]:
    """The name of the diagnosis, and the exit status."""
    status = doctor.wait()
    return output(doctor)["diagnosis"], status


def output(doctor: Program) -> Any:
    return json.loads("\n".join(doctor.stdout))


def diagnose(hosts: SimpleNamespace, *options: str) -> Program:
    doctor: Program = hosts.client.start(
        *CHATD, "doctor", "--server", "party", "--wait", "2", "--json", *options
    )
    return doctor


def test_a_server_on_this_host_is_found_and_left_as_it_was(
    start: Callable[..., Program], port: str
) -> None:
    server = start(
        *("server", *IFADDRS, "--id", "party", "--discovery-port", port, "--log-level", "debug")
    )
    server.expect_stderr("party answers discovery")
    doctor = start("doctor", *IFADDRS, "--discovery-port", port, "--wait", "2", "--json")
    assert diagnosis(doctor) == ("local-only", 0)
    [found] = output(doctor)["interfaces"][0]["servers"]
    assert (found["id"], found["answers"], found["tcp"], found["free"]) == (
        *("party", 3, "connected"),
        found["slots"],
    )
    again = start("doctor", *IFADDRS, "--discovery-port", port, "--wait", "2", "--json")
    assert diagnosis(again) == ("local-only", 0)
    assert output(again)["interfaces"][0]["servers"][0]["free"] == found["slots"]
    server.send_signal(signal.SIGTERM)
    assert server.wait() == 0
    assert not any("has entered" in line or "Traceback" in line for line in server.stderr)


def test_ctrl_c_ends_it_with_status_1_and_nothing_on_standard_output(
    start: Callable[..., Program], port: str
) -> None:
    doctor = start("doctor", *IFADDRS, "--discovery-port", port, "--wait", "600")
    doctor.expect_stderr("Looking for any server")
    doctor.send_signal(signal.SIGINT)
    assert doctor.wait() == 1
    assert doctor.stdout == []
    assert len(doctor.stderr) == 1


def test_a_reachable_server_on_another_host(hosts: SimpleNamespace) -> None:
    doctor = hosts.client.start(*CHATD, "doctor", "--server", "party")
    assert doctor.wait() == 0
    assert [line.split()[:5] for line in doctor.stdout[:3]] == [
        ["INTERFACE", "ADDRESS", "BROADCAST", "SENT", "RECEIVED"],
        ["lo", "127.0.0.1/8", "127.255.255.255", "3", "0"],
        ["eth0", "10.35.11.112/24", "10.35.11.255", "3", "3"],
    ]
    assert doctor.stdout[5].startswith("eth0       10.35.11.111:7777   5/5      3/3")
    assert doctor.stdout[5].endswith("  party")
    assert " ".join(doctor.stdout[7:]) == (
        "All is well: party answers at 10.35.11.111:7777, and 5 of its 5 slots are free; "
        "connect to it with: chatd client --server party"
    )


@pytest.mark.parametrize("where", ["server", "client"])
def test_a_firewall_that_drops_udp_means_no_answer(hosts: SimpleNamespace, where: str) -> None:
    firewall = getattr(hosts, where)
    firewall.refuse_route("blackhole", "iif", "eth0", "ipproto", "udp")
    doctor = diagnose(hosts)
    assert diagnosis(doctor) == ("no-answer", 1)
    assert "a firewall drops UDP" in output(doctor)["sentence"]
    assert [each["sent"] for each in output(doctor)["interfaces"]] == [3, 3]


def test_a_firewall_that_drops_tcp_is_not_taken_for_a_missing_server(
    hosts: SimpleNamespace,
) -> None:
    hosts.server.refuse_route("blackhole", "iif", "eth0", "ipproto", "tcp", "dport", "7777")
    doctor = diagnose(hosts)
    assert diagnosis(doctor) == ("timed-out", 1)
    assert "allow TCP port 7777" in output(doctor)["sentence"]


@pytest.mark.parametrize(
    ("kind", "name"), [("prohibit", "not-permitted"), ("unreachable", "no-route")]
)
def test_a_query_that_cannot_be_sent_says_why(hosts: SimpleNamespace, kind: str, name: str) -> None:
    hosts.client.refuse_route(kind, "to", "10.35.11.255")
    doctor = diagnose(hosts)
    assert diagnosis(doctor) == (name, 1)
    assert [(each["sent"], each["unsent"]) for each in output(doctor)["interfaces"]] == [
        (3, 0),
        (0, 3),
    ]


def test_an_interface_that_is_down_is_found_whether_named_or_not(
    hosts: SimpleNamespace,
) -> None:
    hosts.client.set_link("eth0", "down")
    assert diagnosis(diagnose(hosts)) == ("no-interface", 1)
    assert diagnosis(diagnose(hosts, "--ifaddrs", "10.35.11.112/24")) == ("down", 1)


def test_a_similar_id_is_suggested(hosts: SimpleNamespace) -> None:
    doctor = hosts.client.start(*CHATD, "doctor", "--server", "Party", "--wait", "2")
    assert doctor.wait() == 1
    assert "use --server party" in " ".join(doctor.stdout)
