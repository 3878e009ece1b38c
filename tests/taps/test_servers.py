"""``chatd servers``: asks once, collects for a while, prints, ends."""

import json

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.taps import servers
from chatd.taps.servers import as_json, as_table, main
from chatd.wire.discovery import VERSION, Offer, encode_offer
from tests.fakes import FakeRunningReactor
from tests.taps.command_lines import error_message, parse

PARTY = Offer(VERSION, "party", "10.35.11.111", 7777, 5, 4)
WORK = Offer(VERSION, "the \u202elab", "10.35.11.113", 40_000, 1000, 0)


def test_the_table_has_a_heading_and_a_row_for_each_server() -> None:
    assert as_table([PARTY, WORK]).splitlines() == [
        "SERVER           ADDRESS             FREE  SLOTS",
        "party            10.35.11.111:7777   4     5",
        "the <U+202E>lab  10.35.11.113:40000  0     1000",
    ]


def test_the_json_list_has_every_field_of_the_offers() -> None:
    assert json.loads(as_json([PARTY, WORK])) == [
        {"id": "party", "address": "10.35.11.111", "port": 7777, "slots": 5, "free": 4},
        {
            "id": "the \u202elab",
            "address": "10.35.11.113",
            "port": 40_000,
            "slots": 1000,
            "free": 0,
        },
    ]
    assert json.loads(as_json([])) == []


class Listing:
    """A running ``chatd servers`` that has received some offers.

    :ivar status: the exit status, once it has ended.
    """

    def __init__(self, line: str, *offers: Offer) -> None:
        self.reactor = FakeRunningReactor()
        self.status: object = None
        options = parse(servers.Options(), f"--ifaddrs 127.0.0.1/8 --discovery-port 4000 {line}")
        running = Deferred.fromCoroutine(main(self.reactor, options))
        running.addCallbacks(self._ended, self._exited)
        port = self.reactor.open_udp("127.0.0.1")
        for offer in offers:
            port.protocol.datagramReceived(encode_offer(offer), (offer.address, 4000))

    def _ended(self, result: None) -> None:
        self.status = 0

    def _exited(self, failure: Failure) -> None:
        assert isinstance(failure.value, SystemExit)
        self.status = failure.value.code


ONE = Offer(VERSION, "party", "127.0.0.1", 7777, 5, 4)
TWO = Offer(VERSION, "lab", "127.0.0.2", 7777, 5, 0)


def test_servers_that_answer_in_time_are_listed_once_each_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listing = Listing("--wait 2", ONE, TWO, ONE)
    listing.reactor.advance(1.99)
    assert capsys.readouterr().out == ""
    listing.reactor.advance(0.01)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "SERVER",
        "lab",
        "party",
    ]
    assert listing.status == 0


def test_the_servers_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    listing = Listing("--json", ONE)
    listing.reactor.advance(1)
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == ["party"]


@pytest.mark.parametrize(("line", "out"), [("", ""), ("--json", "[]\n")])
def test_without_a_server_the_status_is_1(
    line: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = Listing(line)
    listing.reactor.advance(1)
    assert capsys.readouterr().out == out
    assert listing.status == 1


def test_an_interrupted_run_prints_nothing_and_its_status_is_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listing = Listing("--json", ONE)
    for call, args, kwargs in listing.reactor.triggers["before"]["shutdown"]:
        call(*args, **kwargs)
    assert (capsys.readouterr().out, listing.status) == ("", 1)


def test_subnets_without_a_broadcast_address_are_refused() -> None:
    assert "--ifaddrs" in error_message("servers", "--ifaddrs 127.0.0.1/32")
