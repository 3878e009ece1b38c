"""How a client leaves: every line is confirmed or named, then it says goodbye."""

from collections.abc import Callable
from typing import Any

import pytest

from chatd.chat import events, limits
from chatd.wire import frames
from tests.client.service_harness import ClientHarness, online

GOODBYE = frames.Goodbye(data=events.Goodbye("quit"))


def test_at_the_end_of_input_it_waits_for_confirmations_then_quits_then_waits_for_goodbye() -> None:
    client = online()
    client.type("one", "two")
    client.end_input()
    one, two = client.sent()
    client.confirm(one)
    assert client.sent() == []
    client.confirm(two)
    assert client.sent_types() == ["quit"]
    assert client.exit_statuses == []
    client.receive(GOODBYE)
    assert client.exit_statuses == [0]
    assert client.transport.disconnecting
    assert client.delayed_calls == []


def test_messages_before_the_goodbye_are_still_shown() -> None:
    client = online()
    client.end_input()
    client.receive(frames.Message(data=events.Message("#lobby", 1, 0, "moon", "bye")), GOODBYE)
    assert client.ui.shown == ["moon: bye"]
    assert client.exit_statuses == [0]


def test_a_server_that_closes_instead_of_saying_goodbye_ends_the_client_as_well() -> None:
    client = online()
    client.end_input()
    client.lose_connection(clean=True)
    assert client.exit_statuses == [0]


def registering() -> ClientHarness:
    """A client whose hello is sent, and has no answer yet."""
    client = ClientHarness()
    client.connect()
    assert client.sent_types() == ["hello"]
    return client


@pytest.mark.parametrize("start", [online, registering])
def test_it_waits_two_seconds_for_a_goodbye(start: Callable[[], ClientHarness]) -> None:
    client = start()
    client.end_input()
    client.advance(1.99)
    assert client.exit_statuses == []
    client.advance(0.01)
    assert client.exit_statuses == [0]
    assert client.transport.disconnecting
    assert client.delayed_calls == []


def test_long_input_is_sent_completely_before_it_quits() -> None:
    client = online()
    lines = [f"line {number}" for number in range(100)]
    client.type(*lines)
    client.end_input()
    arrived: list[str] = []
    while batch := client.sent():
        if batch[-1]["type"] == "quit":
            break
        assert len(batch) <= limits.UNCONFIRMED_LINES
        arrived += [each["data"]["text"] for each in batch]
        client.confirm(*batch)
    assert arrived == lines


def test_a_refusal_is_a_reply_as_well_and_lets_it_quit() -> None:
    client = online()
    client.type("one")
    client.end_input()
    [one] = client.sent()
    client.receive(frames.Error(id=one["id"], data=frames.ErrorData("bad-text", "No.")))
    assert client.was_notified("Refused (one): No.")
    assert client.sent_types() == ["quit"]


def test_offline_at_the_end_of_input_it_waits_30_seconds_then_names_what_was_not_sent() -> None:
    client = ClientHarness()
    client.type("one", "two")
    client.end_input()
    client.advance(29.99)
    assert client.exit_statuses == []
    client.advance(0.01)
    assert client.exit_statuses == [1]
    assert client.ui.notices[-3:] == ["These lines were not sent:", "  one", "  two"]
    assert client.delayed_calls == []


def test_lost_after_the_end_of_input_it_waits_30_seconds_as_well() -> None:
    client = online()
    lines = [f"line {number}" for number in range(limits.UNCONFIRMED_LINES + 1)]
    client.type(*lines)
    client.end_input()
    client.lose_connection()
    client.advance(29.99)
    assert client.exit_statuses == []
    client.advance(0.01)
    assert client.exit_statuses == [1]
    assert client.ui.notices[-2:] == ["These lines were not sent:", f"  {lines[-1]}"]


def test_a_connection_within_these_30_seconds_sends_everything() -> None:
    client = ClientHarness()
    client.type("one")
    client.end_input()
    client.advance(29)
    client.connect()
    client.welcome()
    client.advance(29)
    assert client.exit_statuses == []
    client.confirm(client.sent()[-1])
    assert client.sent_types() == ["quit"]
    client.receive(GOODBYE)
    assert client.exit_statuses == [0]


def test_with_nothing_to_send_the_end_of_input_ends_it_at_once() -> None:
    client = ClientHarness()
    client.end_input()
    assert client.exit_statuses == [0]
    assert not client.finder.is_searching
    assert client.delayed_calls == []


def test_unconfirmed_lines_that_are_lost_after_the_end_of_input_end_it_with_status_1() -> None:
    client = online()
    client.type("one")
    client.end_input()
    client.lose_connection()
    assert client.exit_statuses == [1]
    assert "  one" in client.ui.notices


@pytest.mark.parametrize(
    "leave", [ClientHarness.end_input, lambda client: client.service.stopService()]
)
def test_a_client_that_leaves_before_its_welcome_quits_so_that_its_nickname_is_free(
    leave: Callable[[ClientHarness], object],
) -> None:
    client = registering()
    leave(client)
    assert client.sent_types() == ["quit"]
    client.welcome()
    assert client.exit_statuses == []
    client.receive(GOODBYE)
    assert client.exit_statuses == [0]
    assert client.transport.disconnecting  # and not aborted: all that was sent arrives
    assert client.delayed_calls == []
    assert client.sent() == []
    assert client.ui.notices == []


@pytest.mark.parametrize("code", ["nickname-taken", "password-required", "full", "version"])
def test_a_refusal_that_comes_when_it_is_leaving_changes_nothing(code: str) -> None:
    client = registering()
    client.end_input()
    client.refuse(code, "No.")
    client.receive(GOODBYE)
    assert client.sent_types() == ["quit"]
    assert client.exit_statuses == [0]
    assert not client.finder.is_searching


@pytest.mark.parametrize("line", ["/quit", "/exit", "exit()"])
def test_a_user_who_quits_has_left_after_the_goodbye(line: str) -> None:
    client = online(is_interactive=True)
    client.type(line)
    assert client.sent_types() == ["quit"]
    client.receive(GOODBYE)
    assert client.exit_statuses == [0]


def test_a_user_who_quits_while_it_searches_has_left_at_once() -> None:
    client = ClientHarness(is_interactive=True)
    client.type("/quit")
    assert client.exit_statuses == [0]
    assert not client.finder.is_searching


def test_stopping_the_service_says_goodbye_first() -> None:
    client = online()
    stopped: list[Any] = []
    client.service.stopService().addCallback(stopped.append)
    assert client.sent_types() == ["quit"]
    assert not stopped
    client.receive(GOODBYE)
    assert stopped == [None]
    assert client.exit_statuses == [0]


def test_stopping_a_service_that_has_ended_is_done_at_once() -> None:
    client = ClientHarness()
    client.end_input()
    stopped: list[Any] = []
    client.service.stopService().addCallback(stopped.append)
    assert stopped == [None]


def test_losing_the_output_says_goodbye_and_ends_it_with_status_1() -> None:
    client = online()
    client.service.session.output_lost()
    assert client.sent_types() == ["quit"]
    client.receive(GOODBYE)
    assert client.exit_statuses == [1]


def test_while_the_output_is_paused_nothing_is_read_from_the_server() -> None:
    client = online()
    client.service.session.set_output_paused(True)
    assert client.transport.producerState == "paused"
    client.service.session.set_output_paused(False)
    assert client.transport.producerState == "producing"


def test_clients_that_share_an_output_are_paused_together() -> None:
    guest = online(nickname="guest-2")
    client = online(output_shared_with=[guest.service])
    for paused, state in ((True, "paused"), (False, "producing")):
        client.service.session.set_output_paused(paused)
        assert (client.transport.producerState, guest.transport.producerState) == (state, state)


def test_a_nickname_that_is_entered_after_the_end_does_not_start_the_client() -> None:
    client = ClientHarness(nickname="", is_interactive=True)
    client.service.stopService()
    client.ui.answer("ice")
    assert client.exit_statuses == [0]
    assert not client.finder.is_searching


def connecting() -> ClientHarness:
    client = ClientHarness()
    client.finder.succeed()
    return client


def asking() -> ClientHarness:
    client = ClientHarness(is_interactive=True)
    client.connect()
    client.refuse("nickname-taken", "Taken.")
    return client


def waiting() -> ClientHarness:
    client = online()
    client.lose_connection()
    return client


@pytest.mark.parametrize(
    "client",
    [
        ClientHarness,
        connecting,
        asking,
        waiting,
        lambda: ClientHarness(nickname="", is_interactive=True),
    ],
)
def test_stopping_the_service_in_any_state_leaves_nothing_behind(client: Any) -> None:
    made = client()
    stopped: list[Any] = []
    made.service.stopService().addCallback(stopped.append)
    assert stopped == [None]
    assert made.exit_statuses == [0]
    assert made.delayed_calls == []
    assert not made.finder.is_searching


def test_queued_lines_are_named_when_the_service_stops_and_not_sent_after_quit() -> None:
    client = online()
    lines = [f"line {number}" for number in range(2 * limits.UNCONFIRMED_LINES)]
    client.type(*lines)
    under_way = client.sent()
    client.service.stopService()
    assert client.sent_types() == ["quit"]
    client.confirm(*under_way)
    assert client.sent() == []
    client.receive(GOODBYE)
    not_sent = lines[limits.UNCONFIRMED_LINES :]
    assert [said.strip() for said in client.ui.notices if said.strip() in lines] == not_sent


def test_unconfirmed_lines_are_named_when_the_service_stops() -> None:
    client = online()
    client.type("one")
    client.service.stopService()
    client.advance(2)
    assert "  one" in client.ui.notices
