"""What ``chatd doctor`` prints: tables for people, JSON for programs."""

import json

from chatd.doctor.findings import Reach
from chatd.doctor.report import as_json, as_text
from tests.doctor.patients import (
    LOOPBACK,
    ROUTE,
    answer,
    down,
    found,
    lan,
    mute,
    offered,
)

HOSPITAL = found(
    LOOPBACK,
    lan(
        answer(),
        answer("work", "10.35.11.113", 40_000, free=0, reach=Reach.TIMED_OUT),
        strangers=(offered("false address", "10.35.11.50", "172.17.0.2", "lab"),),
    ),
    mute(ROUTE, "eth1", "192.168.1.123/24"),
    down("eth2"),
    lan(name="tun0", address="10.8.0.6/32"),
)


def test_people_get_tables_and_then_the_sentence() -> None:
    assert as_text(HOSPITAL).splitlines() == [
        "INTERFACE  ADDRESS           BROADCAST        SENT  HEARD  REMARK",
        "lo         127.0.0.1/8       127.255.255.255     3      0",
        "eth0       10.35.11.112/24   10.35.11.255        3      9",
        "eth1       192.168.1.123/24  192.168.1.255       0      0  no route",
        "eth2       10.35.11.112/24   10.35.11.255        -      -  down",
        "tun0       10.8.0.6/32       -                   -      -  no broadcast",
        "",
        "INTERFACE  SERVER AT           FREE  HEARD  ROUND TRIP        TCP  ID",
        "eth0       10.35.11.111:7777    4/5    3/3     0.42 ms    0.31 ms  party",
        "eth0       10.35.11.113:40000   0/5    3/3     0.42 ms  timed out  work",
        "",
        "INTERFACE  NOT BELIEVED  HEARD  REASON",
        "eth0       10.35.11.50       3  false address: lab at 172.17.0.2",
        "",
        "All is well: party answers at 10.35.11.111:7777, and 4 of its 5 places are free;",
        "join it with: chatd client --server party",
    ]


def test_where_nothing_was_heard_there_is_no_table_of_it() -> None:
    lines = as_text(found(LOOPBACK, lan())).splitlines()
    assert len([line for line in lines if line.startswith("INTERFACE")]) == 1
    assert lines[4].startswith("Nobody answers on 10.35.11.0/24")


def test_a_command_to_type_is_never_broken_into_two_lines() -> None:
    for length in range(1, 50):
        name = "x" * length
        lines = as_text(found(lan(answer(name)), wanted=None, port=4_000)).splitlines()
        assert any(f"chatd client --server {name} --discovery-port 4000" in each for each in lines)


def test_programs_get_all_of_it() -> None:
    told = json.loads(as_json(HOSPITAL))
    assert told.keys() == {
        "server",
        "discovery_port",
        "interfaces",
        "reachable",
        "verdict",
        "sentence",
    }
    assert (told["server"], told["discovery_port"]) == ("party", 7777)
    assert (told["reachable"], told["verdict"]) == (True, "well")
    assert told["sentence"].endswith("join it with: chatd client --server party")
    assert told["interfaces"][1] == {
        "interface": "eth0",
        "address": "10.35.11.112",
        "prefix": 24,
        "broadcast": "10.35.11.255",
        "up": True,
        "asked": True,
        "sent": 3,
        "unsent": 0,
        "trouble": None,
        "heard": 9,
        "servers": [
            {
                "id": "party",
                "address": "10.35.11.111",
                "port": 7777,
                "slots": 5,
                "free": 4,
                "heard": 3,
                "round_trip_ms": 0.42,
                "tcp": "connected",
                "tcp_ms": 0.31,
                "here": False,
            },
            {
                "id": "work",
                "address": "10.35.11.113",
                "port": 40_000,
                "slots": 5,
                "free": 0,
                "heard": 3,
                "round_trip_ms": 0.42,
                "tcp": "timed-out",
                "tcp_ms": None,
                "here": False,
            },
        ],
        "not_believed": [
            {
                "source": "10.35.11.50",
                "reason": "false address",
                "heard": 3,
                "id": "lab",
                "address": "172.17.0.2",
                "port": 7777,
            }
        ],
    }
    assert told["interfaces"][2]["trouble"] == "Network is unreachable"
    assert told["interfaces"][4]["broadcast"] is None


def test_the_json_is_ascii_whatever_a_server_calls_itself() -> None:
    text = as_json(found(lan(answer("p\u00e4rty\u202e")), wanted=None))
    assert text.isascii()
    assert json.loads(text)["interfaces"][0]["servers"][0]["id"] == "p\u00e4rty\u202e"
