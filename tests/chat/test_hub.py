"""The hub: slots, entering, leaving, renaming, messages, history, users (SPEC §4)."""

from collections.abc import Callable

import pytest

from chatd.chat import commands, events
from chatd.chat.commands import (
    Command,
    Enter,
    ListUsers,
    Ping,
    Quit,
    ReadHistory,
    Rename,
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
)
from chatd.chat.events import MemberEntered, MemberLeft, MemberRenamed, Message, Ok, User
from tests.fakes import STARTED, Chat


@pytest.fixture
def chat() -> Chat:
    return Chat()


def test_a_connection_takes_its_slot_before_it_has_a_nickname(chat: Chat) -> None:
    member = chat.seat()
    assert chat.hub.free_slots == 8
    assert chat.hub.nickname(member) == ""


def test_without_a_free_slot_nobody_gets_in_and_nobody_notices() -> None:
    chat = Chat(slots=2)
    ice = chat.enter("ice")
    chat.seat()
    with pytest.raises(Full):
        chat.seat(2)
    assert chat.hub.free_slots == 0
    assert chat.heard(ice) == []


def test_a_slot_is_free_again_after_its_member_left() -> None:
    chat = Chat(slots=1)
    chat.hub.remove_member(chat.seat(), "connection lost")
    chat.ask(chat.enter("ice"), Quit())
    assert chat.hub.free_slots == 1
    chat.enter("moon")


def test_a_number_is_never_used_again(chat: Chat) -> None:
    first = chat.enter("ice")
    chat.hub.remove_member(first, "quit")
    assert chat.enter("ice") != first


def test_who_enters_is_welcomed_into_the_lobby(chat: Chat) -> None:
    welcome = chat.ask(chat.seat(), Enter("ice"))
    assert welcome == events.Welcome("work", STARTED, "ice", ("#lobby",))


def test_the_others_are_told_who_enters(chat: Chat) -> None:
    ice = chat.enter("ice")
    moon = chat.enter("moon")
    assert chat.heard(ice) == [MemberEntered("moon")]
    assert chat.heard(moon) == []


def test_who_has_not_entered_hears_nothing_and_is_not_listed(chat: Chat) -> None:
    silent = chat.seat()
    ice = chat.enter("ice")
    chat.ask(ice, SendMessage("hello"))
    assert silent not in chat.outbox.heard
    assert [user.nickname for user in chat.users(ice)] == ["ice"]


def test_a_connection_that_never_entered_leaves_unnoticed(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.hub.remove_member(chat.seat(), "connection lost")
    assert chat.heard(ice) == []


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
def test_who_has_not_entered_can_do_nothing_else(chat: Chat, command: Command) -> None:
    with pytest.raises(NotRegistered):
        chat.ask(chat.seat(), command)


def test_who_has_not_entered_may_quit_and_nobody_notices(chat: Chat) -> None:
    ice = chat.enter("ice")
    free = chat.hub.free_slots
    assert chat.ask(chat.seat(), Quit()) == events.Goodbye("quit")
    assert chat.heard(ice) == []
    assert chat.hub.free_slots == free


def test_a_member_enters_once(chat: Chat) -> None:
    ice = chat.enter("ice")
    with pytest.raises(AlreadyRegistered):
        chat.ask(ice, Enter("ice"))


@pytest.mark.parametrize("reason", ["quit", "inactive", "connection lost", "too slow"])
def test_the_others_are_told_who_left_and_why(chat: Chat, reason: str) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.heard(ice)
    chat.hub.remove_member(moon, reason)
    assert chat.heard(ice) == [MemberLeft("moon", reason)]
    assert chat.hub.nickname(moon) == ""


def test_who_left_hears_nothing_more(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.hub.remove_member(moon, "inactive")
    chat.ask(ice, SendMessage("anybody?"))
    assert chat.heard(moon) == []


def test_leaving_twice_is_leaving_once(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.heard(ice)
    assert chat.ask(moon, Quit()) == events.Goodbye("quit")
    chat.hub.remove_member(moon, "connection lost")
    assert chat.heard(ice) == [MemberLeft("moon", "quit")]
    assert chat.hub.free_slots == 8


@pytest.mark.parametrize("wanted", ["ice", "ICE", "Ice", "\uff49ce", "i\uff23e"])
@pytest.mark.parametrize("command", [Enter, Rename])
def test_a_taken_nickname_is_refused(
    chat: Chat, command: Callable[[str], Command], wanted: str
) -> None:
    chat.enter("ice")
    member = chat.seat() if command is Enter else chat.enter("moon")
    with pytest.raises(NicknameTaken):
        chat.ask(member, command(wanted))


def test_a_nickname_is_free_again_when_its_member_left_or_is_renamed(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.hub.remove_member(ice, "quit")
    chat.ask(moon, Rename("ICE"))
    assert chat.hub.nickname(chat.enter("Moon")) == "Moon"


def test_a_refused_nickname_can_be_followed_by_another_one(chat: Chat) -> None:
    chat.enter("ice")
    member = chat.seat()
    with pytest.raises(NicknameTaken):
        chat.ask(member, Enter("ice"))
    assert chat.hub.nickname(member) == ""
    chat.ask(member, Enter("moon"))
    assert chat.hub.nickname(member) == "moon"


def test_a_nickname_is_shown_normalised(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.enter("\uff2doon")
    assert chat.heard(ice) == [MemberEntered("Moon")]


def test_renaming_is_told_to_everyone_as_the_doing_of_the_member(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.heard(ice)
    assert chat.ask(moon, Rename("sun")) == Ok()
    assert chat.heard(ice) == [MemberRenamed("moon", "sun")]
    assert chat.outbox.own[-1] == (moon, MemberRenamed("moon", "sun"))


def test_a_member_may_change_the_case_of_its_nickname(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.ask(moon, Rename("MOON"))
    assert chat.heard(ice)[-1] == MemberRenamed("moon", "MOON")


def test_renaming_to_the_same_nickname_is_done_without_a_word(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.heard(ice)
    assert chat.ask(moon, Rename("moon")) == Ok()
    assert chat.heard(ice) == []


def test_the_name_of_a_connection_belongs_to_that_connection_alone(chat: Chat) -> None:
    one, other = chat.seat(1), chat.seat(2)
    for command in (Enter("127.0.0.1:1"), Enter("127.0.0.1:3")):
        with pytest.raises(BadNickname):
            chat.ask(other, command)
    chat.ask(one, Enter("127.0.0.1:1"))
    chat.ask(one, Rename("ice"))
    chat.ask(other, Enter("moon"))
    with pytest.raises(BadNickname):
        chat.ask(other, Rename("127.0.0.1:1"))
    chat.ask(one, Rename("127.0.0.1:1"))
    assert chat.hub.nickname(one) == "127.0.0.1:1"


def test_a_message_goes_to_all_the_others(chat: Chat) -> None:
    ice, moon, sun = chat.enter("ice"), chat.enter("moon"), chat.enter("sun")
    for member in (ice, moon, sun):
        chat.heard(member)
    said = Message("#lobby", 1, chat.now + 1, "ice", "hello\n\tall")
    assert chat.ask(ice, SendMessage("hello\n\tall")) == Ok("#lobby", 1, said.time)
    assert chat.heard(moon) == chat.heard(sun) == [said]
    assert chat.heard(ice) == []


def test_messages_come_in_one_order_numbered_without_gaps(chat: Chat) -> None:
    ice, moon, sun = chat.enter("ice"), chat.enter("moon"), chat.enter("sun")
    chat.heard(sun)
    for number in range(3):
        chat.ask(ice, SendMessage(f"ice {number}"))
        chat.ask(moon, SendMessage(f"moon {number}"))
    heard = [event for event in chat.heard(sun) if isinstance(event, Message)]
    assert [said.seq for said in heard] == [1, 2, 3, 4, 5, 6]
    assert [said.text for said in heard][:3] == ["ice 0", "moon 0", "ice 1"]


@pytest.mark.parametrize("room", ["#lobby", "#LOBBY", "#l\uff4fbby"])
def test_a_room_is_named_in_any_case(chat: Chat, room: str) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.ask(moon, SendMessage("hello", room))
    assert chat.outbox.heard[ice][-1] == Message("#lobby", 1, chat.now, "moon", "hello")


def test_users_are_listed_with_when_they_came_and_their_rooms(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.enter("moon")
    chat.ask(ice, Rename("sun"))
    listed = (User("sun", STARTED + 1, ("#lobby",)), User("moon", STARTED + 2, ("#lobby",)))
    assert chat.ask(ice, ListUsers()) == events.Users(listed)
    assert chat.ask(ice, ListUsers("#Lobby")) == events.Users(listed, "#lobby")


def test_a_ping_is_answered_to_the_one_who_asked(chat: Chat) -> None:
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.heard(ice)
    assert chat.ask(moon, Ping()) == events.Pong()
    assert chat.heard(ice) == []


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
    (ListUsers("#nowhere"), NoSuchRoom),
    (ListUsers("#a b"), BadRoomName),
]


@pytest.mark.parametrize(("command", "refusal"), REFUSED)
def test_a_refused_command_leaves_no_trace(
    chat: Chat, command: commands.Command, refusal: type[Refusal]
) -> None:
    ice = chat.enter("ice")
    chat.enter("moon")
    chat.ask(ice, SendMessage("hello"))
    before = chat.state()
    with pytest.raises(refusal):
        chat.ask(ice, command)
    assert chat.state() == before
    assert chat.ask(ice, SendMessage("next")) == Ok("#lobby", 2, chat.now)
