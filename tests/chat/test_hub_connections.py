"""Who has no slot: connections that are about to enter, and those that watch (SPEC §7)."""

from collections.abc import Callable

import pytest

from chatd.chat import commands, events, limits
from chatd.chat.commands import (
    Command,
    Enter,
    EnterAuthenticated,
    JoinRoom,
    ListRooms,
    ListUsers,
    Ping,
    Quit,
    ReadHistory,
    Rename,
    SendMessage,
    Watch,
)
from chatd.chat.errors import (
    AlreadyRegistered,
    Full,
    NicknameTaken,
    NotRegistered,
    PasswordRequired,
    Refusal,
    TooManyUnregistered,
    TooManyWatchers,
)
from chatd.chat.events import (
    MemberEntered,
    MemberLeft,
    MemberRenamed,
    Message,
    RoomJoined,
    RoomLeft,
    Watching,
)
from chatd.chat.outbox import MemberId
from tests.fakes import STARTED, Chat


@pytest.fixture
def chat() -> Chat:
    return Chat(slots=2)


def test_who_stands_or_watches_takes_no_slot_and_is_no_member(chat: Chat) -> None:
    chat.stand()
    chat.watch()
    assert chat.hub.free_slots == 2
    assert chat.hub.member_count == 0
    assert chat.hub.users().users == ()


def test_who_watches_is_told_which_server_it_is_and_what_it_accepts(chat: Chat) -> None:
    watcher = chat.stand()
    assert chat.ask(watcher, Watch()) == Watching("work", STARTED, events.Limits())
    assert chat.ask(watcher, Watch()) == Watching("work", STARTED), "twice is as good as once"


def test_a_watcher_hears_everything_public_and_nothing_private(chat: Chat) -> None:
    watcher = chat.watch()
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.ask(ice, JoinRoom("#dev"))
    chat.ask(ice, SendMessage("hello", "#dev"))
    chat.ask(ice, commands.SendPrivate("psst", ("moon",)))
    chat.ask(ice, commands.LeaveRoom("#dev"))
    chat.ask(ice, Rename("sun"))
    chat.hub.remove_member(moon, "quit")
    assert chat.heard(watcher) == [
        MemberEntered("ice"),
        MemberEntered("moon"),
        RoomJoined("#dev", "ice"),
        Message("#dev", 1, chat.now - 3, "ice", "hello"),
        RoomLeft("#dev", "ice"),
        MemberRenamed("ice", "sun"),
        MemberLeft("moon", "quit"),
    ]


def test_nobody_is_told_of_who_stands_or_watches(chat: Chat) -> None:
    ice = chat.enter("ice")
    for member in (chat.stand(), chat.watch()):
        chat.hub.remove_member(member, "connection lost")
        chat.hub.remove_member(member, "connection lost")
    assert chat.ask(chat.watch(), Quit()) == events.Goodbye("quit")
    assert chat.heard(ice) == []


def test_who_watched_hears_nothing_after_it_has_gone(chat: Chat) -> None:
    watcher = chat.watch()
    chat.hub.remove_member(watcher, "connection lost")
    chat.enter("ice")
    assert chat.heard(watcher) == []


@pytest.mark.parametrize("command", [ListUsers(), ListRooms(), ReadHistory(), Ping()])
def test_a_watcher_may_read_what_is_public(chat: Chat, command: Command) -> None:
    ice = chat.enter("ice")
    chat.ask(ice, SendMessage("hello"))
    assert chat.ask(chat.watch(), command) == chat.ask(ice, command)


@pytest.mark.parametrize(
    "command",
    [
        SendMessage("hi"),
        Rename("ice"),
        JoinRoom("#dev"),
        commands.LeaveRoom(),
        commands.SendPrivate("hi", ("ice",)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_watcher_can_neither_speak_nor_be_anywhere(chat: Chat, command: Command) -> None:
    with pytest.raises(NotRegistered):
        chat.ask(chat.watch(), command)


@pytest.mark.parametrize(
    "command", [ListUsers(), ListRooms(), ReadHistory(), Ping(), SendMessage("hi")]
)
def test_who_only_stands_can_do_nothing_but_enter_watch_and_quit(
    chat: Chat, command: Command
) -> None:
    with pytest.raises(NotRegistered):
        chat.ask(chat.stand(), command)


@pytest.mark.parametrize("enter", [Enter("ice"), EnterAuthenticated("ice")])
@pytest.mark.parametrize("come", [Chat.stand, Chat.watch])
def test_who_enters_takes_a_slot_and_hears_what_members_hear(
    chat: Chat, come: Callable[[Chat], MemberId], enter: Command
) -> None:
    guest, moon = come(chat), chat.enter("moon")
    assert chat.ask(guest, enter) == events.Welcome("work", STARTED, "ice", ("#lobby",))
    assert chat.hub.free_slots == 0
    assert chat.heard(moon) == [MemberEntered("ice")]
    chat.heard(guest)
    chat.ask(moon, JoinRoom("#dev"))
    chat.ask(moon, SendMessage("not for ice", "#dev"))
    chat.ask(moon, SendMessage("hello"))
    assert chat.heard(guest) == [Message("#lobby", 1, chat.now, "moon", "hello")]


@pytest.mark.parametrize("enter", [Enter("ice"), EnterAuthenticated("ice")])
@pytest.mark.parametrize("come", [Chat.stand, Chat.watch])
def test_without_a_free_slot_one_goes_on_as_before_and_may_enter_later(
    chat: Chat, come: Callable[[Chat], MemberId], enter: Command
) -> None:
    guest, moon = come(chat), chat.enter("moon")
    chat.enter("sun")
    with pytest.raises(Full) as refused:
        chat.ask(guest, enter)
    assert not refused.value.closes_connection
    chat.hub.remove_member(moon, "quit")
    assert isinstance(chat.ask(guest, enter), events.Welcome)


def test_nobody_is_asked_for_a_password_where_no_slot_is_free(chat: Chat) -> None:
    chat.hub.accounts = {"star": False}
    guest = chat.watch()
    with pytest.raises(PasswordRequired):
        chat.ask(guest, Enter("star"))
    chat.seat()
    chat.seat()
    with pytest.raises(Full):
        chat.ask(guest, Enter("star"))


def test_a_watcher_whose_nickname_is_taken_goes_on_watching(chat: Chat) -> None:
    ice, watcher = chat.enter("ice"), chat.watch()
    with pytest.raises(NicknameTaken):
        chat.ask(watcher, Enter("ICE"))
    assert chat.hub.free_slots == 1
    chat.ask(ice, SendMessage("hello"))
    assert [type(event) for event in chat.heard(watcher)] == [Message]


def test_who_has_a_slot_and_watches_instead_gives_it_back(chat: Chat) -> None:
    member = chat.seat()
    chat.ask(member, Watch())
    assert chat.hub.free_slots == 2
    chat.hub.remove_member(member, "connection lost")
    assert chat.hub.free_slots == 2


def test_a_member_watches_no_more(chat: Chat) -> None:
    ice = chat.enter("ice")
    with pytest.raises(AlreadyRegistered):
        chat.ask(ice, Watch())
    assert chat.hub.free_slots == 1


def test_so_many_may_stand_and_more_are_refused(chat: Chat) -> None:
    standing = [chat.stand() for _ in range(limits.UNREGISTERED_CONNECTIONS)]
    with pytest.raises(TooManyUnregistered):
        chat.stand()
    chat.ask(standing[0], Watch())
    chat.ask(standing[1], Enter("ice"))
    chat.hub.remove_member(standing[2], "connection lost")
    for _ in range(3):
        chat.stand()
    with pytest.raises(TooManyUnregistered):
        chat.stand()


def test_so_many_may_watch_and_more_are_refused_without_a_trace(chat: Chat) -> None:
    watchers = [chat.watch() for _ in range(limits.WATCHERS)]
    seated = chat.seat()
    for one_too_many in (chat.stand(), seated):
        with pytest.raises(TooManyWatchers):
            chat.ask(one_too_many, Watch())
    assert chat.hub.free_slots == 1
    chat.ask(watchers[0], Watch())
    chat.hub.remove_member(watchers[0], "connection lost")
    chat.ask(seated, Watch())
    assert chat.hub.free_slots == 2


def test_the_end_of_the_server_is_the_end_for_all_of_them(chat: Chat) -> None:
    members = [chat.stand(), chat.watch(), chat.seat(), chat.enter("ice")]
    chat.hub.clear()
    assert chat.hub.free_slots == 2
    assert not chat.outbox.everyone
    for member in members:
        chat.hub.remove_member(member, "server is stopping")
    assert chat.hub.member_count == 0


def test_what_is_public_can_be_read_by_whoever_serves_it(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.ask(ice, JoinRoom("#dev"))
    chat.ask(ice, SendMessage("hello", "#dev"))
    user = events.User("ice", STARTED + 1, ("#lobby", "#dev"))
    assert chat.hub.users() == events.Users((user,))
    assert chat.hub.users("#DEV") == events.Users((user,), "#dev")
    assert chat.hub.rooms().rooms == (events.RoomEntry("#lobby", 1), events.RoomEntry("#dev", 1))
    read = chat.hub.read_history("#Dev", 10)
    assert [said.text for said in read.messages] == ["hello"]
    assert chat.hub.read_history("#dev", 10, before=1).messages == ()
    for ask in (chat.hub.users, lambda room: chat.hub.read_history(room, 1)):
        with pytest.raises(Refusal):
            ask("#nowhere")
