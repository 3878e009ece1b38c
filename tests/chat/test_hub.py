"""The hub: slots, entering, leaving, renaming, messages, history, users."""

from collections.abc import Callable

import pytest

from chatd.chat import commands, events, limits
from chatd.chat.commands import (
    Command,
    Enter,
    JoinRoom,
    LeaveRoom,
    ListUsers,
    Ping,
    Quit,
    ReadHistory,
    Rename,
    Search,
    SendMessage,
)
from chatd.chat.errors import (
    AlreadyRegistered,
    BadNickname,
    BadRoomName,
    BadText,
    Full,
    NicknameTaken,
    NoSuchRoom,
    NotRegistered,
    Refusal,
    TooManyRooms,
)
from chatd.chat.events import JoinDone, MemberEntered, MemberLeft, MemberRenamed, Message, Ok, User
from tests.fakes import STARTED, Chat


@pytest.fixture
def chat() -> Chat:
    return Chat()


def test_a_connection_takes_its_slot_before_it_has_a_nickname(chat: Chat) -> None:
    member = chat.reserve_slot()
    assert chat.hub.free_slots() == 8
    assert chat.hub.nickname(member) == ""


def test_a_connection_without_a_free_slot_is_refused_unnoticed() -> None:
    chat = Chat(slots=2)
    ice = chat.enter("ice")
    chat.reserve_slot()
    with pytest.raises(Full):
        chat.reserve_slot(2)
    assert chat.hub.free_slots() == 0
    assert chat.received(ice) == []


def test_a_slot_is_free_again_after_its_member_left() -> None:
    chat = Chat(slots=1)
    chat.hub.remove_member(chat.reserve_slot(), "connection lost", 0)
    chat.handle(chat.enter("ice"), Quit())
    assert chat.hub.free_slots() == 1
    chat.enter("moon")


def test_a_member_id_is_never_used_again(chat: Chat) -> None:
    first = chat.enter("ice")
    chat.hub.remove_member(first, "quit", 0)
    assert chat.enter("ice") != first


def test_a_new_member_is_welcomed_into_the_lobby(chat: Chat) -> None:
    welcome = chat.handle(chat.reserve_slot(), Enter("ice"))
    assert welcome == events.Welcome("work", STARTED, "ice", ("#lobby",))


def test_entering_is_announced_to_the_others(chat: Chat) -> None:
    ice = chat.enter("ice")
    moon = chat.enter("moon")
    assert chat.received(ice) == [MemberEntered("moon")]
    assert chat.received(moon) == []


def test_a_connection_that_has_not_entered_receives_nothing_and_is_not_listed(chat: Chat) -> None:
    silent = chat.reserve_slot()
    ice = chat.enter("ice")
    chat.handle(ice, SendMessage("hello"))
    assert silent not in chat.outbox.received
    assert [user.nickname for user in chat.users(ice)] == ["ice"]


def test_a_connection_that_never_entered_leaves_unnoticed(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.hub.remove_member(chat.reserve_slot(), "connection lost", 0)
    assert chat.received(ice) == []


@pytest.mark.parametrize(
    "command",
    [
        SendMessage("hi"),
        Rename("ice"),
        ListUsers(),
        ReadHistory(),
        Ping(),
        commands.SendPrivate("hi", ("ice",)),
        commands.JoinRoom("#dev"),
        commands.LeaveRoom(),
        commands.ListRooms(),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_connection_that_has_not_entered_can_do_nothing_else(
    chat: Chat, command: Command
) -> None:
    with pytest.raises(NotRegistered):
        chat.handle(chat.reserve_slot(), command)


def test_a_connection_that_has_not_entered_quits_unnoticed(chat: Chat) -> None:
    ice = chat.enter("ice")
    free = chat.hub.free_slots()
    assert chat.handle(chat.reserve_slot(), Quit()) == events.Goodbye("quit")
    assert chat.received(ice) == []
    assert chat.hub.free_slots() == free


def test_a_member_enters_once(chat: Chat) -> None:
    ice = chat.enter("ice")
    with pytest.raises(AlreadyRegistered):
        chat.handle(ice, Enter("ice"))


@pytest.mark.parametrize("reason", ["quit", "inactive", "connection lost", "too slow"])
def test_leaving_is_announced_with_the_reason(chat: Chat, reason: str) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.received(ice)
    chat.hub.remove_member(moon, reason, 0)
    assert chat.received(ice) == [MemberLeft("moon", reason)]
    assert chat.hub.nickname(moon) == ""


def test_a_member_that_left_receives_nothing(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.hub.remove_member(moon, "inactive", 0)
    chat.handle(ice, SendMessage("anybody?"))
    assert chat.received(moon) == []


def test_a_member_leaves_once(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.received(ice)
    assert chat.handle(moon, Quit()) == events.Goodbye("quit")
    chat.hub.remove_member(moon, "connection lost", 0)
    assert chat.received(ice) == [MemberLeft("moon", "quit")]
    assert chat.hub.free_slots() == 8


@pytest.mark.parametrize("nickname", ["ice", "ICE", "Ice", "\uff49ce", "i\uff23e"])
@pytest.mark.parametrize("command", [Enter, Rename])
def test_a_taken_nickname_is_refused(
    chat: Chat, command: Callable[[str], Command], nickname: str
) -> None:
    chat.enter("ice")
    member = chat.reserve_slot() if command is Enter else chat.enter("moon")
    with pytest.raises(NicknameTaken):
        chat.handle(member, command(nickname))


def test_a_nickname_is_free_again_when_its_member_left_or_is_renamed(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.hub.remove_member(ice, "quit", 0)
    chat.handle(moon, Rename("ICE"))
    assert chat.hub.nickname(chat.enter("Moon")) == "Moon"


def test_a_refused_nickname_can_be_followed_by_another_one(chat: Chat) -> None:
    chat.enter("ice")
    member = chat.reserve_slot()
    with pytest.raises(NicknameTaken):
        chat.handle(member, Enter("ice"))
    assert chat.hub.nickname(member) == ""
    chat.handle(member, Enter("moon"))
    assert chat.hub.nickname(member) == "moon"


def test_a_nickname_is_shown_normalised(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.enter("\uff2doon")
    assert chat.received(ice) == [MemberEntered("Moon")]


def test_renaming_is_announced_with_its_origin(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.received(ice)
    assert chat.handle(moon, Rename("sun")) == Ok()
    assert chat.received(ice) == [MemberRenamed("moon", "sun")]
    assert chat.outbox.sent[-1] == (moon, MemberRenamed("moon", "sun"))


def test_a_member_may_change_the_case_of_its_nickname(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.handle(moon, Rename("MOON"))
    assert chat.received(ice)[-1] == MemberRenamed("moon", "MOON")


def test_renaming_to_the_same_nickname_is_not_announced(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.received(ice)
    assert chat.handle(moon, Rename("moon")) == Ok()
    assert chat.received(ice) == []


def test_only_the_connection_from_an_address_may_be_named_after_it(chat: Chat) -> None:
    one, other = chat.reserve_slot(1), chat.reserve_slot(2)
    for command in (Enter("127.0.0.1:1"), Enter("127.0.0.1:3")):
        with pytest.raises(BadNickname):
            chat.handle(other, command)
    chat.handle(one, Enter("127.0.0.1:1"))
    chat.handle(one, Rename("ice"))
    chat.handle(other, Enter("moon"))
    with pytest.raises(BadNickname):
        chat.handle(other, Rename("127.0.0.1:1"))
    chat.handle(one, Rename("127.0.0.1:1"))
    assert chat.hub.nickname(one) == "127.0.0.1:1"


def test_a_message_goes_to_all_the_others(chat: Chat) -> None:
    ice, moon, sun = chat.enter("ice"), chat.enter("moon"), chat.enter("sun")
    for member in (ice, moon, sun):
        chat.received(member)
    message = Message("#lobby", 1, chat.now + 1, "ice", "hello\n\tall")
    assert chat.handle(ice, SendMessage("hello\n\tall")) == Ok("#lobby", 1, message.time)
    assert chat.received(moon) == chat.received(sun) == [message]
    assert chat.received(ice) == []


def test_messages_have_one_order_and_no_gaps(chat: Chat) -> None:
    ice, moon, sun = chat.enter("ice"), chat.enter("moon"), chat.enter("sun")
    chat.received(sun)
    for number in range(3):
        chat.handle(ice, SendMessage(f"ice {number}"))
        chat.handle(moon, SendMessage(f"moon {number}"))
    messages = [event for event in chat.received(sun) if isinstance(event, Message)]
    assert [each.seq for each in messages] == [1, 2, 3, 4, 5, 6]
    assert [each.text for each in messages][:3] == ["ice 0", "moon 0", "ice 1"]


@pytest.mark.parametrize("room", ["#lobby", "#LOBBY", "#l\uff4fbby"])
def test_a_room_is_named_in_any_case(chat: Chat, room: str) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.handle(moon, SendMessage("hello", room))
    assert chat.outbox.received[ice][-1] == Message("#lobby", 1, chat.now, "moon", "hello")


def test_the_server_has_a_bounded_number_of_rooms_and_those_there_are_stay_open() -> None:
    chat = Chat(slots=limits.ROOMS)
    free = limits.ROOMS - 1  # the lobby is a room, too
    names = [f"#room-{number}" for number in range(free)]
    members = []
    for start in range(0, free, limits.JOINED_ROOMS - 1):
        members.append(chat.enter(f"member-{start}"))
        for name in names[start : start + limits.JOINED_ROOMS - 1]:
            chat.handle(members[-1], JoinRoom(name))
    latecomer = chat.enter("latecomer")
    with pytest.raises(TooManyRooms, match="The server may have at most 1024 rooms"):
        chat.handle(latecomer, JoinRoom("#one-more"))
    assert chat.handle(latecomer, JoinRoom("#ROOM-0")) == JoinDone("#room-0", created=False)
    chat.handle(members[-1], LeaveRoom(names[-1]))
    assert chat.handle(latecomer, JoinRoom("#one-more")) == JoinDone("#one-more", created=True)


def test_a_member_is_in_a_bounded_number_of_rooms(chat: Chat) -> None:
    ice = chat.enter("ice")
    for number in range(limits.JOINED_ROOMS - 1):
        chat.handle(ice, JoinRoom(f"#room-{number}"))
    with pytest.raises(TooManyRooms, match="You may be in at most 32 rooms"):
        chat.handle(ice, JoinRoom("#one-more"))


def test_users_are_listed_with_when_they_came_and_their_rooms(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.enter("moon")
    chat.handle(ice, Rename("sun"))
    listed = (User("sun", STARTED + 1, ("#lobby",)), User("moon", STARTED + 2, ("#lobby",)))
    assert chat.handle(ice, ListUsers()) == events.Users(listed)
    assert chat.handle(ice, ListUsers("#Lobby")) == events.Users(listed, "#lobby")


def test_a_ping_gets_a_pong_and_nobody_else_notices(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.received(ice)
    assert chat.handle(moon, Ping()) == events.Pong()
    assert chat.received(ice) == []


REFUSED: list[tuple[Command, type[Refusal]]] = [
    (Enter("sun"), AlreadyRegistered),
    (Rename("MOON"), NicknameTaken),
    (Rename(""), BadNickname),
    (Rename("a b"), BadNickname),
    (SendMessage(""), BadText),
    (SendMessage("\x1b[2J"), BadText),
    (SendMessage("x" * 4097), BadText),
    (SendMessage("hello", "#nowhere"), NoSuchRoom),
    (SendMessage("hello", "lobby"), BadRoomName),
    (ReadHistory("#nowhere"), NoSuchRoom),
    (ReadHistory(""), BadRoomName),
    (Search("tea", "tea"), BadRoomName),
    (ListUsers("#nowhere"), NoSuchRoom),
    (ListUsers("#a b"), BadRoomName),
]


@pytest.mark.parametrize(("command", "refusal"), REFUSED)
def test_a_refused_command_changes_nothing(
    chat: Chat, command: commands.Command, refusal: type[Refusal]
) -> None:
    ice = chat.enter("ice")
    chat.enter("moon")
    chat.handle(ice, SendMessage("hello"))
    before = chat.state()
    with pytest.raises(refusal):
        chat.handle(ice, command)
    assert chat.state() == before
    assert chat.handle(ice, SendMessage("next")) == Ok("#lobby", 2, chat.now)
