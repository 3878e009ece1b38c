"""A room that has had a key is for its members alone, until it ends."""

from collections.abc import Callable
from typing import Any

import pytest

from chatd.chat import limits
from chatd.chat.commands import (
    Command,
    Enter,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    ListUsers,
    ReadHistory,
    ReadTopic,
    Search,
    SendMessage,
    SendPrivate,
    SessionKeys,
    SetTopic,
    WhoIs,
)
from chatd.chat.errors import NoSuchRoom, Refusal
from chatd.chat.events import History, Message, Resumed, RoomJoined
from chatd.chat.moderation_errors import WrongKey
from chatd.chat.order_commands import ChangeRoom, GrantHost, RemoveFound
from chatd.chat.outbox import MemberId
from tests.fakes import Chat


class Circle(Chat):
    """Ice has made #secret, where moon is as well; sun, a host, and a watcher are not in it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.ice, self.sun = map(self.enter, ("ice", "sun"))
        self.moon = self.enter_with("moon", "digest of moon")
        self.watcher = self.watch()
        self.handle(self.sun, GrantHost())
        for member in (self.ice, self.moon):
            self.handle(member, JoinRoom("#secret"))
        self.handle(self.ice, SendMessage("said before", "#secret"))
        self.handle(self.ice, SetTopic("#secret", "our tea"))
        self.handle(self.ice, ChangeRoom("#secret", key="sesame"))
        self.forget()

    def enter_with(self, nickname: str, new: str, resumed: str = "") -> MemberId:
        member = self.reserve_slot(50_100 + self.now)
        self.handle(member, Enter(nickname, keys=SessionKeys(new, resumed)))
        return member

    def forget(self) -> None:
        for member in (self.ice, self.moon, self.sun, self.watcher):
            self.received(member)


@pytest.fixture
def circle() -> Circle:
    return Circle()


def ask(circle: Circle, member: MemberId, command: Command) -> str:
    """All that a member learns by a command, except for the name of the room that it has given."""
    try:
        answer: Any = circle.handle(member, command)
    except Refusal as refusal:
        answer = (type(refusal), str(refusal))
    return repr((answer, circle.received(member)))


#: Each way to learn of a room, but for joining it.
QUESTIONS: dict[str, Callable[[str], Command]] = {
    "users of the room": ListUsers,
    "history": ReadHistory,
    "topic": ReadTopic,
    "set topic": lambda room: SetTopic(room, "tea"),
    "leave": LeaveRoom,
    "message": lambda room: SendMessage("hello", room),
    "set room": lambda room: ChangeRoom(room, closed=True),
    "remove": lambda room: RemoveFound(room, 1, "ice", 0),
    "search": lambda room: Search("tea", room),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("who", ["sun", "watcher"])
def test_others_are_answered_as_if_there_were_no_such_room(
    circle: Circle, question: str, who: str
) -> None:
    """Hosts are, too, unless they have joined it with its word."""
    member = getattr(circle, who)
    about_it = ask(circle, member, QUESTIONS[question]("#secret"))
    assert about_it == ask(circle, member, QUESTIONS[question]("#nobody")).replace(
        "#nobody", "#secret"
    )


@pytest.mark.parametrize("command", [ListRooms(), ListUsers(), WhoIs("ice")], ids=repr)
def test_no_list_has_it_for_others(circle: Circle, command: Command) -> None:
    for member in (circle.sun, circle.watcher):
        assert "#secret" not in ask(circle, member, command)
    assert "#secret" in ask(circle, circle.moon, command)
    circle.handle(circle.sun, JoinRoom("#secret", "sesame"))
    assert "#secret" in ask(circle, circle.sun, command)


def test_nobody_has_to_be_a_member_to_read_what_is_public(circle: Circle) -> None:
    hub = circle.hub
    assert [each.room for each in hub.rooms().rooms] == ["#lobby"]
    assert all("#secret" not in each.rooms for each in hub.users().users)
    for read in (hub.users, lambda room: hub.read_history(room, 9)):
        with pytest.raises(NoSuchRoom):
            read("#Secret")


def test_what_happens_there_is_for_its_members_alone(circle: Circle) -> None:
    mars = circle.enter("mars")
    circle.forget()
    circle.handle(circle.ice, SendMessage("tea for two", "#secret"))
    circle.handle(circle.ice, SetTopic("#secret", "cake"))
    circle.handle(circle.ice, ChangeRoom("#secret", slow=1))
    circle.handle(mars, JoinRoom("#secret", "sesame"))
    circle.handle(mars, LeaveRoom("#secret"))
    circle.handle(circle.ice, RemoveFound("#secret", 1, "ice", circle.now))
    assert circle.received(circle.sun) == []
    assert circle.received(circle.watcher) == []
    assert len(circle.received(circle.moon)) == 7


def test_it_stays_private_without_its_key(circle: Circle) -> None:
    circle.handle(circle.ice, ChangeRoom("#secret", key=""))
    circle.handle(circle.ice, SendMessage("still among us", "#secret"))
    assert circle.received(circle.watcher) == circle.received(circle.sun) == []
    assert "#secret" not in ask(circle, circle.sun, ListRooms())
    circle.handle(circle.sun, JoinRoom("#secret"))
    assert "still among us" in ask(circle, circle.sun, ReadHistory("#secret"))


def test_a_new_member_reads_what_was_said_before(circle: Circle) -> None:
    circle.handle(circle.sun, JoinRoom("#secret", "sesame"))
    assert "said before" in ask(circle, circle.sun, ReadHistory("#secret"))


def test_who_has_left_it_hears_and_reads_nothing_more(circle: Circle) -> None:
    circle.handle(circle.moon, LeaveRoom("#secret"))
    circle.forget()
    circle.handle(circle.ice, SendMessage("she is gone", "#secret"))
    assert circle.received(circle.moon) == []
    with pytest.raises(NoSuchRoom):
        circle.handle(circle.moon, ReadHistory("#secret"))
    with pytest.raises(WrongKey):
        circle.handle(circle.moon, JoinRoom("#secret"))


def test_who_makes_a_room_of_that_name_later_learns_nothing(circle: Circle) -> None:
    for member in (circle.ice, circle.moon):
        circle.handle(member, LeaveRoom("#secret"))
    assert "created=True" in ask(circle, circle.sun, JoinRoom("#secret"))
    for command in (ReadHistory("#secret"), ReadTopic("#secret"), ListUsers("#secret")):
        answer = ask(circle, circle.sun, command)
        assert not [word for word in ("said before", "tea", "moon") if word in answer]
    assert circle.hub.archived.readable_lives(circle.sun) == frozenset()
    assert "#secret" in ask(circle, circle.watcher, ListRooms())  # which is a public one


# --- coming back ----------------------------------------------------------------------------------


def test_a_member_that_resumes_is_in_it_again_and_needs_no_word(circle: Circle) -> None:
    circle.handle(circle.ice, ChangeRoom("#secret", closed=True, key="another"))
    circle.hub.lose_connection(circle.moon, circle.now)
    again = circle.enter_with("moon", "new", "digest of moon")
    circle.hub.lose_connection(again, circle.now)
    circle.now += 20_000
    circle.hub.tick(circle.now)  # it has left now, and enters again
    member = circle.reserve_slot()
    resumed = circle.handle(member, Enter("moon", keys=SessionKeys("new 2", "digest of moon")))
    assert isinstance(resumed, Resumed)
    assert resumed.welcome.rooms == ("#lobby", "#secret")
    page = circle.hub.read_missed(member, {}, ())
    assert page.is_complete
    circle.forget()
    circle.handle(circle.ice, SendMessage("welcome back", "#secret"))
    assert [each.text for each in circle.received(member) if isinstance(each, Message)] == [
        "welcome back"
    ]
    assert circle.received(circle.watcher) == []


@pytest.mark.parametrize("is_made_again", [False, True])
def test_a_member_that_resumes_is_in_no_other_room_of_that_name(
    circle: Circle, is_made_again: bool
) -> None:
    """Otherwise it would say in public what it means for those who knew the word."""
    circle.hub.lose_connection(circle.moon, circle.now)
    circle.now += 20_000
    circle.hub.tick(circle.now)
    circle.handle(circle.ice, LeaveRoom("#secret"))
    if is_made_again:
        circle.handle(circle.sun, JoinRoom("#secret"))
    member = circle.reserve_slot()
    resumed = circle.handle(member, Enter("moon", keys=SessionKeys("new", "digest of moon")))
    assert isinstance(resumed, Resumed)
    assert resumed.welcome.rooms == ("#lobby",)
    assert not [each for each in circle.received(circle.sun) if isinstance(each, RoomJoined)]


@pytest.mark.parametrize("settings", [{"key": "sesame"}, {"closed": True}])
def test_a_member_that_resumes_does_not_get_into_a_new_room_without_being_let_in(
    circle: Circle, settings: Any
) -> None:
    circle.handle(circle.moon, JoinRoom("#dev"))
    circle.hub.lose_connection(circle.moon, circle.now)
    circle.now += 20_000
    circle.hub.tick(circle.now)
    circle.hub.tick(circle.now + 61_000)  # nobody else was in #dev, so it has ended
    circle.handle(circle.ice, JoinRoom("#dev"))
    circle.handle(circle.ice, ChangeRoom("#dev", **settings))
    member = circle.reserve_slot()
    resumed = circle.handle(member, Enter("moon", keys=SessionKeys("new", "digest of moon")))
    assert isinstance(resumed, Resumed)
    assert "#dev" not in resumed.welcome.rooms


# --- the state ------------------------------------------------------------------------------------


def test_a_restored_chat_keeps_its_private_rooms_private(circle: Circle) -> None:
    circle.handle(circle.ice, ChangeRoom("#secret", slow=60))
    circle.handle(circle.moon, SendMessage("slowly", "#secret"))
    other = Chat()
    other.hub.restore(circle.hub.state())
    assert other.hub.state() == circle.hub.state()
    other.now = circle.now
    for member in (circle.ice, circle.moon, circle.sun):
        other.outbox.add_member(member)
    other.outbox.add_watcher(circle.watcher)
    for member in (circle.ice, circle.moon):
        other.outbox.join_room(member, "#secret")
    other.handle(circle.ice, SendMessage("after the restart", "#secret"))
    assert other.received(circle.watcher) == other.received(circle.sun) == []
    with pytest.raises(Refusal, match="#secret is slow"):
        other.handle(circle.moon, SendMessage("at once", "#secret"))
    with pytest.raises(WrongKey):
        other.handle(circle.sun, JoinRoom("#secret", "wrong"))
    other.handle(circle.sun, JoinRoom("#secret", "sesame"))


def test_private_messages_are_as_they_were(circle: Circle) -> None:
    circle.handle(circle.ice, SendPrivate("psst", ("sun",)))
    assert len(circle.received(circle.sun)) == 1


def test_a_history_is_that_of_the_room_alone(circle: Circle) -> None:
    reply = circle.handle(circle.moon, ReadHistory("#SECRET"))
    assert isinstance(reply, History)
    assert [each.text for each in reply.messages] == ["said before"]


def test_a_room_stays_private_however_many_others_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PRIVATE_ROOMS", 2)
    circle = Circle()
    for number in range(5):
        circle.handle(circle.sun, JoinRoom(f"#other{number}"))
        circle.handle(circle.sun, ChangeRoom(f"#other{number}", key="sesame"))
        circle.handle(circle.sun, LeaveRoom(f"#other{number}"))
    names = [name for _, name in circle.hub.state().private_lives]
    assert names == ["#secret", "#other2", "#other3", "#other4"]
