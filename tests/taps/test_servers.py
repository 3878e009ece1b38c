"""``chatd servers``: asks once, collects for a while, prints, ends."""

import json
from typing import Any

import pytest

from chatd.taps import servers
from chatd.taps.servers import as_json, as_table, makeService
from chatd.wire.discovery import VERSION, Offer, encode_offer
from tests.fakes import FakeRunningReactor
from tests.taps.roles import parse, refusal

PARTY = Offer(VERSION, "party", "10.35.11.111", 7777, 5, 4)
WORK = Offer(VERSION, "the \u202elab", "10.35.11.113", 40_000, 1000, 0)


def test_the_table_has_a_heading_and_a_row_for_each_server() -> None:
    assert as_table([PARTY, WORK]).splitlines() == [
        "SERVER           ADDRESS             FREE  SLOTS",
        "party            10.35.11.111:7777   4     5",
        "the <U+202E>lab  10.35.11.113:40000  0     1000",
    ]


def test_the_json_is_one_list_with_everything_that_was_offered() -> None:
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


def listing(line: str, *offers: Offer) -> tuple[FakeRunningReactor, Any]:
    """A list that has begun, and has heard these offers."""
    reactor = FakeRunningReactor()
    options = parse(servers.Options(), f"--ifaddrs 127.0.0.1/8 --discovery-port 4000 {line}")
    program: Any = makeService(options, reactor)
    program.startService()
    port = reactor.open_udp("127.0.0.1")
    for offer in offers:
        port.protocol.datagramReceived(encode_offer(offer), (offer.address, 4000))
    return reactor, program


ONE = Offer(VERSION, "party", "127.0.0.1", 7777, 5, 4)
TWO = Offer(VERSION, "lab", "127.0.0.2", 7777, 5, 0)


def test_the_servers_that_answer_in_time_are_listed_once_each_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reactor, program = listing("--wait 2", ONE, TWO, ONE)
    reactor.advance(1.99)
    assert capsys.readouterr().out == ""
    reactor.advance(0.01)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "SERVER",
        "lab",
        "party",
    ]
    assert (reactor.running, program.status) == (False, 0)
    program.stop_children()


def test_the_servers_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    reactor, program = listing("--json", ONE)
    reactor.advance(1)
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == ["party"]
    program.stop_children()


@pytest.mark.parametrize(("line", "out"), [("", ""), ("--json", "[]\n")])
def test_no_server_is_a_sentence_and_status_1(
    line: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reactor, program = listing(line)
    reactor.advance(1)
    assert capsys.readouterr().out == out
    assert program.status == 1
    program.stop_children()


def test_subnets_without_a_broadcast_address_cannot_be_asked() -> None:
    assert "--ifaddrs" in refusal("servers", "--ifaddrs 127.0.0.1/32")
