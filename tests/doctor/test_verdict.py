"""What ``chatd doctor`` says is wrong, and what to do: every row of its table."""

from dataclasses import replace

import pytest

from chatd.doctor import phrases
from chatd.doctor.findings import Findings, Reach, Stranger
from chatd.doctor.phrases import NO_BREAK
from chatd.doctor.report import as_text
from chatd.doctor.verdict import ROWS, verdict
from chatd.wire.rendering import escape
from tests.doctor.patients import (
    GONE,
    LOOPBACK,
    OVERSIZED,
    PERMISSION,
    ROUTE,
    answer,
    down,
    found,
    interface,
    lan,
    mute,
    offered,
)

WORK = answer("work", "10.35.11.113")
HERE = answer(address="127.0.0.1", is_here=True)
REFUSED = answer(reach=Reach.REFUSED)
TIMED_OUT = answer(reach=Reach.TIMED_OUT)
FALSE = offered("false address", "10.35.11.111", "172.17.0.2")
FOREIGN = offered("foreign subnet", "10.35.12.111", "10.35.12.111")
VERSION = (Stranger("other version", "10.35.11.50"), 3)
NOISE = (Stranger("malformed", "10.35.11.50"), 3)
TUNNEL = lan(name="tun0", address="10.8.0.6/32")
VPN = lan(name="wg0", address="10.8.0.6/24")

#: Findings, the verdict, and words that it cannot do without.
CASES: dict[str, tuple[Findings, str, list[str]]] = {
    "all well": (
        found(LOOPBACK, lan(answer())),
        "well",
        ["10.35.11.111:7777", "4 of its 5 places", "chatd client --server party"],
    ),
    "all well, whoever it is": (
        found(lan(answer(), WORK), wanted=None),
        "well",
        ["2 servers", "party, work", "chatd client --server party"],
    ),
    "all well on another port": (
        found(lan(answer()), port=4_000),
        "well",
        ["chatd client --server party --discovery-port 4000"],
    ),
    "one of two ways is enough": (
        found(lan(REFUSED), lan(answer(address="192.168.1.111"), address="192.168.1.112/24")),
        "well",
        ["192.168.1.111:7777"],
    ),
    "a name with a blank": (
        found(lan(answer("our lab")), wanted="our lab"),
        "well",
        ["chatd client --server 'our lab'"],
    ),
    "on this very host only": (
        found(LOOPBACK, lan(HERE)),
        "here",
        ["this very host", "chatd doctor --server party"],
    ),
    "two servers of one id": (
        found(lan(answer(), answer(address="10.35.11.120"))),
        "twins",
        ["2 servers are called party", "10.35.11.120:7777", "--id", "chatd client 10.35.11.111"],
    ),
    "one server in two subnets is no twin": (
        found(lan(answer()), lan(answer(address="192.168.1.111"), address="192.168.1.112/24")),
        "well",
        [],
    ),
    "twins that are not wanted": (
        found(lan(answer(), WORK, answer("work", "10.35.11.120"))),
        "well",
        [],
    ),
    "full": (found(lan(answer(free=0))), "full", ["party", "--slots"]),
    "full here, free there": (
        found(lan(answer(free=0), WORK), wanted=None),
        "well",
        ["chatd client --server work"],
    ),
    "TCP refused": (
        found(lan(REFUSED)),
        "refused",
        ["10.35.11.111:7777 refuses", "TCP port 7777", "firewall"],
    ),
    "TCP timed out": (
        found(lan(TIMED_OUT)),
        "timed-out",
        ["nothing comes back from TCP port 7777", "firewall"],
    ),
    "TCP refused by one, no word from the other": (
        found(lan(answer("a", reach=Reach.TIMED_OUT), REFUSED), wanted=None),
        "refused",
        ["party answers over UDP"],
    ),
    "TCP failed": (
        found(lan(answer(reach=Reach.FAILED))),
        "failed",
        ["turned back", "TCP port 7777", "ip route get 10.35.11.111"],
    ),
    "an address that is not the sender's": (
        found(lan(strangers=(FALSE,))),
        "false-address",
        ["10.35.11.111 offers party at 172.17.0.2", "NAT", "--ifaddrs", "10.35.11.0/24"],
    ),
    "an answer from another subnet": (
        found(lan(WORK, strangers=(FOREIGN,))),
        "foreign-subnet",
        ["10.35.12.111", "10.35.11.0/24 of eth0", "the same prefix"],
    ),
    "somebody else's false address": (
        found(lan(strangers=(offered("false address", "10.35.11.50", "1.2.3.4", "lab"),))),
        "silence",
        [],
    ),
    "what was named is down": (
        found(down(is_named=True), named=True),
        "down",
        ["eth0 is down", "ip link set"],
    ),
    "what was named has gone": (found(mute(GONE), named=True), "down", ["eth0 is down"]),
    "a /32": (
        found(TUNNEL, named=True),
        "no-broadcast",
        ["10.8.0.6/32", "no broadcast address", "chatd client ADDRESS"],
    ),
    "a /31 and a cable that is out": (
        found(LOOPBACK, down(), lan(name="ppp0", address="10.8.0.6/31")),
        "no-broadcast",
        ["10.8.0.6/31"],
    ),
    "not permitted": (
        found(LOOPBACK, mute(PERMISSION)),
        "not-permitted",
        ["eth0: Operation not permitted", "firewall", "chatd client ADDRESS"],
    ),
    "no route": (
        found(LOOPBACK, mute(ROUTE)),
        "no-route",
        ["eth0: Network is unreachable", "ip route"],
    ),
    "not sent for some reason": (
        found(mute(OVERSIZED)),
        "not-sent",
        ["eth0: Message too long"],
    ),
    "not sent for several reasons": (
        found(mute(PERMISSION), mute(ROUTE, "eth1", "192.168.1.123/24")),
        "not-sent",
        ["eth0: Operation not permitted, eth1: Network is unreachable"],
    ),
    "others answer": (
        found(lan(WORK, answer("lab", "10.35.11.114"))),
        "others",
        ["party does not answer", "lab, work", "--id party"],
    ),
    "one answers that is nearly it": (
        found(lan(answer("Party"))),
        "others",
        ["this server does: Party", "say Party"],
    ),
    "no interface but loopback": (
        found(LOOPBACK),
        "no-interface",
        ["No interface but loopback", "plug in"],
    ),
    "no interface at all": (found(), "no-interface", []),
    "all cables are out": (
        found(LOOPBACK, down(), down("eth1")),
        "no-interface",
        ["eth0, eth1 are down"],
    ),
    "another version": (
        found(lan(strangers=(NOISE, VERSION))),
        "version",
        ["10.35.11.50", "same version"],
    ),
    "another program": (
        found(lan(strangers=(NOISE,))),
        "noise",
        ["10.35.11.50", "UDP port 7777", "malformed", "--discovery-port"],
    ),
    "silence here, failure there": (
        found(LOOPBACK, lan(), mute(ROUTE, "eth1", "192.168.1.123/24")),
        "partly",
        ["Nobody answers on eth0", "eth1: Network is unreachable"],
    ),
    "no DHCP": (
        found(LOOPBACK, lan(address="169.254.7.9/16")),
        "no-lease",
        ["169.254.7.9", "DHCP"],
    ),
    "nobody on loopback": (
        found(LOOPBACK, named=True),
        "silence-here",
        ["chatd server --id party"],
    ),
    "nobody, and a VPN": (
        found(LOOPBACK, lan(), VPN),
        "silence-vpn",
        ["10.35.11.0/24", "wg0 looks like a VPN"],
    ),
    "nobody": (
        found(LOOPBACK, lan()),
        "silence",
        ["10.35.11.0/24", "UDP", "7777", "Wi-Fi isolates", "chatd server --id party"],
    ),
    "nobody, whoever is looked for": (
        found(lan(), wanted=None, port=4_000),
        "silence",
        ["(start one: chatd server --discovery-port 4000)"],
    ),
}


@pytest.mark.parametrize(("findings", "name", "words"), CASES.values(), ids=CASES)
def test_it_says_what_is_wrong_and_what_to_do(
    findings: Findings, name: str, words: list[str]
) -> None:
    row = verdict(findings)
    assert row.name == name
    sentence = row.sentence(findings).replace(NO_BREAK, " ")
    for each in words:
        assert each in sentence


def test_every_row_is_tested_and_has_a_name_of_its_own() -> None:
    assert {name for _, name, _ in CASES.values()} == {row.name for row in ROWS}
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("findings", [findings for findings, _, _ in CASES.values()], ids=CASES)
def test_whatever_it_says_is_one_sentence_in_80_columns(findings: Findings) -> None:
    sentence = verdict(findings).sentence(findings)
    assert len(sentence.splitlines()) == 1
    assert ". " not in sentence
    assert all(len(line) <= 80 for line in as_text(findings).splitlines())


def test_status_0_is_for_a_server_that_can_be_reached_and_only_for_that() -> None:
    well = {"well", "here", "twins", "full"}
    assert {name for findings, name, _ in CASES.values() if findings.reachable} == well
    assert not {name for findings, name, _ in CASES.values() if not findings.reachable} & well


def test_a_hostile_name_is_harmless_wherever_it_is_said() -> None:
    hostile = "a\x1b[2J\u202eb"
    for findings in (
        found(lan(answer(hostile)), wanted=None),
        found(lan(answer(hostile), answer(hostile, port=8_888)), wanted=hostile),
        found(lan(answer(hostile, reach=Reach.REFUSED)), wanted=hostile),
        found(lan(answer(hostile))),
        found(lan(strangers=(offered("false address", "10.35.11.9", "1.2.3.4", hostile),))),
        found(lan(name=hostile)),
    ):
        text = as_text(findings)
        assert escape(hostile) in text or findings.wanted == "party"
        assert not {"\x1b", "\u202e"} & set(text)


def test_many_servers_are_not_all_named_in_the_sentence() -> None:
    many = [answer(f"server-{number}", f"10.35.11.{number}") for number in range(1, 100)]
    findings = found(lan(*many), wanted=None)
    sentence = verdict(findings).sentence(findings)
    assert "94 more" in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize("name", ["eth0", "wlan0", "enp3s0", "docker0", "br0"])
def test_an_ordinary_interface_is_no_vpn(name: str) -> None:
    assert verdict(found(LOOPBACK, lan(name=name))).name == "silence"


def test_a_vpn_that_is_down_is_not_blamed() -> None:
    assert verdict(found(LOOPBACK, lan(), down("tun0"))).name == "silence"
    assert not interface("tun0", is_up=False).is_asked


@pytest.mark.parametrize(
    ("slots", "free", "words"),
    [
        (1, 1, "its only place is"),
        (5, 1, "1 of its 5 places is"),
        (5, 4, "4 of its 5 places are"),
    ],
)
def test_the_free_places_are_counted_in_good_english(slots: int, free: int, words: str) -> None:
    assert phrases.places(replace(answer(free=free), slots=slots)) == words
