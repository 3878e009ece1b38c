"""A client that leaves while its connection is lost, or whose session goes on elsewhere."""

import pytest

from chatd.chat import events, limits
from chatd.wire import frames
from tests.client.resuming import reconnect, resumable

GOODBYE = frames.Goodbye(data=events.Goodbye("quit"))


def test_at_the_end_of_input_it_goes_on_until_everything_is_confirmed() -> None:
    client = resumable()
    client.type("one")
    client.end_input()
    client.lose_connection()
    assert client.exit_statuses == []
    client.resume()
    _, again = client.sent()
    client.confirm(again)
    assert client.sent_types() == ["quit"]
    client.receive(GOODBYE)
    assert client.exit_statuses == [0]
    assert client.delayed_calls == []


@pytest.mark.parametrize("is_quit_first", [True, False])
def test_a_user_who_quits_waits_for_confirmations_or_quits_again(is_quit_first: bool) -> None:
    client = resumable(is_interactive=True)
    client.type("one", *["/quit"] * is_quit_first)
    client.lose_connection()
    client.type(*["/quit"] * (not is_quit_first))
    assert "Sending 1 line first; /quit again leaves at once." in client.ui.notices
    assert client.exit_statuses == []
    client.type("/quit")
    assert client.exit_statuses == [1]
    assert "  one" in client.ui.notices


def test_it_gives_up_after_30_seconds_and_names_what_may_not_have_arrived() -> None:
    client = resumable()
    client.type("one")
    client.end_input()
    client.lose_connection()
    client.advance(29.99)
    assert client.exit_statuses == []
    client.advance(0.01)
    assert client.exit_statuses == [1]
    assert client.was_notified("they may not have arrived:")
    assert client.delayed_calls == []


def test_with_nothing_unconfirmed_the_end_of_input_needs_no_connection() -> None:
    client = resumable()
    client.lose_connection()
    client.end_input()
    assert client.exit_statuses == [0]


def test_with_a_direct_address_it_does_not_come_back_and_names_its_lines() -> None:
    client = resumable(once=True)
    client.type("one")
    client.lose_connection()
    assert client.exit_statuses == [1]
    assert client.was_notified("Server disconnected")
    assert client.was_notified("they may not have arrived:")
    assert "  one" in client.ui.notices


@pytest.mark.parametrize(("lines", "status"), [((), 0), (("one",), 1)])
def test_a_session_that_goes_on_elsewhere_ends_the_client(
    lines: tuple[str, ...], status: int
) -> None:
    client = resumable(is_interactive=True)
    client.type(*lines)
    client.receive(frames.Goodbye(data=events.Goodbye("resumed elsewhere")))
    assert client.exit_statuses == [status]
    assert client.was_notified("The chat goes on at another place, so this client leaves.")
    client.advance(100)
    assert client.finder.search_count == 1
    assert client.delayed_calls == []


def test_a_late_hello_of_its_own_does_not_end_the_client() -> None:
    client = resumable()
    reconnect(client)
    client.advance(limits.WELCOME_SECONDS)
    assert client.transport.disconnected, "its hello is not sent any more"
    client.resume()
    client.receive(frames.Goodbye(data=events.Goodbye("resumed elsewhere")))
    assert client.exit_statuses == []
    client.resume()
    assert client.service.session.is_online
    client.advance(limits.DEAD_PEER_SECONDS)
    client.receive(frames.Goodbye(data=events.Goodbye("resumed elsewhere")))
    assert client.exit_statuses == [0]


def test_a_session_that_goes_on_elsewhere_while_it_leaves_ends_it_as_well() -> None:
    client = resumable()
    client.end_input()
    client.receive(frames.Goodbye(data=events.Goodbye("resumed elsewhere")))
    assert client.exit_statuses == [0]
