"""The output of a client whose connection is lost and resumed: what was missed, and little else."""

import pytest

from chatd.chat import events, limits
from chatd.client.status import Online, Waiting
from chatd.wire import frames
from tests.client.resuming import message, private, reconnect, resumable
from tests.client.service_harness import TOKEN, online

# --- what it shows --------------------------------------------------------------------------------


def test_what_was_missed_is_shown_like_what_comes_now_and_private_messages_as_well() -> None:
    client = resumable()
    client.lose_connection()
    client.resume()
    client.receive(
        private(1, "psst"),
        frames.Missed(data=events.Missed("#lobby", (message(1, "one"),), more=True)),
        frames.Missed(data=events.Missed("#dev", (message(2, "two", "#dev"),))),
        frames.Message(data=message(3, "three", "#dev")),
    )
    assert client.ui.shown == [
        "[private] moon: psst",
        "moon: one",
        "#dev moon: two",
        "#dev moon: three",
    ]


@pytest.mark.parametrize("messages", [(), (message(9, "nine"),)])
def test_a_gap_is_said_in_one_sentence(messages: tuple[events.Message, ...]) -> None:
    client = resumable()
    client.lose_connection()
    client.resume()
    client.receive(frames.Missed(data=events.Missed("#lobby", messages, gap=True)))
    assert client.ui.shown == [
        "[Server]: What was said in #lobby before this is not kept any more",
        *(f"moon: {each.text}" for each in messages),
    ]


def test_what_happened_to_the_user_meanwhile_is_shown_and_nothing_is_rejoined() -> None:
    client = resumable()
    client.type("/setname sun", "/join #dev", "/join #ops")
    client.sent()
    client.lose_connection()
    client.resume("sun", rooms=("#dev", "#art"))
    assert client.service.session.nickname == "sun"
    assert client.ui.shown == [
        "[Server]: sun has joined #dev",
        "[Server]: sun has joined #art",
        "[Server]: sun has left #lobby",
        "[Server]: ice renamed to sun",
    ]
    assert client.sent_types() == ["hello", "set-name"]


def test_rooms_that_are_not_rejoined_yet_are_rejoined_after_resuming() -> None:
    client = resumable()
    client.type("/join #dev")
    client.confirm(*client.sent())
    reconnect(client)
    client.welcome(session="another")
    [_, rejoin] = client.sent()
    client.lose_connection()
    client.resume(session="another")
    assert client.sent()[1:] == [rejoin]
    assert client.ui.shown == []
    client.confirm(rejoin)
    reconnect(client)
    client.welcome(session="a third")
    assert client.sent_types() == ["hello", "join"]


def test_a_list_that_was_cut_off_is_shown_once() -> None:
    client = resumable()
    client.type("/history")
    [request] = client.sent()
    one, two = (events.History("#lobby", (message(n, f"said {n}"),), n == 1) for n in (1, 2))
    client.receive(frames.History(id=request["id"], data=one))
    client.lose_connection()
    client.resume()
    assert client.sent()[1:] == [request]
    client.receive(*(frames.History(id=request["id"], data=each) for each in (one, two)))
    assert [line.partition(" moon: ")[2] for line in client.ui.shown] == ["said 1", "said 2"]


def test_a_list_without_end_is_shown_as_it_comes() -> None:
    client = resumable()
    client.type("/history")
    [request] = client.sent()
    part = frames.History(id=request["id"], data=events.History("#lobby", (message(1, "x"),), True))
    client.receive(*[part] * 100)
    assert len(client.ui.shown) > 90


# --- how much it says -----------------------------------------------------------------------------


@pytest.mark.parametrize("is_interactive", [True, False])
def test_a_connection_that_is_soon_resumed_is_seen_in_the_status_only(is_interactive: bool) -> None:
    client = resumable(is_interactive=is_interactive)
    client.lose_connection()
    client.type("hello")
    client.resume()
    client.advance(100)
    assert client.ui.notices == []
    waiting, _, online_again = client.ui.statuses[-3:]
    assert isinstance(waiting, Waiting)
    assert online_again == Online("ice", is_resumed=True)


def test_an_interruption_that_lasts_is_said_with_everything_that_followed() -> None:
    client = resumable()
    client.lose_connection()
    client.type("hello")
    client.advance(4.5)
    client.refuse_connection()
    assert client.ui.notices == []
    client.advance(limits.AWAY_SECONDS - 4.5)
    assert client.ui.notices == [
        "Not connected: connection lost. Trying again in 4 s.",
        "You are offline. What you type is sent when you are online again.",
        "No connection to party (10.35.11.111:7777): connection refused, no server listens there. "
        "Trying again in 4 s.",
    ]
    client.connect()
    client.welcome(session=TOKEN, resumed=True)
    assert client.ui.notices[-2:] == [
        "Sending the lines that you typed while offline.",
        "Reconnected to party (10.35.11.111:7777) as ice.",
    ]


def test_a_session_that_is_not_resumed_is_said_with_what_went_before() -> None:
    client = resumable()
    reconnect(client)
    client.welcome(session="another")
    assert client.ui.notices == [
        "Not connected: connection lost. Trying again in 4 s.",
        "Connected to party (10.35.11.111:7777) as ice.",
    ]


@pytest.mark.parametrize("reason", ["server is stopping", "too slow", "inactive"])
def test_the_reason_why_the_server_ended_it_is_said_at_once(reason: str) -> None:
    client = resumable()
    client.receive(frames.Goodbye(data=events.Goodbye(reason)))
    assert client.was_notified(f"Not connected: {reason}. Trying again in ")


def test_a_client_that_cannot_resume_says_at_once_that_its_connection_is_lost() -> None:
    client = online()
    client.lose_connection()
    assert client.was_notified("Not connected: connection lost.")


def test_the_search_takes_a_server_without_a_free_slot_as_it_may_hold_the_users() -> None:
    client = resumable()
    assert not client.finder.holds_slot
    client.lose_connection()
    client.advance(5)
    assert client.finder.holds_slot
