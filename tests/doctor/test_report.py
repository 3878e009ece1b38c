"""What ``chatd doctor`` prints: tables for users, JSON for programs."""

import json

from chatd.doctor.findings import TcpResult
from chatd.doctor.report import as_json, as_text
from tests.doctor.sample_findings import (
    CUT_OFF,
    LIBRARY,
    LOOPBACK,
    NO_ROUTE,
    down,
    findings,
    lan,
    rejected_offer,
    server,
    unsent,
)

FINDINGS = findings(
    LOOPBACK,
    lan(
        server(),
        server("work", "10.35.11.113", 40_000, free=0, tcp_result=TcpResult.TIMED_OUT),
        rejected=(rejected_offer("false address", "10.35.11.50", "172.17.0.2", "lab"),),
    ),
    unsent(NO_ROUTE, "eth1", "192.168.1.123/24"),
    down("eth2"),
    lan(name="tun0", address="10.8.0.6/32"),
)


def test_the_text_is_tables_and_then_a_sentence() -> None:
    assert as_text(FINDINGS).splitlines() == [
        "INTERFACE  ADDRESS           BROADCAST        SENT  RECEIVED  REMARK",
        "lo         127.0.0.1/8       127.255.255.255     3         0",
        "eth0       10.35.11.112/24   10.35.11.255        3         9",
        "eth1       192.168.1.123/24  192.168.1.255       0         0  no route",
        "eth2       10.35.11.112/24   10.35.11.255        -         -  down",
        "tun0       10.8.0.6/32       -                   -         -  no broadcast",
        "",
        "INTERFACE  SERVER AT           FREE  ANSWERS  ROUND TRIP        TCP  ID",
        "eth0       10.35.11.111:7777    4/5      3/3     0.42 ms    0.31 ms  party",
        "eth0       10.35.11.113:40000   0/5      3/3     0.42 ms  timed out  work",
        "",
        "INTERFACE  REJECTED FROM  RECEIVED  REASON",
        "eth0       10.35.11.50           3  false address: lab at 172.17.0.2",
        "",
        "All is well: party answers at 10.35.11.111:7777, and 4 of its 5 slots are free;",
        "connect to it with: chatd client --server party",
    ]


def test_a_table_without_rows_is_left_out() -> None:
    lines = as_text(findings(LOOPBACK, lan())).splitlines()
    assert len([line for line in lines if line.startswith("INTERFACE")]) == 1
    assert lines[4].startswith("No server answers on 10.35.11.0/24")


def test_a_command_is_never_broken_into_two_lines() -> None:
    for length in range(1, 50):
        name = "x" * length
        lines = as_text(findings(lan(server(name)), server_id=None, port=4_000)).splitlines()
        assert any(f"chatd client --server {name} --discovery-port 4000" in each for each in lines)


def test_the_json_has_all_findings_and_the_diagnosis() -> None:
    document = json.loads(as_json(FINDINGS))
    assert document.keys() == {
        "server",
        "discovery_port",
        "interfaces",
        "reachable",
        "diagnosis",
        "sentence",
    }
    assert (document["server"], document["discovery_port"]) == ("party", 7777)
    assert (document["reachable"], document["diagnosis"]) == (True, "ok")
    assert document["sentence"].endswith("connect to it with: chatd client --server party")
    assert document["interfaces"][1] == {
        "interface": "eth0",
        "address": "10.35.11.112",
        "prefix": 24,
        "broadcast": "10.35.11.255",
        "up": True,
        "queried": True,
        "sent": 3,
        "unsent": 0,
        "error": None,
        "received": 9,
        "servers": [
            {
                "id": "party",
                "address": "10.35.11.111",
                "port": 7777,
                "slots": 5,
                "free": 4,
                "answers": 3,
                "round_trip_ms": 0.42,
                "tcp": "connected",
                "tcp_ms": 0.31,
                "local": False,
            },
            {
                "id": "work",
                "address": "10.35.11.113",
                "port": 40_000,
                "slots": 5,
                "free": 0,
                "answers": 3,
                "round_trip_ms": 0.42,
                "tcp": "timed-out",
                "tcp_ms": None,
                "local": False,
            },
        ],
        "rejected": [
            {
                "source": "10.35.11.50",
                "reason": "false address",
                "received": 3,
                "id": "lab",
                "address": "172.17.0.2",
                "port": 7777,
            }
        ],
    }
    assert document["interfaces"][2]["error"] == "Network is unreachable"
    assert document["interfaces"][4]["broadcast"] is None


def test_the_json_is_ascii_whatever_the_id_of_a_server() -> None:
    text = as_json(findings(lan(server("p\u00e4rty\u202e")), server_id=None))
    assert text.isascii()
    assert json.loads(text)["interfaces"][0]["servers"][0]["id"] == "p\u00e4rty\u202e"


def test_the_nodes_of_clusters_have_a_table_of_their_own() -> None:
    nodes = findings(lan(LIBRARY, CUT_OFF, server()), server_id="campus")
    assert as_text(nodes).splitlines()[8:11] == [
        "NODE     SERVER AT        OF CLUSTER  STATE",
        "library  10.35.11.1:7777  Ku2         there",
        "annex    10.35.11.3:7777  Ku2         cut off",
    ]


def test_the_json_names_the_node_the_cluster_and_whether_it_is_cut_off() -> None:
    nodes = findings(lan(LIBRARY, CUT_OFF, server()), server_id="campus")
    rows = json.loads(as_json(nodes))["interfaces"][0]["servers"]
    keys = ("node", "cluster", "cut_off")
    assert [tuple(row.get(key) for key in keys) for row in rows] == [
        ("library", "Ku2", False),
        ("annex", "Ku2", True),
        (None, None, None),
    ]
