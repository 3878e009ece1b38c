"""Private messages: to one, to several, and who was not reached and why."""

import pytest

from chatd.chat import limits
from tests.fakes import log_lines
from tests.server.harness import (
    STARTED,
    Client,
    Harness,
    drain_jim_queues,
    enter_jim,
    enter_plain,
    enter_silent_basic,
)


def tell(client: Client, text: object, *to: object, request_id: object = None) -> None:
    client.send("private", {"text": text, "to": list(to)}, request_id)


def test_a_private_message_is_sent_to_its_recipient_alone(harness: Harness) -> None:
    ice, moon, sun = harness.enter_all("ice", "moon", "sun")
    harness.clock.advance(2)
    tell(ice, "psst\n\tyou", "moon")
    data = {
        "source": "ice",
        "to": ["moon"],
        "time": STARTED + 2_000,
        "text": "psst\n\tyou",
        "seq": 1,
    }
    assert moon.heard() == [{"type": "private", "data": data}]
    assert sun.heard() == ice.heard() == []


def test_a_private_message_to_several_names_its_recipients(harness: Harness) -> None:
    ice, moon, sun, star = harness.enter_all("ice", "moon", "sun", "star")
    tell(ice, "psst", "sun", "moon")
    for client in (moon, sun):
        [data] = client.heard_of("private")
        assert data["to"] == ["sun", "moon"]
    assert star.heard() == []


def test_a_private_message_with_an_id_is_confirmed(harness: Harness) -> None:
    ice, _ = harness.enter_all("ice", "moon")
    harness.clock.advance(1)
    tell(ice, "psst", "moon", request_id=4)
    assert ice.heard() == [{"type": "ok", "id": 4, "data": {"time": STARTED + 1_000}}]


def test_the_sender_learns_which_recipients_were_not_reached_and_why(harness: Harness) -> None:
    harness.chat.hub.accounts = {"star": False}
    ice, moon = harness.enter_all("ice", "moon")
    tell(ice, "psst", "sun", "moon", "Star", request_id=4)
    [answer] = ice.heard()
    assert answer["type"] == "ok"
    assert answer["data"]["missed"] == [
        {"nickname": "sun", "reason": "unknown"},
        {"nickname": "Star", "reason": "offline"},
    ]
    [data] = moon.heard_of("private")
    assert data["to"] == ["moon"]


def test_a_sender_without_an_id_learns_who_was_not_reached_as_well(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    tell(ice, "psst", "sun", "moon")
    [error] = ice.heard_of("error")
    assert error["code"] == "not-reached"
    assert "sun (unknown)" in error["message"]
    assert len(moon.heard_of("private")) == 1


def test_a_private_message_to_nobody_online_is_refused(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    tell(ice, "psst", "sun", "star", request_id=4)
    [error] = ice.heard()
    assert (error["type"], error["id"], error["data"]["code"]) == ("error", 4, "not-reached")
    assert "sun (unknown), star (unknown)" in error["data"]["message"]
    assert moon.heard() == []


@pytest.mark.parametrize("name", ["moon", "MOON", "\uff4doon"])
def test_a_recipient_is_found_in_any_case_and_sent_the_message_once(
    harness: Harness, name: str
) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    tell(ice, "psst", name, "moon", "Moon")
    [data] = moon.heard_of("private")
    assert data["to"] == ["moon"]
    assert ice.heard() == []


def test_a_member_may_write_to_itself(harness: Harness) -> None:
    [ice] = harness.enter_all("ice")
    tell(ice, "note", "ice")
    assert [data["source"] for data in ice.heard_of("private")] == ["ice"]


def test_a_recipient_that_has_not_entered_or_has_left_is_unknown(harness: Harness) -> None:
    [ice] = harness.enter_all("ice")
    harness.enter("moon").send("quit")
    waiting = harness.connect()
    waiting.send_bytes(b"{")
    ice.heard()
    tell(ice, "psst", "moon", waiting.address)
    assert ice.errors() == ["not-reached"]
    assert waiting.heard() == []


def test_a_private_message_has_thirty_two_recipients_at_most(harness: Harness) -> None:
    ice = harness.enter("ice")
    names = [f"client{number}" for number in range(limits.RECIPIENTS + 1)]
    clients = harness.enter_all(*names)
    ice.heard()
    tell(ice, "psst", *names, request_id=1)
    assert ice.errors() == ["bad-recipients"]
    assert not [client for client in clients if client.heard_of("private")]
    tell(ice, "psst", *names[:-1], request_id=2)
    assert ice.errors() == []
    assert [len(client.heard_of("private")) for client in clients] == [1] * 32 + [0]


@pytest.mark.parametrize(
    ("text", "to", "code"),
    [
        ("psst", [], "bad-recipients"),
        ("", ["moon"], "bad-text"),
        (" \n", ["moon"], "bad-text"),
        ("\x1b[2J", ["moon"], "bad-text"),
        ("x" * 4_097, ["moon"], "bad-text"),
        ("psst", ["#lobby"], "not-reached"),
        ("psst", [""], "not-reached"),
        ("psst", ["moon", 5], "bad-frame"),
        (5, ["moon"], "bad-frame"),
    ],
)
def test_an_invalid_private_message_is_refused(
    harness: Harness, text: object, to: list[object], code: str
) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    tell(ice, text, *to, request_id=1)
    assert ice.errors() == [code]
    assert moon.heard() == []


def test_a_private_message_is_in_no_history(harness: Harness) -> None:
    ice, _ = harness.enter_all("ice", "moon")
    tell(ice, "psst", "moon")
    ice.send("history")
    assert [data["messages"] for data in ice.heard_of("history")] == [[]]


def test_a_private_message_reaches_members_in_other_rooms(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    moon.send("leave")
    moon.heard()
    tell(ice, "psst", "moon")
    assert len(moon.heard_of("private")) == 1


def test_a_private_message_reaches_every_dialect(harness: Harness) -> None:
    ice = harness.enter("ice")
    basic, plain, jim = (
        enter_silent_basic(harness),
        enter_plain(harness, "sun"),
        enter_jim(harness, "star"),
    )
    for client in (ice, basic, plain, jim):
        client.transport.clear()
    jim.heard()
    tell(ice, "psst", basic.address, "sun", "star")
    drain_jim_queues(harness)
    assert basic.shown() == ["[private] ice: psst"]
    assert plain.shown() == ["[private] ice: psst"]
    [told] = jim.heard()
    assert (told["from"], told["message"]) == ("ice", "psst")
    assert told["to"] == [basic.address, "sun", "star"]


def test_a_private_text_is_never_logged(harness: Harness) -> None:
    with log_lines() as lines:
        ice, _ = harness.enter_all("ice", "moon")
        tell(ice, "psst", "moon")
        tell(ice, "psst", "nobody")
    assert lines
    assert not [line for line in lines if "psst" in line]
