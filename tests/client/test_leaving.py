"""How a client goes: everything sent and confirmed, or named; then goodbye."""

from typing import Any

import pytest

from chatd.chat import events, limits
from chatd.wire import frames
from tests.client.service_harness import Client, online

GOODBYE = frames.Goodbye(data=events.Goodbye("quit"))


def test_at_the_end_of_input_what_was_read_is_confirmed_then_it_quits_then_it_waits() -> None:
    client = online()
    client.types("one", "two")
    client.ends_input()
    one, two = client.heard()
    client.confirm(one)
    assert client.heard() == []
    client.confirm(two)
    assert client.heard_types() == ["quit"]
    assert client.ended == []
    client.says(GOODBYE)
    assert client.ended == [0]
    assert client.transport.disconnecting
    assert client.leftovers == []


def test_what_is_said_until_the_goodbye_is_still_shown() -> None:
    client = online()
    client.ends_input()
    client.says(frames.Message(data=events.Message("#lobby", 1, 0, "moon", "bye")), GOODBYE)
    assert client.ui.shown == ["moon: bye"]
    assert client.ended == [0]


def test_a_server_that_closes_instead_of_saying_goodbye_is_left_as_well() -> None:
    client = online()
    client.ends_input()
    client.lose_connection(clean=True)
    assert client.ended == [0]


def test_a_goodbye_that_does_not_come_is_waited_for_two_seconds() -> None:
    client = online()
    client.ends_input()
    client.passes(1.99)
    assert client.ended == []
    client.passes(0.01)
    assert client.ended == [0]
    assert client.transport.disconnecting


def test_a_long_input_goes_out_whole_before_it_quits() -> None:
    client = online()
    lines = [f"line {number}" for number in range(100)]
    client.types(*lines)
    client.ends_input()
    arrived: list[str] = []
    while batch := client.heard():
        if batch[-1]["type"] == "quit":
            break
        assert len(batch) <= limits.UNCONFIRMED_LINES
        arrived += [each["data"]["text"] for each in batch]
        client.confirm(*batch)
    assert arrived == lines


def test_a_refused_line_is_answered_as_well_and_does_not_keep_it() -> None:
    client = online()
    client.types("one")
    client.ends_input()
    [one] = client.heard()
    client.says(frames.Error(id=one["id"], data=frames.ErrorData("bad-text", "No.")))
    assert client.was_told("Refused (one): No.")
    assert client.heard_types() == ["quit"]


def test_offline_at_the_end_of_input_it_waits_30_seconds_then_names_what_was_not_sent() -> None:
    client = Client()
    client.types("one", "two")
    client.ends_input()
    client.passes(29.99)
    assert client.ended == []
    client.passes(0.01)
    assert client.ended == [1]
    assert client.ui.notices[-3:] == ["These lines were not sent:", "  one", "  two"]
    assert client.leftovers == []


def test_lost_after_the_end_of_input_it_waits_30_seconds_as_well() -> None:
    client = online()
    lines = [f"line {number}" for number in range(limits.UNCONFIRMED_LINES + 1)]
    client.types(*lines)
    client.ends_input()
    client.lose_connection()
    client.passes(29.99)
    assert client.ended == []
    client.passes(0.01)
    assert client.ended == [1]
    assert client.ui.notices[-2:] == ["These lines were not sent:", f"  {lines[-1]}"]


def test_a_connection_in_these_30_seconds_sends_it_all_and_ends_well() -> None:
    client = Client()
    client.types("one")
    client.ends_input()
    client.passes(29)
    client.connect()
    client.welcome()
    client.passes(29)
    assert client.ended == []
    client.confirm(client.heard()[-1])
    assert client.heard_types() == ["quit"]
    client.says(GOODBYE)
    assert client.ended == [0]


def test_with_nothing_to_send_the_end_of_input_ends_it_at_once() -> None:
    client = Client()
    client.ends_input()
    assert client.ended == [0]
    assert not client.finder.is_seeking
    assert client.leftovers == []


def test_unconfirmed_lines_that_are_lost_after_the_end_of_input_end_it_with_status_1() -> None:
    client = online()
    client.types("one")
    client.ends_input()
    client.lose_connection()
    assert client.ended == [1]
    assert "  one" in client.ui.notices


@pytest.mark.parametrize("line", ["/quit", "/exit", "exit()"])
def test_a_person_who_quits_is_gone_after_the_goodbye(line: str) -> None:
    client = online(can_ask=True)
    client.types(line)
    assert client.heard_types() == ["quit"]
    client.says(GOODBYE)
    assert client.ended == [0]


def test_a_person_who_quits_while_it_searches_is_gone_at_once() -> None:
    client = Client(can_ask=True)
    client.types("/quit")
    assert client.ended == [0]
    assert not client.finder.is_seeking


def test_stopping_the_service_says_goodbye_first() -> None:
    client = online()
    stopped: list[Any] = []
    client.service.stopService().addCallback(stopped.append)
    assert client.heard_types() == ["quit"]
    assert not stopped
    client.says(GOODBYE)
    assert stopped == [None]
    assert client.ended == [0]


def test_stopping_a_service_that_is_gone_is_done_at_once() -> None:
    client = Client()
    client.ends_input()
    stopped: list[Any] = []
    client.service.stopService().addCallback(stopped.append)
    assert stopped == [None]


def connecting() -> Client:
    client = Client()
    client.finder.find_now()
    return client


def registering() -> Client:
    client = Client()
    client.connect()
    return client


def asking() -> Client:
    client = Client(can_ask=True)
    client.connect()
    client.refuse("nickname-taken", "Taken.")
    return client


def waiting() -> Client:
    client = online()
    client.lose_connection()
    return client


@pytest.mark.parametrize(
    "client",
    [Client, connecting, registering, asking, waiting, lambda: Client(nickname="", can_ask=True)],
)
def test_stopping_the_service_in_any_state_leaves_nothing_behind(client: Any) -> None:
    made = client()
    stopped: list[Any] = []
    made.service.stopService().addCallback(stopped.append)
    assert stopped == [None]
    assert made.ended == [0]
    assert made.leftovers == []
    assert not made.finder.is_seeking


def test_lines_that_still_wait_when_the_service_stops_are_named_and_never_sent_after_quit() -> None:
    client = online()
    lines = [f"line {number}" for number in range(2 * limits.UNCONFIRMED_LINES)]
    client.types(*lines)
    under_way = client.heard()
    client.service.stopService()
    assert client.heard_types() == ["quit"]
    client.confirm(*under_way)
    assert client.heard() == []
    client.says(GOODBYE)
    not_sent = lines[limits.UNCONFIRMED_LINES :]
    assert [said.strip() for said in client.ui.notices if said.strip() in lines] == not_sent


def test_lines_that_nobody_confirmed_when_the_service_stops_are_named() -> None:
    client = online()
    client.types("one")
    client.service.stopService()
    client.passes(2)
    assert "  one" in client.ui.notices
