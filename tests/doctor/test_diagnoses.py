"""Every diagnosis of ``chatd doctor``: when it is given, and what its sentence must contain."""

from dataclasses import replace

import pytest

from chatd.doctor.diagnoses import DIAGNOSES, diagnose
from chatd.doctor.findings import Findings, RejectedDatagram, TcpResult
from chatd.doctor.report import as_text
from chatd.doctor.words import NO_BREAK, free_slots
from chatd.wire.rendering import escape
from tests.doctor.sample_findings import (
    CUT_OFF,
    GYM,
    LIBRARY,
    LOOPBACK,
    NO_ADDRESS,
    NO_ROUTE,
    NOT_PERMITTED,
    OVERSIZED,
    TWIN,
    down,
    findings,
    interface,
    lan,
    rejected_offer,
    server,
    unsent,
)

WORK = server("work", "10.35.11.113")
LOCAL = server(address="127.0.0.1", is_local=True)
REFUSED = server(tcp_result=TcpResult.REFUSED)
TIMED_OUT = server(tcp_result=TcpResult.TIMED_OUT)
FALSE_ADDRESS = rejected_offer("false address", "10.35.11.111", "172.17.0.2")
FOREIGN_SUBNET = rejected_offer("foreign subnet", "10.35.12.111", "10.35.12.111")
OTHER_VERSION = (RejectedDatagram("other version", "10.35.11.50"), 3)
FOREIGN_SERVICE = (RejectedDatagram("malformed", "10.35.11.50"), 3)
TUNNEL = lan(name="tun0", address="10.8.0.6/32")
VPN = lan(name="wg0", address="10.8.0.6/24")

#: Findings, the name of their diagnosis, and words that its sentence must contain.
CASES: dict[str, tuple[Findings, str, list[str]]] = {
    "one server": (
        findings(LOOPBACK, lan(server())),
        "ok",
        ["10.35.11.111:7777", "4 of its 5 slots", "chatd client --server party"],
    ),
    "several servers, and any will do": (
        findings(lan(server(), WORK), server_id=None),
        "ok",
        ["2 servers", "party, work", "chatd client --server party"],
    ),
    "another discovery port": (
        findings(lan(server()), port=4_000),
        "ok",
        ["chatd client --server party --discovery-port 4000"],
    ),
    "reachable in one of two subnets": (
        findings(lan(REFUSED), lan(server(address="192.168.1.111"), address="192.168.1.112/24")),
        "ok",
        ["192.168.1.111:7777"],
    ),
    "an id with a space": (
        findings(lan(server("our lab")), server_id="our lab"),
        "ok",
        ["chatd client --server 'our lab'"],
    ),
    "a server on this host": (
        findings(LOOPBACK, lan(LOCAL)),
        "local-only",
        ["runs on this host", "chatd doctor --server party"],
    ),
    "two servers with the same id": (
        findings(lan(server(), server(address="10.35.11.120"))),
        "duplicate-id",
        ["2 servers have the id party", "10.35.11.120:7777", "--id", "chatd client 10.35.11.111"],
    ),
    "one server in two subnets": (
        findings(lan(server()), lan(server(address="192.168.1.111"), address="192.168.1.112/24")),
        "ok",
        [],
    ),
    "another id is used twice": (
        findings(lan(server(), WORK, server("work", "10.35.11.120"))),
        "ok",
        [],
    ),
    "the nodes of a cluster": (
        findings(lan(LIBRARY, GYM), server_id="campus"),
        "ok",
        ["campus answers on 2 nodes (library, gym)", "5 of its 10 slots are free"],
    ),
    "a node of a cluster in two subnets": (
        findings(lan(GYM), lan(replace(GYM, address="192.168.1.2")), server_id="campus"),
        "ok",
        ["campus answers at 10.35.11.2:7777, and 1 of its 5 slots is free"],
    ),
    "a node that is cut off": (
        findings(lan(LIBRARY, CUT_OFF), server_id="campus"),
        "cut-off",
        ["annex (10.35.11.3) is cut off", "accepts nobody", "clients use the others"],
    ),
    "all nodes are cut off": (
        findings(lan(CUT_OFF, replace(CUT_OFF, node="shed")), server_id="campus"),
        "cut-off",
        ["annex (10.35.11.3), shed (10.35.11.3) are cut off", "nobody can enter"],
    ),
    "another server's node is cut off": (findings(lan(server(), CUT_OFF)), "ok", []),
    "only another server is not cut off": (
        findings(lan(server(), CUT_OFF), server_id=None),
        "cut-off",
        ["campus is reachable, but annex (10.35.11.3) is cut off", "nobody can enter"],
    ),
    "two clusters with the same id": (
        findings(lan(LIBRARY, GYM, TWIN), server_id="campus"),
        "duplicate-id",
        ["2 servers have the id campus (10.35.11.1:7777, 10.35.11.4:7777)"],
    ),
    "a cluster and a server with the same id": (
        findings(lan(server("campus"), LIBRARY, GYM), server_id="campus"),
        "duplicate-id",
        ["2 servers have the id campus"],
    ),
    "full": (findings(lan(server(free=0))), "full", ["party", "--slots"]),
    "one server full, another not": (
        findings(lan(server(free=0), WORK), server_id=None),
        "ok",
        ["chatd client --server work"],
    ),
    "TCP refused": (
        findings(lan(REFUSED)),
        "refused",
        ["10.35.11.111:7777 refuses", "TCP port 7777", "firewall"],
    ),
    "TCP timed out": (
        findings(lan(TIMED_OUT)),
        "timed-out",
        ["TCP port 7777 of 10.35.11.111 does not respond", "firewall"],
    ),
    "TCP refused by one server, timed out at another": (
        findings(lan(server("a", tcp_result=TcpResult.TIMED_OUT), REFUSED), server_id=None),
        "refused",
        ["party answers over UDP"],
    ),
    "TCP failed": (
        findings(lan(server(tcp_result=TcpResult.FAILED))),
        "failed",
        ["TCP connections to 10.35.11.111:7777 fail", "TCP port 7777", "ip route get 10.35.11.111"],
    ),
    "an address that is not the sender's": (
        findings(lan(rejected=(FALSE_ADDRESS,))),
        "false-address",
        ["10.35.11.111 offers party at 172.17.0.2", "NAT", "--ifaddrs", "10.35.11.0/24"],
    ),
    "an answer from another subnet": (
        findings(lan(WORK, rejected=(FOREIGN_SUBNET,))),
        "foreign-subnet",
        ["10.35.12.111", "10.35.11.0/24 of eth0", "the same prefix"],
    ),
    "a false address offered by another server": (
        findings(lan(rejected=(rejected_offer("false address", "10.35.11.50", "1.2.3.4", "lab"),))),
        "no-answer",
        [],
    ),
    "the named interface is down": (
        findings(down(is_named=True), named=True),
        "down",
        ["eth0 is down", "ip link set"],
    ),
    "the named address has gone": (
        findings(unsent(NO_ADDRESS), named=True),
        "down",
        ["eth0 is down"],
    ),
    "a /32": (
        findings(TUNNEL, named=True),
        "no-broadcast",
        ["10.8.0.6/32", "no broadcast address", "chatd client ADDRESS"],
    ),
    "a /31, and another interface is down": (
        findings(LOOPBACK, down(), lan(name="ppp0", address="10.8.0.6/31")),
        "no-broadcast",
        ["10.8.0.6/31"],
    ),
    "not permitted": (
        findings(LOOPBACK, unsent(NOT_PERMITTED)),
        "not-permitted",
        ["eth0: Operation not permitted", "firewall", "chatd client ADDRESS"],
    ),
    "no route": (
        findings(LOOPBACK, unsent(NO_ROUTE)),
        "no-route",
        ["eth0: Network is unreachable", "ip route"],
    ),
    "not sent for another reason": (
        findings(unsent(OVERSIZED)),
        "not-sent",
        ["eth0: Message too long"],
    ),
    "not sent for several reasons": (
        findings(unsent(NOT_PERMITTED), unsent(NO_ROUTE, "eth1", "192.168.1.123/24")),
        "not-sent",
        ["eth0: Operation not permitted, eth1: Network is unreachable"],
    ),
    "other servers answer": (
        findings(lan(WORK, server("lab", "10.35.11.114"))),
        "other-servers-only",
        ["party does not answer", "lab, work", "--id party"],
    ),
    "a server with a similar id answers": (
        findings(lan(server("Party"))),
        "other-servers-only",
        ["this server does: Party", "use --server Party"],
    ),
    "no interface but loopback": (
        findings(LOOPBACK),
        "no-interface",
        ["No interface except loopback", "plug in"],
    ),
    "no interface at all": (findings(), "no-interface", []),
    "every interface is down": (
        findings(LOOPBACK, down(), down("eth1")),
        "no-interface",
        ["eth0, eth1 are down"],
    ),
    "another version": (
        findings(lan(rejected=(FOREIGN_SERVICE, OTHER_VERSION))),
        "version",
        ["10.35.11.50", "same version"],
    ),
    "another program": (
        findings(lan(rejected=(FOREIGN_SERVICE,))),
        "foreign-service",
        ["10.35.11.50", "UDP port 7777", "malformed", "--discovery-port"],
    ),
    "no answer on one interface, nothing sent on the other": (
        findings(LOOPBACK, lan(), unsent(NO_ROUTE, "eth1", "192.168.1.123/24")),
        "partly-unsent",
        ["No server answers on eth0", "eth1: Network is unreachable"],
    ),
    "no DHCP": (
        findings(LOOPBACK, lan(address="169.254.7.9/16")),
        "no-lease",
        ["169.254.7.9", "DHCP"],
    ),
    "no answer on loopback": (
        findings(LOOPBACK, named=True),
        "no-answer-loopback",
        ["chatd server --id party"],
    ),
    "no answer, and a VPN": (
        findings(LOOPBACK, lan(), VPN),
        "no-answer-vpn",
        ["10.35.11.0/24", "wg0 looks like a VPN"],
    ),
    "no answer": (
        findings(LOOPBACK, lan()),
        "no-answer",
        ["10.35.11.0/24", "UDP", "7777", "Wi-Fi isolates", "chatd server --id party"],
    ),
    "no answer from any server": (
        findings(lan(), server_id=None, port=4_000),
        "no-answer",
        ["(start one: chatd server --discovery-port 4000)"],
    ),
}


@pytest.mark.parametrize(("found", "name", "words"), CASES.values(), ids=CASES)
def test_the_sentence_says_what_is_wrong_and_what_to_do(
    found: Findings, name: str, words: list[str]
) -> None:
    diagnosis = diagnose(found)
    assert diagnosis.name == name
    sentence = diagnosis.sentence(found).replace(NO_BREAK, " ")
    for each in words:
        assert each in sentence


def test_every_diagnosis_is_tested_and_has_its_own_name() -> None:
    assert {name for _, name, _ in CASES.values()} == {each.name for each in DIAGNOSES}
    assert len({each.name for each in DIAGNOSES}) == len(DIAGNOSES)


@pytest.mark.parametrize("found", [found for found, _, _ in CASES.values()], ids=CASES)
def test_every_diagnosis_is_one_sentence_in_80_columns(found: Findings) -> None:
    sentence = diagnose(found).sentence(found)
    assert len(sentence.splitlines()) == 1
    assert ". " not in sentence
    assert all(len(line) <= 80 for line in as_text(found).splitlines())


def test_the_meanings_fit_into_the_table_of_the_manual() -> None:
    assert [each.meaning for each in DIAGNOSES if len(each.meaning) > 60] == []


def test_a_server_is_reachable_with_these_diagnoses_and_no_others() -> None:
    reachable = {"ok", "local-only", "duplicate-id", "full", "cut-off"}
    assert {name for found, name, _ in CASES.values() if found.reachable} == reachable
    assert not {name for found, name, _ in CASES.values() if not found.reachable} & reachable


def test_hostile_names_are_escaped_everywhere() -> None:
    hostile = "a\x1b[2J\u202eb"
    for found in (
        findings(lan(server(hostile)), server_id=None),
        findings(lan(server(hostile), server(hostile, port=8_888)), server_id=hostile),
        findings(lan(server(hostile, tcp_result=TcpResult.REFUSED)), server_id=hostile),
        findings(lan(server(hostile))),
        findings(
            lan(rejected=(rejected_offer("false address", "10.35.11.9", "1.2.3.4", hostile),))
        ),
        findings(lan(name=hostile)),
    ):
        text = as_text(found)
        assert escape(hostile) in text or found.server_id == "party"
        assert not {"\x1b", "\u202e"} & set(text)


def test_a_sentence_names_five_of_many_servers() -> None:
    many = [server(f"server-{number}", f"10.35.11.{number}") for number in range(1, 100)]
    found = findings(lan(*many), server_id=None)
    sentence = diagnose(found).sentence(found)
    assert "94 more" in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize("name", ["eth0", "wlan0", "enp3s0", "docker0", "br0"])
def test_an_ordinary_interface_is_no_vpn(name: str) -> None:
    assert diagnose(findings(LOOPBACK, lan(name=name))).name == "no-answer"


def test_a_vpn_that_is_down_is_not_mentioned() -> None:
    assert diagnose(findings(LOOPBACK, lan(), down("tun0"))).name == "no-answer"
    assert not interface("tun0", is_up=False).is_queried


@pytest.mark.parametrize(
    ("slots", "free", "words"),
    [
        (1, 1, "its only slot is"),
        (5, 1, "1 of its 5 slots is"),
        (5, 4, "4 of its 5 slots are"),
    ],
)
def test_free_slots_are_counted_in_good_english(slots: int, free: int, words: str) -> None:
    assert free_slots(replace(server(free=free), slots=slots)) == words
