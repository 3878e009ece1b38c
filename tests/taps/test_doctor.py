"""``chatd doctor``: probes, prints, and exits with a status."""

import io
import json
import sys
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.discovery.subnets import HostAddress
from chatd.taps import doctor
from chatd.wire.discovery import VERSION, Offer
from tests.taps.command_lines import EXAMPLE_HOST, Run, error_message, parse

PARTY = Offer(VERSION, "party", "127.0.0.7", 7777, 5, 4)


class DoctorRun(Run):
    """A run of ``chatd doctor`` on loopback, which has received `offers`."""

    def __init__(self, line: str = "", *offers: Offer) -> None:
        super().__init__(doctor.main, doctor.Options(), line, *offers)

    def accept_connections(self) -> None:
        """Have every server accept the connection, and see it closed."""
        for _, _, factory, _, _ in self.reactor.tcpClients:
            protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.7", 7777))
            assert protocol is not None
            protocol.makeConnection(StringTransport())
            protocol.connectionLost(Failure(ConnectionDone()))


def test_the_probe_takes_three_seconds_and_prints_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = DoctorRun("", PARTY)
    run.accept_connections()
    assert run.status_after(2.99) is None
    assert capsys.readouterr().out == ""
    assert run.status_after(0.01) == 0
    out = capsys.readouterr().out
    assert out.startswith("INTERFACE")
    assert "127.0.0.7:7777" in out


def test_with_json_standard_output_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    run = DoctorRun("--json --wait 1 --server party", PARTY)
    run.accept_connections()
    run.status_after(1)
    output = json.loads(capsys.readouterr().out)
    assert (output["server"], output["reachable"], output["diagnosis"]) == (
        *("party", True),
        "local-only",
    )


@pytest.mark.parametrize(
    ("line", "offers"), [("", ()), ("--server work", (PARTY,)), ("--server Party", (PARTY,))]
)
def test_the_status_is_1_if_the_server_is_not_reachable(
    line: str, offers: tuple[Offer, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    run = DoctorRun(line, *offers)
    run.accept_connections()
    assert run.status_after(3) == 1
    assert capsys.readouterr().out


@pytest.mark.parametrize("seconds", [0, 2, 4])
def test_an_interrupted_run_prints_nothing_and_its_status_is_1(
    seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = DoctorRun("", PARTY)
    assert run.status_after(seconds) is None, "the server does not accept the connection"
    run.interrupt()
    assert run.status == 1
    assert run.status_after(60) == 1
    assert capsys.readouterr().out == ""
    assert run.reactor.getDelayedCalls() == []


def test_characters_that_the_output_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    run = DoctorRun("", Offer(VERSION, "p\u00e4rty", "127.0.0.7", 7777, 5, 4))
    run.accept_connections()
    assert run.status_after(3) == 0
    narrow.seek(0)
    assert "p\\xe4rty" in narrow.read()


def test_a_full_disk_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert DoctorRun().status_after(3) == (
            "chatd: standard output cannot be written: No space left on device"
        )


def test_every_interface_is_probed_unless_some_are_named() -> None:
    class OptionsOnExampleHost(doctor.Options):
        @override
        def host_addresses(self) -> list[HostAddress]:
            return [*EXAMPLE_HOST, HostAddress("eth2", IPv4Interface("172.16.0.9/16"), False)]

    everything = parse(OptionsOnExampleHost(), "")
    assert [each.name for each in everything.interfaces] == ["eth0", "eth0", "eth1", "eth1", "eth2"]
    assert [each.is_queried for each in everything.interfaces] == [True, True, True, True, False]
    one = parse(OptionsOnExampleHost(), "--ifaddrs 192.168.1.123/24")
    assert [each.name for each in one.interfaces] == ["eth1"]


@pytest.mark.parametrize("wait", ["0", "0.0", "-1", "long"])
def test_the_time_to_wait_is_more_than_zero(wait: str) -> None:
    message = error_message("doctor", f"--ifaddrs 127.0.0.1/8 --wait={wait}")
    assert message.endswith("is not a number of seconds, more than 0")
