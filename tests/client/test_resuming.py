"""A connection that is lost and resumed: nothing is lost, doubled, or said to the user."""

from typing import Any

import pytest

from chatd.chat import events, limits
from chatd.client.status import Online, Waiting
from chatd.wire import frames
from chatd.wire.frames import OkData
from tests.client.service_harness import TOKEN, ClientHarness, online

GOODBYE = frames.Goodbye(data=events.Goodbye("quit"))


def resumable(**options: Any) -> ClientHarness:
    """A client that is online with a session that it can resume; what it said is forgotten."""
    client = online(session=TOKEN, **options)
    client.ui.notices.clear()
    return client


def message(seq: int, text: str, room: str = "#lobby") -> events.Message:
    return events.Message(room, seq, 1_000 * seq, "moon", text)


def private(seq: int, text: str) -> frames.PrivateMessage:
    return frames.PrivateMessage(data=events.PrivateMessage("moon", ("ice",), 0, text, seq))


def hello(client: ClientHarness) -> dict[str, Any]:
    """The data of the hello that the client has just sent."""
    [frame, *_] = client.sent()
    assert frame["type"] == "hello"
    data: dict[str, Any] = frame["data"]
    return data


def reconnect(client: ClientHarness) -> None:
    client.lose_connection()
    client.advance(limits.RETRY_SECONDS + 1)
    client.connect()


# --- what it asks for -----------------------------------------------------------------------------


def test_the_first_hello_resumes_nothing() -> None:
    client = ClientHarness()
    client.connect()
    assert hello(client) == {"nickname": "ice", "version": 1}


def test_it_says_which_session_it_had_and_what_it_has_seen_of_it() -> None:
    client = resumable()
    client.type("hi")
    [sent] = client.sent()
    client.receive(
        frames.Message(data=message(4, "one")),
        frames.Message(data=message(7, "two", "#dev")),
        frames.Ok(id=sent["id"], data=OkData("#lobby", 5, 0)),
        private(3, "psst"),
    )
    reconnect(client)
    resume = {"session": TOKEN, "seen": {"#dev": 7, "#lobby": 5}, "private": 3}
    assert hello(client)["resume"] == resume


def test_what_it_missed_counts_as_seen_and_a_room_that_it_left_does_not() -> None:
    client = resumable()
    client.receive(
        frames.Message(data=message(2, "in", "#dev")),
        frames.Missed(data=events.Missed("#lobby", (message(8, "a"), message(9, "b")))),
        frames.RoomLeft(data=events.RoomLeft("#dev", "ice")),
        frames.RoomLeft(data=events.RoomLeft("#lobby", "moon")),
    )
    reconnect(client)
    assert hello(client)["resume"]["seen"] == {"#lobby": 9}


def test_an_old_reply_to_a_line_that_was_sent_again_is_no_news() -> None:
    client = resumable()
    client.type("hi")
    client.lose_connection()
    client.resume()
    [_, again] = client.sent()
    client.receive(
        frames.Missed(data=events.Missed("#lobby", (message(9, "b"),))),
        frames.Ok(id=again["id"], data=OkData("#lobby", 5, 0)),
    )
    reconnect(client)
    assert hello(client)["resume"]["seen"] == {"#lobby": 9}


def test_a_line_that_was_sent_again_counts_as_seen() -> None:
    client = resumable()
    client.type("hi")
    client.lose_connection()
    client.resume()
    [_, again] = client.sent()
    client.receive(frames.Ok(id=again["id"], data=OkData("#lobby", 5, 0)))
    reconnect(client)
    assert hello(client)["resume"]["seen"] == {"#lobby": 5}


def test_in_a_room_whose_numbers_begin_again_the_last_one_counts() -> None:
    client = resumable()
    client.receive(frames.Message(data=message(9, "old")), frames.Message(data=message(1, "new")))
    reconnect(client)
    assert hello(client)["resume"]["seen"] == {"#lobby": 1}


def test_a_session_that_the_server_has_forgotten_begins_anew() -> None:
    client = resumable()
    client.receive(frames.Message(data=message(9, "one")), private(3, "psst"))
    reconnect(client)
    client.sent()
    client.welcome(session="another")
    reconnect(client)
    assert hello(client)["resume"] == {"session": "another", "seen": {}, "private": 0}


@pytest.mark.parametrize(
    "frame",
    [
        frames.Message(data=message(2**53, "one")),
        frames.Message(data=message(-1, "one")),
        private(2**70, "psst"),
        private(-1, "psst"),
    ],
)
def test_numbers_that_no_server_takes_are_not_repeated(frame: frames.FromServer) -> None:
    client = resumable()
    client.receive(frame)
    reconnect(client)
    assert hello(client)["resume"] == {"session": TOKEN, "seen": {}, "private": 0}


def test_a_false_server_cannot_make_it_remember_rooms_without_end() -> None:
    client = resumable()
    rooms = [f"#{number}" for number in range(100)]
    client.receive(*(frames.Message(data=message(1, "hi", room)) for room in rooms))
    reconnect(client)
    assert list(hello(client)["resume"]["seen"]) == rooms[-limits.JOINED_ROOMS :]


def test_the_token_is_never_shown() -> None:
    client = resumable()
    assert TOKEN not in repr(client.service.session.resumption.request)
    client.lose_connection()
    client.advance(100)
    assert not client.was_notified(TOKEN)


# --- lines ----------------------------------------------------------------------------------------


def test_unconfirmed_lines_are_sent_again_under_their_numbers_before_anything_new() -> None:
    client = resumable()
    client.type("one", "/msg moon two", "/join #dev", "three", "/users")
    first = client.sent()
    client.confirm(first[0])
    client.lose_connection()
    client.type("four")
    client.resume()
    _, *again, new = client.sent()
    assert again == first[1:]
    assert [each.get("n") for each in again] == [2, 3, 4, None]
    assert (new["data"]["text"], new["n"]) == ("four", 6)
    assert client.ui.notices == []


def test_lines_that_are_lost_again_and_again_are_sent_until_they_are_confirmed() -> None:
    client = resumable()
    client.type("one")
    [first] = client.sent()
    for _ in range(5):
        client.lose_connection()
        client.resume()
        assert client.sent()[1:] == [first]
    client.confirm(first)
    client.lose_connection()
    client.resume()
    assert client.sent_types() == ["hello"]


def test_no_more_lines_are_unconfirmed_than_the_server_remembers() -> None:
    client = resumable()
    client.type(*(f"line {number}" for number in range(40)))
    assert len(client.sent()) == limits.UNCONFIRMED_LINES
    client.lose_connection()
    client.resume()
    _, *again = client.sent()
    assert len(again) == limits.UNCONFIRMED_LINES
    client.confirm(*again)
    assert [each["n"] for each in client.sent()] == list(range(33, 41))


def test_without_resuming_unconfirmed_lines_are_named_when_it_is_back() -> None:
    client = resumable()
    client.type("one")
    client.sent()
    reconnect(client)
    assert not client.was_notified("may not have arrived")
    client.welcome(session="another")
    assert client.was_notified("they may not have arrived:")
    assert "  one" in client.ui.notices
    assert client.sent_types() == ["hello"]
    client.end_input()
    client.receive(GOODBYE)
    assert client.exit_statuses == [1]


def test_a_server_that_cannot_resume_is_not_believed_to_have_resumed() -> None:
    client = online()
    client.type("one")
    client.lose_connection()
    assert client.was_notified("may not have arrived")
    client.resume()
    assert client.sent_types() == ["hello"]


def test_a_refusal_after_resuming_names_the_line() -> None:
    client = resumable()
    client.type("/join #dev")
    client.lose_connection()
    client.resume()
    _, again = client.sent()
    client.receive(frames.Error(id=again["id"], data=frames.ErrorData("outdated-number", "Hm.")))
    assert client.ui.notices == ["Refused (/join #dev): Hm."]


def test_lines_behind_a_setname_wait_for_its_reply_also_after_resuming() -> None:
    client = resumable()
    client.type("/setname sun", "hello")
    client.lose_connection()
    client.resume()
    _, again = client.sent()
    assert again["type"] == "set-name"
    client.confirm(again)
    assert [each["data"] for each in client.sent()] == [{"text": "hello", "room": "#lobby"}]
    assert client.ui.notices == []


def test_a_password_is_not_sent_again_but_asked_for() -> None:
    client = resumable(is_interactive=True)
    client.type("/setname sun")
    [rename] = client.sent()
    needs_it = frames.ErrorData("password-required", "That needs its password.")
    client.receive(frames.Error(id=rename["id"], data=needs_it))
    client.ui.answer("sesame")
    assert client.sent_types() == ["authenticate"]
    client.lose_connection()
    assert not client.ui.is_checking_password
    client.resume()
    _, again = client.sent()
    assert (again["type"], again["data"]) == ("set-name", {"nickname": "sun"})
    assert again["n"] > rename["n"]


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


# --- nicknames ------------------------------------------------------------------------------------

TAKEN = "The nickname ice is taken; choose another one."


def test_a_user_whose_nickname_another_one_has_is_asked_and_resumes_under_the_new_one() -> None:
    client = resumable(is_interactive=True)
    client.type("one")
    reconnect(client)
    client.refuse("nickname-taken", TAKEN)
    assert client.ui.prompts == [f"{TAKEN} Your nickname?"]
    assert client.was_notified("Not connected: connection lost.")
    client.ui.answer("sun")
    client.take_connection()
    data = hello(client)
    assert (data["nickname"], data["resume"]["session"]) == ("sun", TOKEN)
    client.welcome("sun", TOKEN, resumed=True)
    assert [each["data"]["text"] for each in client.sent()] == ["one"]


def test_without_a_user_to_ask_the_nickname_is_tried_until_it_is_free() -> None:
    client = resumable()
    for _ in range(3):
        reconnect(client)
        client.refuse("nickname-taken", TAKEN)
        assert client.exit_statuses == []
    reconnect(client)
    client.welcome(session=TOKEN, resumed=True)
    assert client.service.session.is_online


def test_a_hello_without_an_answer_may_still_have_left_a_ghost() -> None:
    client = resumable(is_interactive=True)
    reconnect(client)
    client.lose_connection()
    client.advance(5)
    client.connect()
    client.refuse("nickname-taken", TAKEN)
    assert client.ui.prompts == []


# --- leaving --------------------------------------------------------------------------------------


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
