"""Rooms that are read-only, slow, closed or keyed, or have a topic that stays."""

from typing import Any

import pytest

from chatd.chat import limits
from chatd.chat.commands import (
    Enter,
    JoinRoom,
    LeaveRoom,
    ReadTopic,
    SendMessage,
    SendToLobby,
    SessionKeys,
    SetTopic,
)
from chatd.chat.errors import AlreadyInRoom, BadText, NoSuchRoom, Refusal
from chatd.chat.events import JoinDone, Ok, Topic
from chatd.chat.moderation_errors import (
    Closed,
    NotAllowedHere,
    NotHost,
    ReadOnly,
    RoomFull,
    Slow,
    WrongKey,
)
from chatd.chat.moderation_events import Moderation, RoomSettings
from chatd.chat.order_commands import ChangeRoom, GrantHost, Kick, RemoveFound
from chatd.chat.outbox import MemberId
from tests.fakes import Chat


class Lesson(Chat):
    """Ana is a host, and ice has made #dev, where moon is as well; sun is in the lobby alone."""

    def __init__(self) -> None:
        super().__init__()
        self.ana, self.ice, self.moon, self.sun = map(self.enter, ("ana", "ice", "moon", "sun"))
        self.handle(self.ana, GrantHost())
        self.handle(self.ice, JoinRoom("#dev"))
        self.handle(self.moon, JoinRoom("#dev"))
        self.forget()

    def set(self, member: MemberId, room: str = "#dev", **settings: Any) -> None:
        self.handle(member, ChangeRoom(room, **settings))

    def say(self, member: MemberId, room: str = "#dev") -> Ok:
        reply = self.handle(member, SendMessage("hello", room))
        assert isinstance(reply, Ok)
        return reply

    def forget(self) -> None:
        """Begin anew to record what the members are sent."""
        for member in (self.ana, self.ice, self.moon, self.sun):
            self.received(member)

    def pass_time(self, seconds: float) -> None:
        self.now += round(1_000 * seconds)


@pytest.fixture
def lesson() -> Lesson:
    return Lesson()


@pytest.mark.parametrize(
    "settings",
    [
        {"read_only": True},
        {"slow": 10},
        {"closed": True},
        {"key": "sesame"},
        {"topic_locked": True},
        {"limit": 2},
    ],
    ids=lambda each: next(iter(each)),
)
def test_settings_are_for_hosts_and_operators_alone(
    lesson: Lesson, settings: dict[str, Any]
) -> None:
    for member in (lesson.moon, lesson.sun):
        with pytest.raises(NotHost, match="Only a host or an operator of #dev may do this"):
            lesson.set(member, **settings)
    lesson.set(lesson.ana, **settings)
    off = {name: type(value)() for name, value in settings.items()}
    lesson.set(lesson.ice, **off)


def test_the_members_of_a_room_hear_who_has_changed_what_and_how_it_is_now(lesson: Lesson) -> None:
    lesson.set(lesson.ice, slow=10, topic_locked=True)
    assert lesson.received(lesson.moon) == [
        Moderation("slow", "ice", room="#dev", value=10),
        Moderation("topic-lock", "ice", room="#dev", value=1),
        RoomSettings("#dev", slow=10, topic_locked=True),
    ]
    assert lesson.received(lesson.sun) == []


def test_a_setting_that_is_so_already_is_confirmed_to_who_asks_for_it_alone(
    lesson: Lesson,
) -> None:
    lesson.set(lesson.ice, slow=10)
    lesson.forget()
    lesson.set(lesson.ana, slow=10)
    lesson.set(lesson.ana, closed=False)
    lesson.set(lesson.ana)
    assert lesson.received(lesson.ana) == [
        Moderation("slow", "ana", room="#dev", value=10),
        Moderation("closed", "ana", room="#dev", value=0),
    ]
    assert lesson.received(lesson.ice) == lesson.received(lesson.moon) == []


def test_a_host_who_is_elsewhere_hears_what_it_has_done(lesson: Lesson) -> None:
    lesson.say(lesson.moon)
    lesson.forget()
    lesson.set(lesson.ana, read_only=True)
    removal = RemoveFound("#dev", 1, "moon", lesson.now)
    lesson.handle(lesson.ana, removal)
    lesson.handle(lesson.ana, Kick("moon", "#dev"))
    heard = [
        Moderation("read-only", "ana", room="#dev", value=1),
        Moderation("remove", "ana", "moon", "#dev", 1, time=removal.time),
        Moderation("kick", "ana", "moon", "#dev"),
    ]
    assert lesson.received(lesson.ana) == heard
    at_ice = [each for each in lesson.received(lesson.ice) if isinstance(each, Moderation)]
    assert at_ice == heard
    assert lesson.received(lesson.sun) == []


def test_the_word_of_a_room_is_in_no_event(lesson: Lesson) -> None:
    lesson.set(lesson.ice, key="sesame")
    lesson.set(lesson.ice, key="another")
    events = lesson.received(lesson.moon)
    assert [each for each in events if isinstance(each, Moderation)] == [
        Moderation("key", "ice", room="#dev", value=1)
    ] * 2
    assert "sesame" not in repr((events, lesson.hub.state()))


def test_who_joins_hears_the_settings_of_the_room(lesson: Lesson) -> None:
    lesson.handle(lesson.sun, JoinRoom("#dev"))
    assert not [each for each in lesson.received(lesson.sun) if isinstance(each, RoomSettings)]
    lesson.set(lesson.ice, read_only=True)
    lesson.handle(lesson.ana, JoinRoom("#dev"))
    assert lesson.received(lesson.ana) == [RoomSettings("#dev", read_only=True)]


# --- read-only ------------------------------------------------------------------------------------


def test_in_a_read_only_room_hosts_and_operators_write(lesson: Lesson) -> None:
    lesson.set(lesson.ice, read_only=True)
    with pytest.raises(ReadOnly, match="#dev is read-only"):
        lesson.say(lesson.moon)
    with pytest.raises(ReadOnly):
        lesson.handle(lesson.moon, SetTopic("#dev", "tea"))
    lesson.say(lesson.ice)
    lesson.handle(lesson.ana, JoinRoom("#dev"))
    lesson.say(lesson.ana)
    lesson.set(lesson.ice, read_only=False)
    lesson.say(lesson.moon)


def test_a_read_only_lobby_takes_nothing_from_those_who_are_not_in_it(lesson: Lesson) -> None:
    lesson.set(lesson.ana, "#lobby", read_only=True)
    lesson.handle(lesson.sun, LeaveRoom())
    with pytest.raises(ReadOnly):
        lesson.handle(lesson.sun, SendToLobby("hello"))
    assert lesson.users(lesson.sun)[-1].rooms == ()  # and so it has not joined either


# --- slow -----------------------------------------------------------------------------------------


def test_in_a_slow_room_members_wait_between_two_messages(lesson: Lesson) -> None:
    lesson.set(lesson.ice, slow=10)
    lesson.say(lesson.moon)
    lesson.pass_time(3)
    with pytest.raises(Slow, match="#dev is slow: you can write again in 7 s"):
        lesson.say(lesson.moon)
    lesson.pass_time(6.9)
    with pytest.raises(Slow, match="in 1 s"):
        lesson.say(lesson.moon)
    lesson.pass_time(0.1)
    lesson.say(lesson.moon)


def test_a_refused_message_does_not_make_the_wait_longer(lesson: Lesson) -> None:
    lesson.set(lesson.ice, slow=10)
    lesson.say(lesson.moon)
    for _ in range(5):
        lesson.pass_time(1.9)
        with pytest.raises(Slow):
            lesson.say(lesson.moon)
    lesson.pass_time(0.5)
    lesson.say(lesson.moon)


def test_hosts_and_operators_do_not_wait(lesson: Lesson) -> None:
    lesson.set(lesson.ice, slow=10)
    lesson.handle(lesson.ana, JoinRoom("#dev"))
    for member in (lesson.ana, lesson.ice) * 3:
        lesson.say(member)


def test_leaving_and_joining_does_not_make_a_slow_room_faster(lesson: Lesson) -> None:
    lesson.set(lesson.ice, slow=10)
    lesson.say(lesson.moon)
    lesson.handle(lesson.moon, LeaveRoom("#dev"))
    lesson.pass_time(5)
    lesson.handle(lesson.moon, JoinRoom("#dev"))
    lesson.pass_time(6)
    with pytest.raises(Slow):  # ten seconds after it has joined
        lesson.say(lesson.moon)
    lesson.pass_time(5)
    lesson.say(lesson.moon)


def test_coming_back_does_not_make_a_slow_room_faster(lesson: Lesson) -> None:
    """Neither on another connection at once, nor by entering again after a while."""
    member = lesson.reserve_slot(9)
    lesson.handle(member, Enter("star", keys=SessionKeys("a")))
    lesson.handle(member, JoinRoom("#dev"))
    lesson.set(lesson.ice, slow=60)
    lesson.say(member)
    again = lesson.reserve_slot(10)
    lesson.handle(again, Enter("star", keys=SessionKeys("b", "a")))
    with pytest.raises(Slow):
        lesson.say(again)
    lesson.hub.lose_connection(again, lesson.now)
    lesson.pass_time(20)
    lesson.hub.tick(lesson.now)
    last = lesson.reserve_slot(11)
    lesson.handle(last, Enter("star", keys=SessionKeys("c", "a")))
    with pytest.raises(Slow):
        lesson.say(last)
    lesson.pass_time(60)
    lesson.say(last)


def test_who_enters_a_slow_lobby_waits_as_well(lesson: Lesson) -> None:
    lesson.set(lesson.ana, "#lobby", slow=10)
    lesson.say(lesson.sun, "#lobby")
    mars = lesson.enter("mars")
    with pytest.raises(Slow):
        lesson.say(mars, "#lobby")
    lesson.handle(lesson.sun, LeaveRoom())
    with pytest.raises(Slow):
        lesson.handle(lesson.sun, SendToLobby("hello"))
    assert lesson.users(lesson.sun)[-2].rooms == ()
    lesson.pass_time(10)
    lesson.say(mars, "#lobby")


def test_off_means_that_nobody_waits_any_more(lesson: Lesson) -> None:
    lesson.set(lesson.ice, slow=10)
    lesson.say(lesson.moon)
    lesson.set(lesson.ice, slow=0)
    lesson.say(lesson.moon)
    lesson.say(lesson.moon)


@pytest.mark.parametrize("seconds", [-1, limits.SLOW_SECONDS + 1, 2**53])
def test_a_room_cannot_be_slower_than_the_limit(lesson: Lesson, seconds: int) -> None:
    with pytest.raises(BadText, match=f"1 to {limits.SLOW_SECONDS} seconds"):
        lesson.set(lesson.ice, slow=seconds, read_only=True)
    lesson.say(lesson.moon)


# --- closed ---------------------------------------------------------------------------------------


def test_nobody_joins_a_closed_room_but_hosts(lesson: Lesson) -> None:
    lesson.set(lesson.ice, closed=True)
    with pytest.raises(Closed, match="#dev is closed: nobody else may join it"):
        lesson.handle(lesson.sun, JoinRoom("#dev"))
    lesson.say(lesson.moon)
    assert lesson.handle(lesson.ana, JoinRoom("#dev")) == JoinDone("#dev", created=False)
    lesson.set(lesson.ana, closed=False)
    lesson.handle(lesson.sun, JoinRoom("#dev"))


@pytest.mark.parametrize(
    "settings", [{"closed": True}, {"key": "sesame"}, {"limit": 9}, {"private": True}]
)
def test_the_lobby_is_neither_closed_nor_keyed(lesson: Lesson, settings: Any) -> None:
    with pytest.raises(NotAllowedHere, match="Everybody enters the chat in #lobby"):
        lesson.set(lesson.ana, "#LOBBY", **settings)


# --- key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["", "Sesame", "sesame ", "sesame2", "\u017fesame", "\ud800"])
def test_joining_a_room_with_a_key_needs_the_very_word(lesson: Lesson, word: str) -> None:
    lesson.set(lesson.ice, key="sesame")
    for member in (lesson.sun, lesson.ana):  # hosts as well
        with pytest.raises(WrongKey, match="Joining #dev needs its word: /join #dev WORD") as told:
            lesson.handle(member, JoinRoom("#dev", word))
        assert str(told.value).startswith("That is not the word. ") == bool(word)
        lesson.handle(member, JoinRoom("#dev", "sesame"))


def test_who_is_in_it_needs_no_key(lesson: Lesson) -> None:
    lesson.set(lesson.ice, key="sesame")
    lesson.say(lesson.moon)
    with pytest.raises(AlreadyInRoom):
        lesson.handle(lesson.moon, JoinRoom("#dev", "wrong"))


def test_without_its_key_everybody_may_join_again(lesson: Lesson) -> None:
    lesson.set(lesson.ice, key="sesame")
    lesson.set(lesson.ice, key="")
    lesson.handle(lesson.sun, JoinRoom("#dev"))
    [settings] = [each for each in lesson.received(lesson.sun) if isinstance(each, RoomSettings)]
    assert (settings.keyed, settings.private) == (False, True)  # it stays private


def test_a_word_for_a_room_without_a_key_does_no_harm(lesson: Lesson) -> None:
    lesson.handle(lesson.sun, JoinRoom("#dev", "sesame"))


@pytest.mark.parametrize("word", ["two words", "tab\t", " ", "x" * (limits.KEY_CHARACTERS + 1)])
def test_a_key_is_one_word(lesson: Lesson, word: str) -> None:
    with pytest.raises(BadText, match="one word"):
        lesson.set(lesson.ice, key=word)
    lesson.handle(lesson.sun, JoinRoom("#dev"))


# --- topic ----------------------------------------------------------------------------------------


def test_a_locked_topic_is_set_by_hosts_and_operators_alone(lesson: Lesson) -> None:
    lesson.set(lesson.ice, topic_locked=True)
    with pytest.raises(NotHost):
        lesson.handle(lesson.moon, SetTopic("#dev", "cake"))
    lesson.say(lesson.moon)
    lesson.handle(lesson.ice, SetTopic("#dev", "tea"))
    topic = lesson.handle(lesson.moon, ReadTopic("#dev"))
    assert isinstance(topic, Topic)
    assert topic.text == "tea"


# --- the end --------------------------------------------------------------------------------------


def test_settings_end_with_the_room(lesson: Lesson) -> None:
    lesson.set(lesson.ice, read_only=True, slow=60, closed=True, key="sesame", topic_locked=True)
    for member in (lesson.ice, lesson.moon):
        lesson.handle(member, LeaveRoom("#dev"))
    assert lesson.handle(lesson.sun, JoinRoom("#dev")) == JoinDone("#dev", created=True)
    lesson.handle(lesson.moon, JoinRoom("#dev"))
    lesson.say(lesson.moon)


def test_a_refused_change_changes_nothing(lesson: Lesson) -> None:
    before = lesson.hub.state()
    for change in (
        ChangeRoom("#dev", slow=-1, closed=True),
        ChangeRoom("#dev", key="two words", closed=True),
        ChangeRoom("#lobby", key="sesame", slow=1),
    ):
        with pytest.raises(Refusal):
            lesson.handle(lesson.ana, change)
    assert lesson.hub.state() == before
    assert lesson.received(lesson.moon) == []


# --- limited, private, and open to what others write --------------------------------------------


def test_nobody_joins_a_full_room_but_hosts(lesson: Lesson) -> None:
    lesson.set(lesson.ice, limit=2)
    with pytest.raises(RoomFull, match="#dev is full"):
        lesson.handle(lesson.sun, JoinRoom("#dev"))
    lesson.handle(lesson.ana, JoinRoom("#dev"))
    lesson.set(lesson.ice, limit=1)
    lesson.say(lesson.moon)
    for member in (lesson.moon, lesson.ana):
        lesson.handle(member, LeaveRoom("#dev"))
    lesson.set(lesson.ice, limit=0)
    lesson.handle(lesson.sun, JoinRoom("#dev"))


@pytest.mark.parametrize("limit", [-1, limits.ROOM_MEMBERS + 1, 2**53])
def test_a_limit_is_a_number_of_members(lesson: Lesson, limit: int) -> None:
    with pytest.raises(BadText, match=f"1 to {limits.ROOM_MEMBERS} members"):
        lesson.set(lesson.ice, limit=limit)


def test_whoever_resumes_is_back_in_a_full_room(lesson: Lesson) -> None:
    star = lesson.hub.reserve_slot("10.0.0.9:1")
    lesson.handle(star, Enter("star", keys=SessionKeys(new="s")))
    lesson.handle(star, JoinRoom("#dev"))
    lesson.set(lesson.ice, limit=1)
    lesson.hub.remove_member(star, "too slow", lesson.now)
    lesson.handle(lesson.hub.reserve_slot("10.0.0.9:2"), Enter("x", keys=SessionKeys("t", "s")))
    assert "star" in [user.nickname for user in lesson.hub.users("#dev").users]


def test_a_room_is_private_from_when_its_operator_says_so_until_it_ends(lesson: Lesson) -> None:
    lesson.set(lesson.ice, private=True)
    assert Moderation("private", "ice", room="#dev", value=1) in lesson.received(lesson.moon)
    with pytest.raises(NoSuchRoom):
        lesson.hub.users("#dev")
    assert lesson.received(lesson.sun) == []
    with pytest.raises(NotAllowedHere, match="stays so until it ends"):
        lesson.set(lesson.ice, private=False)
    lesson.handle(lesson.sun, JoinRoom("#dev"))  # who is told its name needs no word
