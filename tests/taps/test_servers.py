"""``chatd servers``: queries once, collects answers for a while, prints them, ends."""

import json

import pytest
from msgspec.structs import replace

from chatd.taps import servers
from chatd.taps.servers import as_json, as_table, main
from chatd.wire.discovery import VERSION, Offer
from tests.taps.command_lines import Run, error_message

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


LIBRARY = Offer(VERSION, "campus", "10.0.0.1", 7777, 1000, 412, "library", "Ku2")
GYM = Offer(VERSION, "campus", "10.0.0.2", 7777, 1000, 0, "gym", "Ku2", "cut-off")
TWIN = Offer(VERSION, "campus", "10.0.0.3", 7777, 9, 9, "lab", "Xq7")


def test_the_nodes_of_a_cluster_are_listed_with_their_names_and_free_slots() -> None:
    assert as_table([LIBRARY, GYM, PARTY]).splitlines() == [
        "SERVER  NODE     ADDRESS            FREE     SLOTS",
        "campus  library  10.0.0.1:7777      412      1000",
        "campus  gym      10.0.0.2:7777      cut off  1000",
        "party            10.35.11.111:7777  4        5",
    ]


@pytest.mark.parametrize(
    ("twin", "row"), [(TWIN, "campus  lab      Xq7"), (PARTY, "campus               ")]
)
def test_two_chats_with_one_id_are_told_apart_by_their_clusters(twin: Offer, row: str) -> None:
    table = as_table([LIBRARY, replace(twin, id="campus")]).splitlines()
    assert table[0].startswith("SERVER  NODE     CLUSTER  ADDRESS")
    assert table[1].startswith("campus  library  Ku2      10.0.0.1:7777")
    assert table[2].startswith(row)


def test_the_json_list_names_the_node_the_cluster_and_whether_it_is_cut_off() -> None:
    rows = json.loads(as_json([LIBRARY, GYM]))
    assert [(each["node"], each["cluster"], each["cut_off"]) for each in rows] == [
        ("library", "Ku2", False),
        ("gym", "Ku2", True),
    ]


ONE = Offer(VERSION, "party", "127.0.0.1", 7777, 5, 4)
TWO = Offer(VERSION, "lab", "127.0.0.2", 7777, 5, 0)


class ServersRun(Run):
    """A run of ``chatd servers`` on loopback, which has received `offers`."""

    def __init__(self, line: str, *offers: Offer) -> None:
        super().__init__(main, servers.Options(), line, *offers)


def test_servers_that_answer_in_time_are_listed_once_each_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = ServersRun("--wait 2", ONE, TWO, ONE)
    run.reactor.advance(1.99)
    assert capsys.readouterr().out == ""
    run.reactor.advance(0.01)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "SERVER",
        "lab",
        "party",
    ]
    assert run.status == 0


def test_the_servers_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run = ServersRun("--json", ONE)
    run.reactor.advance(1)
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == ["party"]


@pytest.mark.parametrize(("line", "out"), [("", ""), ("--json", "[]\n")])
def test_without_a_server_the_status_is_1(
    line: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ServersRun(line)
    run.reactor.advance(1)
    assert capsys.readouterr().out == out
    assert run.status == 1


def test_an_interrupted_run_prints_nothing_and_its_status_is_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = ServersRun("--json", ONE)
    run.interrupt()
    assert (capsys.readouterr().out, run.status) == ("", 1)


def test_subnets_without_a_broadcast_address_are_refused() -> None:
    assert "--ifaddrs" in error_message("servers", "--ifaddrs 127.0.0.1/32")
