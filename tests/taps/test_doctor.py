"""``chatd doctor``: examines, prints, and ends with a status."""

import io
import json
import sys
from ipaddress import IPv4Interface
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.discovery.subnets import HostAddress
from chatd.taps import doctor
from chatd.taps.doctor import makeService
from chatd.wire.discovery import VERSION, Offer, encode_offer
from tests.fakes import FakeRunningReactor
from tests.taps.roles import EXAMPLES, parse, refusal

PARTY = Offer(VERSION, "party", "127.0.0.7", 7777, 5, 4)


class Examination:
    """A run of ``chatd doctor`` on loopback, which has heard from `offers`."""

    def __init__(self, line: str = "", *offers: Offer) -> None:
        self.reactor = FakeRunningReactor()
        options = parse(doctor.Options(), f"--ifaddrs 127.0.0.1/8 --discovery-port 4000 {line}")
        self.program: Any = makeService(options, self.reactor)
        self.program.startService()
        for offer in offers:
            self.reactor.udp[0].protocol.datagramReceived(encode_offer(offer), (offer.address, 4))

    def connect(self) -> None:
        """Every server takes the connection, and sees it closed."""
        for _, _, factory, _, _ in self.reactor.tcpClients:
            protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.7", 7777))
            assert protocol is not None
            protocol.makeConnection(StringTransport())
            protocol.connectionLost(Failure(ConnectionDone()))

    def passes(self, seconds: float) -> tuple[bool, int]:
        """Whether it still runs after that, and its exit status."""
        self.reactor.advance(seconds)
        return self.reactor.running, self.program.status


def test_it_takes_three_seconds_and_prints_tables(capsys: pytest.CaptureFixture[str]) -> None:
    examination = Examination("", PARTY)
    examination.connect()
    assert examination.passes(2.99) == (True, 1)
    assert capsys.readouterr().out == ""
    assert examination.passes(0.01) == (False, 0)
    out = capsys.readouterr().out
    assert out.startswith("INTERFACE")
    assert "127.0.0.7:7777" in out
    examination.program.stopService()


def test_json_is_all_that_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    examination = Examination("--json --wait 1 --server party", PARTY)
    examination.connect()
    examination.passes(1)
    told = json.loads(capsys.readouterr().out)
    assert (told["server"], told["reachable"], told["verdict"]) == ("party", True, "here")
    examination.program.stopService()


@pytest.mark.parametrize(
    ("line", "offers"), [("", ()), ("--server work", (PARTY,)), ("--server Party", (PARTY,))]
)
def test_status_1_says_that_the_server_is_not_reached(
    line: str, offers: tuple[Offer, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    examination = Examination(line, *offers)
    examination.connect()
    assert examination.passes(3) == (False, 1)
    assert capsys.readouterr().out
    examination.program.stopService()


def test_broken_off_it_prints_nothing_and_the_status_is_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    examination = Examination("", PARTY)
    examination.program.exit()
    assert examination.program.stopService().called
    assert examination.passes(60) == (False, 1)
    assert capsys.readouterr().out == ""
    assert examination.reactor.getDelayedCalls() == []


def test_an_output_that_cannot_say_it_spells_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    examination = Examination("", Offer(VERSION, "p\u00e4rty", "127.0.0.7", 7777, 5, 4))
    examination.connect()
    assert examination.passes(3) == (False, 0)
    narrow.seek(0)
    assert "p\\xe4rty" in narrow.read()
    examination.program.stopService()


def test_all_interfaces_are_examined_unless_some_are_named() -> None:
    class OptionsThere(doctor.Options):
        def host_addresses(self) -> list[HostAddress]:
            return [*EXAMPLES, HostAddress("eth2", IPv4Interface("172.16.0.9/16"), False)]

    everything = parse(OptionsThere(), "")
    assert [each.name for each in everything.interfaces] == ["eth0", "eth0", "eth1", "eth1", "eth2"]
    assert [each.is_asked for each in everything.interfaces] == [True, True, True, True, False]
    one = parse(OptionsThere(), "--ifaddrs 192.168.1.123/24")
    assert [each.name for each in one.interfaces] == ["eth1"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--ifaddrs 127.0.0.1/32 10.99.99.99/24", "not an address of this host"),
        ("--server ''", "--server"),
        ("--wait soon", "--wait"),
        ("--discovery-port 0", "--discovery-port"),
        ("party", "one word too many"),
    ],
)
def test_a_bad_value_is_one_line(line: str, why: str) -> None:
    assert why in refusal("doctor", line)


@pytest.mark.parametrize("wait", ["0", "0.0", "-1", "long"])
def test_no_time_to_wait_is_refused(wait: str) -> None:
    refused = refusal("doctor", f"--ifaddrs 127.0.0.1/8 --wait={wait}")
    assert "--wait" in refused
    assert "more than 0" in refused
