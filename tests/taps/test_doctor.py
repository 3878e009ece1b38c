"""``chatd doctor``: probes, prints, and exits with a status."""

import io
import json
import sys
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.discovery.subnets import HostAddress
from chatd.taps import doctor
from chatd.wire.discovery import VERSION, Offer, encode_offer
from tests.fakes import FakeRunningReactor
from tests.taps.command_lines import EXAMPLE_HOST, error_message, parse

PARTY = Offer(VERSION, "party", "127.0.0.7", 7777, 5, 4)


class Run:
    """A run of ``chatd doctor`` on loopback, which has received `offers`."""

    def __init__(self, line: str = "", *offers: Offer) -> None:
        self.reactor = FakeRunningReactor()
        options = parse(doctor.Options(), f"--ifaddrs 127.0.0.1/8 --discovery-port 4000 {line}")
        self.status: Any = None
        finished = Deferred.fromCoroutine(doctor.main(self.reactor, options))
        finished.addCallbacks(lambda _: self._exit(0), self._failed)
        for offer in offers:
            self.reactor.udp[0].protocol.datagramReceived(encode_offer(offer), (offer.address, 4))

    def _exit(self, status: Any) -> None:
        self.status = status

    def _failed(self, failure: Failure) -> None:
        assert isinstance(failure.value, SystemExit)
        self._exit(failure.value.code)

    def accept_connections(self) -> None:
        """Every server accepts the connection, and sees it closed."""
        for _, _, factory, _, _ in self.reactor.tcpClients:
            protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.7", 7777))
            assert protocol is not None
            protocol.makeConnection(StringTransport())
            protocol.connectionLost(Failure(ConnectionDone()))

    def status_after(self, seconds: float) -> Any:
        """The exit status after that time; None if it is still running."""
        self.reactor.advance(seconds)
        return self.status

    def interrupt(self) -> None:
        """Press Ctrl-C, which stops the reactor."""
        for call, args, kwargs in self.reactor.triggers["before"]["shutdown"]:
            call(*args, **kwargs)


def test_the_probe_takes_three_seconds_and_prints_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run("", PARTY)
    run.accept_connections()
    assert run.status_after(2.99) is None
    assert capsys.readouterr().out == ""
    assert run.status_after(0.01) == 0
    out = capsys.readouterr().out
    assert out.startswith("INTERFACE")
    assert "127.0.0.7:7777" in out


def test_with_json_standard_output_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run("--json --wait 1 --server party", PARTY)
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
    run = Run(line, *offers)
    run.accept_connections()
    assert run.status_after(3) == 1
    assert capsys.readouterr().out


@pytest.mark.parametrize("seconds", [0, 2, 4])
def test_an_interrupted_run_prints_nothing_and_its_status_is_1(
    seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run("", PARTY)
    assert run.status_after(seconds) is None, "the server does not accept the connection"
    run.interrupt()
    assert run.status == 1
    assert run.status_after(60) == 1
    assert capsys.readouterr().out == ""
    assert run.reactor.getDelayedCalls() == []


def test_characters_that_the_output_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    run = Run("", Offer(VERSION, "p\u00e4rty", "127.0.0.7", 7777, 5, 4))
    run.accept_connections()
    assert run.status_after(3) == 0
    narrow.seek(0)
    assert "p\\xe4rty" in narrow.read()


def test_a_full_disk_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert Run().status_after(3) == (
            "chatd: standard output cannot be written: No space left on device"
        )


def test_every_interface_is_probed_unless_some_are_named() -> None:
    class OptionsOnExampleHost(doctor.Options):
        def host_addresses(self) -> list[HostAddress]:
            return [*EXAMPLE_HOST, HostAddress("eth2", IPv4Interface("172.16.0.9/16"), False)]

    everything = parse(OptionsOnExampleHost(), "")
    assert [each.name for each in everything.interfaces] == ["eth0", "eth0", "eth1", "eth1", "eth2"]
    assert [each.is_queried for each in everything.interfaces] == [True, True, True, True, False]
    one = parse(OptionsOnExampleHost(), "--ifaddrs 192.168.1.123/24")
    assert [each.name for each in one.interfaces] == ["eth1"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--ifaddrs 127.0.0.1/32 10.99.99.99/24", "not an address of this host"),
        ("--server ''", "--server"),
        ("--wait soon", "--wait"),
        ("--discovery-port 0", "--discovery-port"),
        ("party", "unexpected argument"),
    ],
)
def test_a_bad_value_is_one_line(line: str, why: str) -> None:
    assert why in error_message("doctor", line)


@pytest.mark.parametrize("wait", ["0", "0.0", "-1", "long"])
def test_the_time_to_wait_is_more_than_zero(wait: str) -> None:
    refused = error_message("doctor", f"--ifaddrs 127.0.0.1/8 --wait={wait}")
    assert "--wait" in refused
    assert "more than 0" in refused
