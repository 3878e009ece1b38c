"""A connection that is lost and resumed: no line is lost or doubled."""

from typing import Any

import pytest

from chatd.chat import events, limits
from chatd.wire import frames
from chatd.wire.frames import OkData
from tests.client.resuming import message, private, reconnect, resumable
from tests.client.service_harness import TOKEN, ClientHarness, online

GOODBYE = frames.Goodbye(data=events.Goodbye("quit"))


def hello(client: ClientHarness) -> dict[str, Any]:
    """The data of the hello that the client has just sent."""
    [frame, *_] = client.sent()
    assert frame["type"] == "hello"
    data: dict[str, Any] = frame["data"]
    return data


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
