"""Capabilities: a client learns what there is, and gets all that it asks for or nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.wire.irc.capabilities import Capabilities, Recipient, negotiate

OFFERED = {"cap-notify": "", "message-tags": "", "sasl": "PLAIN", "setname": ""}
NEW = Recipient("a.chatd", "", OFFERED, is_registered=False)
MEMBER = Recipient("a.chatd", "ice", OFFERED, is_registered=True)


def answers(agreed: Capabilities, *params: str, client: Recipient = NEW) -> list[tuple[str, ...]]:
    return [(line.command, *line.params) for line in negotiate(agreed, params, client)[1]]


def after(agreed: Capabilities, *params: str, client: Recipient = NEW) -> Capabilities:
    return negotiate(agreed, params, client)[0]


def test_the_list_has_values_from_version_302_on() -> None:
    everything = "cap-notify message-tags sasl=PLAIN setname"
    assert answers(Capabilities(), "LS", "302") == [("CAP", "*", "LS", everything)]
    assert answers(Capabilities(), "ls", "307") == [("CAP", "*", "LS", everything)]
    assert answers(Capabilities(), "LS") == [("CAP", "*", "LS", everything.replace("=PLAIN", ""))]
    assert answers(Capabilities(), "LS", "x") == answers(Capabilities(), "LS")


def test_a_long_list_has_several_lines_for_clients_that_know_them() -> None:
    client = replace(NEW, offered={f"draft/capability-{number:03}": "" for number in range(40)})
    lines = answers(Capabilities(), "LS", "302", client=client)
    assert [line[:4] for line in lines[:-1]] == [("CAP", "*", "LS", "*")] * (len(lines) - 1)
    assert " ".join(line[-1] for line in lines).split() == list(client.offered)
    assert all(len(line[-1]) <= 350 for line in lines)
    assert len(answers(Capabilities(), "LS", client=client)) == 1


def test_registration_waits_while_a_client_negotiates() -> None:
    for params in (("LS", "302"), ("LS",), ("REQ", "setname"), ("REQ", "nonsense")):
        begun = after(Capabilities(), *params)
        assert begun.is_negotiating
        assert not after(begun, "END").is_negotiating
    assert not after(Capabilities(), "LIST").is_negotiating
    assert not after(Capabilities(), "LS", "302", client=MEMBER).is_negotiating


def test_a_client_gets_all_that_it_asks_for_or_nothing() -> None:
    agreed = after(Capabilities(), "REQ", "setname message-tags ")
    assert agreed.enabled == {"setname", "message-tags"}
    assert answers(Capabilities(), "REQ", "setname") == [("CAP", "*", "ACK", "setname")]
    assert after(agreed, "REQ", "-setname foo") == agreed
    assert answers(agreed, "REQ", "-setname foo") == [("CAP", "*", "NAK", "-setname foo")]
    assert after(agreed, "REQ", "-setname sasl").enabled == {"message-tags", "sasl"}
    assert answers(agreed, "LIST", client=MEMBER) == [
        ("CAP", "ice", "LIST", "message-tags setname")
    ]


def test_notices_of_changes_are_on_for_clients_of_302_and_stay_on() -> None:
    agreed = after(Capabilities(), "LS", "302")
    assert agreed.enabled == {"cap-notify"}
    assert answers(agreed, "REQ", "-cap-notify") == [("CAP", "*", "NAK", "-cap-notify")]
    older = after(Capabilities(), "REQ", "cap-notify")
    assert after(older, "REQ", "-cap-notify").enabled == frozenset()
    assert after(agreed, "LS").version == 302, "the highest version counts"


@pytest.mark.parametrize(("params", "shown"), [(("NOTACOMMAND",), "NOTACOMMAND"), ((), "*")])
def test_an_unknown_subcommand_is_refused(params: tuple[str, ...], shown: str) -> None:
    [answer] = answers(Capabilities(), *params)
    assert answer == ("410", "*", shown, "Invalid CAP command")


@given(st.lists(st.lists(st.sampled_from(
    ["LS", "LIST", "REQ", "END", "302", "-", "", "sasl -sasl sasl", "setname", "-cap-notify"]
), max_size=3)))  # fmt: skip
def test_however_a_client_negotiates_only_what_is_offered_is_on(storm: list[list[str]]) -> None:
    agreed = Capabilities()
    for params in storm:
        agreed, lines = negotiate(agreed, tuple(params), NEW)
        assert len(lines) <= 1
        assert agreed.enabled <= OFFERED.keys()
