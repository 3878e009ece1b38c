"""Connections without a slot: unregistered ones, and watchers."""

from collections.abc import Callable

import pytest

from chatd.chat import commands, events, limits, server_events
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
    Search,
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


def test_unregistered_connections_and_watchers_take_no_slot(chat: Chat) -> None:
    chat.connect()
    chat.watch()
    assert chat.hub.free_slots() == 2
    assert chat.hub.member_count == 0
    assert chat.hub.users().users == ()


def test_a_watcher_learns_the_servers_id_and_limits(chat: Chat) -> None:
    watcher = chat.connect()
    assert chat.handle(watcher, Watch()) == Watching("work", STARTED, server_events.Limits())
    assert chat.handle(watcher, Watch()) == Watching("work", STARTED), (
        "a second time changes nothing"
    )


def test_a_watcher_receives_everything_public_and_nothing_private(chat: Chat) -> None:
    watcher = chat.watch()
    ice, moon = chat.enter("ice"), chat.enter("moon")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(ice, SendMessage("hello", "#dev"))
    chat.handle(ice, commands.SendPrivate("psst", ("moon",)))
    chat.handle(ice, commands.LeaveRoom("#dev"))
    chat.handle(ice, Rename("sun"))
    chat.hub.remove_member(moon, "quit", 0)
    assert chat.received(watcher) == [
        MemberEntered("ice"),
        MemberEntered("moon"),
        RoomJoined("#dev", "ice"),
        Message("#dev", 1, chat.now - 3, "ice", "hello"),
        RoomLeft("#dev", "ice"),
        MemberRenamed("ice", "sun"),
        MemberLeft("moon", "quit"),
    ]


def test_unregistered_connections_and_watchers_are_not_announced(chat: Chat) -> None:
    ice = chat.enter("ice")
    for member in (chat.connect(), chat.watch()):
        chat.hub.remove_member(member, "connection lost", 0)
        chat.hub.remove_member(member, "connection lost", 0)
    assert chat.handle(chat.watch(), Quit()) == events.Goodbye("quit")
    assert chat.received(ice) == []


def test_a_watcher_that_left_receives_nothing(chat: Chat) -> None:
    watcher = chat.watch()
    chat.hub.remove_member(watcher, "connection lost", 0)
    chat.enter("ice")
    assert chat.received(watcher) == []


@pytest.mark.parametrize(
    "command", [ListUsers(), ListRooms(), ReadHistory(), Search("tea"), Ping()]
)
def test_a_watcher_may_read_what_is_public(chat: Chat, command: Command) -> None:
    ice = chat.enter("ice")
    chat.handle(ice, SendMessage("hello"))
    assert chat.handle(chat.watch(), command) == chat.handle(ice, command)


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
def test_a_watcher_can_neither_send_nor_join(chat: Chat, command: Command) -> None:
    with pytest.raises(NotRegistered):
        chat.handle(chat.watch(), command)


@pytest.mark.parametrize(
    "command", [ListUsers(), ListRooms(), ReadHistory(), Search("tea"), Ping(), SendMessage("hi")]
)
def test_an_unregistered_connection_can_only_enter_watch_and_quit(
    chat: Chat, command: Command
) -> None:
    with pytest.raises(NotRegistered):
        chat.handle(chat.connect(), command)


@pytest.mark.parametrize("enter", [Enter("ice"), EnterAuthenticated("ice")])
@pytest.mark.parametrize("connect", [Chat.connect, Chat.watch])
def test_entering_takes_a_slot_and_receives_what_members_receive(
    chat: Chat, connect: Callable[[Chat], MemberId], enter: Command
) -> None:
    guest, moon = connect(chat), chat.enter("moon")
    assert chat.handle(guest, enter) == events.Welcome("work", STARTED, "ice", ("#lobby",))
    assert chat.hub.free_slots() == 0
    assert chat.received(moon) == [MemberEntered("ice")]
    chat.received(guest)
    chat.handle(moon, JoinRoom("#dev"))
    chat.handle(moon, SendMessage("not for ice", "#dev"))
    chat.handle(moon, SendMessage("hello"))
    assert chat.received(guest) == [Message("#lobby", 1, chat.now, "moon", "hello")]


@pytest.mark.parametrize("enter", [Enter("ice"), EnterAuthenticated("ice")])
@pytest.mark.parametrize("connect", [Chat.connect, Chat.watch])
def test_entering_a_full_server_is_refused_and_can_be_tried_again(
    chat: Chat, connect: Callable[[Chat], MemberId], enter: Command
) -> None:
    guest, moon = connect(chat), chat.enter("moon")
    chat.enter("sun")
    with pytest.raises(Full) as refused:
        chat.handle(guest, enter)
    assert not refused.value.closes_connection
    chat.hub.remove_member(moon, "quit", 0)
    assert isinstance(chat.handle(guest, enter), events.Welcome)


def test_a_full_server_asks_for_no_password(chat: Chat) -> None:
    chat.hub.accounts = {"star": False}
    guest = chat.watch()
    with pytest.raises(PasswordRequired):
        chat.handle(guest, Enter("star"))
    chat.reserve_slot()
    chat.reserve_slot()
    with pytest.raises(Full):
        chat.handle(guest, Enter("star"))


def test_a_watcher_whose_nickname_is_taken_stays_a_watcher(chat: Chat) -> None:
    ice, watcher = chat.enter("ice"), chat.watch()
    with pytest.raises(NicknameTaken):
        chat.handle(watcher, Enter("ICE"))
    assert chat.hub.free_slots() == 1
    chat.handle(ice, SendMessage("hello"))
    assert [type(event) for event in chat.received(watcher)] == [Message]


def test_watching_gives_a_slot_back(chat: Chat) -> None:
    member = chat.reserve_slot()
    chat.handle(member, Watch())
    assert chat.hub.free_slots() == 2
    chat.hub.remove_member(member, "connection lost", 0)
    assert chat.hub.free_slots() == 2


def test_a_member_cannot_watch(chat: Chat) -> None:
    ice = chat.enter("ice")
    with pytest.raises(AlreadyRegistered):
        chat.handle(ice, Watch())
    assert chat.hub.free_slots() == 1


def test_unregistered_connections_over_the_limit_are_refused(chat: Chat) -> None:
    unregistered = [chat.connect() for _ in range(limits.UNREGISTERED_CONNECTIONS)]
    with pytest.raises(TooManyUnregistered):
        chat.connect()
    chat.handle(unregistered[0], Watch())
    chat.handle(unregistered[1], Enter("ice"))
    chat.hub.remove_member(unregistered[2], "connection lost", 0)
    for _ in range(3):
        chat.connect()
    with pytest.raises(TooManyUnregistered):
        chat.connect()


def test_watchers_over_the_limit_are_refused(chat: Chat) -> None:
    watchers = [chat.watch() for _ in range(limits.WATCHERS)]
    with_slot = chat.reserve_slot()
    for connection in (chat.connect(), with_slot):
        with pytest.raises(TooManyWatchers):
            chat.handle(connection, Watch())
    assert chat.hub.free_slots() == 1
    chat.handle(watchers[0], Watch())
    chat.hub.remove_member(watchers[0], "connection lost", 0)
    chat.handle(with_slot, Watch())
    assert chat.hub.free_slots() == 2


def test_clearing_the_hub_removes_every_connection(chat: Chat) -> None:
    members = [chat.connect(), chat.watch(), chat.reserve_slot(), chat.enter("ice")]
    chat.hub.clear(0)
    assert chat.hub.free_slots() == 2
    assert not chat.outbox.recipients
    for member in members:
        chat.hub.remove_member(member, "server is stopping", 0)
    assert chat.hub.member_count == 0


def test_users_rooms_and_history_can_be_read_without_a_connection(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(ice, SendMessage("hello", "#dev"))
    user = events.User("ice", STARTED + 1, ("#lobby", "#dev"), operator=("#dev",))
    assert chat.hub.users() == events.Users((user,))
    assert chat.hub.users("#DEV") == events.Users((user,), "#dev")
    assert chat.hub.rooms().rooms == (events.RoomEntry("#lobby", 1), events.RoomEntry("#dev", 1))
    history = chat.hub.read_history("#Dev", 10)
    assert [message.text for message in history.messages] == ["hello"]
    assert chat.hub.read_history("#dev", 10, before=1).messages == ()
    for read in (chat.hub.users, lambda room: chat.hub.read_history(room, 1)):
        with pytest.raises(Refusal):
            read("#nowhere")
