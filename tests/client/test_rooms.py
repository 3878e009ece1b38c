"""Rooms in the client: which one lines go to, and which ones are rejoined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import events
from chatd.chat.commands import (
    ClientCommand,
    JoinRoom,
    LeaveRoom,
    ReadHistory,
    SendMessage,
    SendPrivate,
)
from chatd.chat.names import LOBBY
from chatd.wire import frames
from tests.client.service_harness import ClientHarness, online
from tests.client.session_harness import SessionHarness


def joined(*rooms: str) -> SessionHarness:
    """A session that has joined these rooms, one after the other."""
    ice = SessionHarness()
    for room in rooms:
        ice.type(f"/join {room}")
        ok = frames.OkData(room, created=True)
        ice.session.frame_received(frames.Ok(id=ice.sent[-1][1], data=ok))
    ice.clear()
    return ice


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (["/join #dev", "hi"], [JoinRoom("#dev"), SendMessage("hi", "#dev")]),
        (["/join dev", "hi"], [JoinRoom("#dev"), SendMessage("hi", "#dev")]),
        (["/join #dev", "//hi"], [JoinRoom("#dev"), SendMessage("/hi", "#dev")]),
        (["/join #dev", "/history 5"], [JoinRoom("#dev"), ReadHistory("#dev", 5)]),
        (["/join #dev", "/room #lobby", "hi"], [JoinRoom("#dev"), SendMessage("hi", LOBBY)]),
        (["/room #dev", "hi"], [SendMessage("hi", "#dev")]),
        (
            ["/join #dev", "/leave", "hi"],
            [JoinRoom("#dev"), LeaveRoom("#dev"), SendMessage("hi", LOBBY)],
        ),
        (
            ["/join #dev", "/leave #dev", "hi"],
            [JoinRoom("#dev"), LeaveRoom("#dev"), SendMessage("hi", LOBBY)],
        ),
        (
            ["/join #dev", "/leave #ops", "hi"],
            [JoinRoom("#dev"), LeaveRoom("#ops"), SendMessage("hi", "#dev")],
        ),
        (["/leave", "hi"], [LeaveRoom(LOBBY), SendMessage("hi", LOBBY)]),
    ],
)
@pytest.mark.parametrize("is_online", [True, False])
def test_lines_go_to_the_room_that_was_typed_before_the_server_replies(
    lines: list[str], asked: list[ClientCommand], is_online: bool
) -> None:
    ice = SessionHarness(online=is_online)
    ice.type(*lines)
    if not is_online:
        ice.session.online()
    assert ice.commands == asked


def test_the_room_command_switches_the_room_without_a_request() -> None:
    ice = SessionHarness()
    ice.type("/room #dev")
    assert ice.ui.notices == ["You are now writing to #dev."]
    assert ice.sent == []


def test_at_a_terminal_a_room_that_the_user_is_not_in_is_refused_and_the_near_one_named() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/join #dev", "/room #lobby", "/room #deb", "/room #nosuch", "hi")
    assert ice.ui.notices[1:] == [
        "Not sent: you are not in #deb; did you mean /room #dev? /join #deb joins it.",
        "Not sent: you are not in #nosuch. /join #nosuch joins it.",
    ]
    assert ice.commands[-1] == SendMessage("hi", LOBBY)


def test_lines_go_to_a_private_talk_until_it_is_closed() -> None:
    ice = SessionHarness()
    ice.type("/query moon,sun", "hi", "/me waves", "/leave", "hello")
    assert ice.ui.notices == [
        "You are now writing privately to moon, sun.",
        "You are now writing to #lobby.",
    ]
    assert ice.commands == [
        SendPrivate("hi", ("moon", "sun")),
        SendPrivate("waves", ("moon", "sun"), action=True),
        SendMessage("hello", LOBBY),
    ]
    assert ice.ui.closed_talks == ["@moon,sun"]


def test_a_private_talk_goes_on_under_the_other_nickname() -> None:
    ice = SessionHarness()
    ice.type("/query moon")
    ice.session.frame_received(frames.MemberRenamed(data=events.MemberRenamed("moon", "sun")))
    ice.type("hi")
    assert ice.commands == [SendPrivate("hi", ("sun",))]
    assert ice.ui.notices[-1] == "You are now writing privately to sun."


def test_a_user_who_is_no_longer_in_a_room_writes_to_the_lobby() -> None:
    ice = joined("#dev")
    ice.session.frame_received(frames.RoomLeft(data=events.RoomLeft("#dev", "ice")))
    ice.type("hi")
    assert ice.commands == [SendMessage("hi", LOBBY)]
    assert ice.ui.notices == ["You are now writing to #lobby."]


@pytest.mark.parametrize("line", ["/join", "/room", "/join #a/b", "/join #", "/leave #a,b"])
def test_an_invalid_room_name_sends_nothing_and_the_room_stays(line: str) -> None:
    ice = joined("#dev")
    ice.type(line)
    assert ice.sent == []
    assert [said.startswith("Not sent: ") for said in ice.ui.notices] == [True]
    ice.type("hi")
    assert ice.commands == [SendMessage("hi", "#dev")]


@pytest.mark.parametrize("code", ["too-many-rooms", "bad-room-name", "server-failed"])
def test_after_a_refused_join_lines_go_to_the_previous_room(code: str) -> None:
    ice = joined("#dev")
    ice.type("/join #ops")
    ice.refuse(ice.sent[-1][1], code)
    ice.type("hi")
    assert ice.commands[-1] == SendMessage("hi", "#dev")


def test_joining_a_room_again_switches_to_it() -> None:
    ice = joined("#dev")
    ice.type("/room #lobby", "/join #dev")
    ice.refuse(ice.sent[-1][1], "already-in-room")
    ice.type("hi")
    assert ice.commands[-1] == SendMessage("hi", "#dev")


def test_room_names_are_compared_without_case() -> None:
    ice = joined("#Dev")
    ice.type("/leave #dev")
    ice.confirm(ice.sent[-1][1])
    assert ice.session.target == LOBBY
    ice.reconnect()
    assert ice.commands == []


def test_events_of_rooms_are_shown_with_the_room() -> None:
    ice = joined("#dev")
    for frame in (
        frames.RoomJoined(data=events.RoomJoined("#dev", "moon")),
        frames.Message(data=events.Message("#dev", 1, 5, "moon", "hello")),
        frames.Message(data=events.Message(LOBBY, 1, 5, "moon", "hello")),
        frames.RoomLeft(data=events.RoomLeft("#dev", "moon")),
        frames.Rooms(data=events.Rooms((events.RoomEntry(LOBBY, 2), events.RoomEntry("#dev", 1)))),
    ):
        ice.session.frame_received(frame)
    assert ice.ui.shown == [
        "[Server]: moon has joined #dev",
        "#dev moon: hello",
        "moon: hello",
        "[Server]: moon has left #dev",
        "[Server]: #lobby 2 members",
        "[Server]: #dev 1 member",
    ]


# --- after a reconnect --------------------------------------------------------------------------


def test_rooms_are_rejoined_before_queued_lines_are_sent() -> None:
    ice = joined("#dev", "#ops")
    ice.session.offline()
    ice.type("hi", "/room #dev", "you")
    ice.session.online()
    assert set(ice.commands[:2]) == {JoinRoom("#dev"), JoinRoom("#ops")}
    assert ice.commands[2:] == [SendMessage("hi", "#ops"), SendMessage("you", "#dev")]


def test_rooms_are_rejoined_in_the_order_they_were_joined() -> None:
    ice = joined("#dev", "#ops", "#art")
    ice.reconnect()
    assert ice.commands == [JoinRoom("#dev"), JoinRoom("#ops"), JoinRoom("#art")]


def test_rooms_are_rejoined_after_each_reconnect() -> None:
    ice = joined("#dev")
    for _ in range(3):
        ice.reconnect()
        assert ice.commands == [JoinRoom("#dev")]
        ice.confirm(ice.sent[0][1])


def test_a_connection_lost_while_rejoining_forgets_no_room() -> None:
    ice = joined("#dev")
    ice.reconnect()
    ice.reconnect()
    assert ice.commands == [JoinRoom("#dev")]


def test_commands_that_rejoin_rooms_are_not_named_as_lost_lines() -> None:
    ice = joined("#dev")
    ice.reconnect()
    ice.session.offline()
    assert not [said for said in ice.ui.notices if "/join" in said]
    assert not ice.session.unconfirmed_lost


def test_a_room_that_was_left_or_never_joined_is_not_rejoined() -> None:
    ice = joined("#dev", "#ops")
    ice.type("/leave #dev", "/join #art")
    ice.confirm(ice.sent[0][1])
    ice.refuse(ice.sent[1][1], "too-many-rooms")
    ice.reconnect()
    assert ice.commands == [JoinRoom("#ops")]


def test_the_current_room_is_the_same_after_a_reconnect() -> None:
    ice = joined("#dev", "#ops")
    ice.type("/room #dev")
    ice.reconnect()
    ice.type("hi")
    assert ice.commands[-1] == SendMessage("hi", "#dev")


def test_at_the_end_of_input_rooms_are_rejoined_before_the_last_lines() -> None:
    ice = joined("#dev")
    ice.session.offline()
    ice.type("bye")
    ice.session.end_of_input()
    assert ice.leave_calls == 0
    ice.session.online()
    assert ice.commands == [JoinRoom("#dev"), SendMessage("bye", "#dev")]
    for _, request_id in list(ice.sent):
        ice.confirm(request_id)
    assert ice.leave_calls == 1


@given(
    st.lists(st.sampled_from(["join #a", "leave #a", "join #b", "leave #b", "break"]), max_size=30)
)
def test_the_client_is_in_the_rooms_that_its_user_wanted_last(happenings: list[str]) -> None:
    """The server confirms everything at once, so nothing is ever unknown."""
    ice, wanted, there = SessionHarness(), set[str](), set[str]()
    for happens in happenings:
        verb, _, room = happens.partition(" ")
        if verb == "break":
            there.clear()
            ice.reconnect()
        elif (verb == "join") == (room in wanted):
            continue
        else:
            ice.type(f"/{happens}")
            (wanted.add if verb == "join" else wanted.remove)(room)
        for command, request_id in ice.sent:
            if isinstance(command, JoinRoom):
                there.add(command.room)
            elif isinstance(command, LeaveRoom):
                there.remove(command.room)
            ice.confirm(request_id)
        ice.clear()
        assert there == wanted


def test_after_a_lost_connection_it_sends_hello_then_joins_then_the_queued_lines() -> None:
    client = online()
    client.type("/join #dev")
    client.confirm(*client.sent())
    client.lose_connection()
    client.type("hi")
    client.advance(5)
    client.connect()
    client.welcome()
    assert client.sent_types() == ["hello", "join", "message"]


def test_lines_typed_after_a_join_before_the_welcome_go_to_that_room() -> None:
    client = ClientHarness()
    client.type("/join #dev", "hi")
    client.connect()
    client.welcome()
    _, join, message = client.sent()
    assert (join["type"], join["data"]["room"]) == ("join", "#dev")
    assert message["data"] == {"text": "hi", "room": "#dev"}
