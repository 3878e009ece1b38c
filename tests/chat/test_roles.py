"""Operators and voiced members of rooms: who has a role, who gives it, and that no room is lost."""

from typing import Literal

import pytest

from chatd.chat.commands import (
    Enter,
    JoinRoom,
    LeaveRoom,
    SendMessage,
    SessionKeys,
    SetTopic,
    WhoIs,
)
from chatd.chat.errors import NoSuchRoom, NoSuchUser, Refusal
from chatd.chat.events import UserInfo
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.moderation_errors import NotAllowedHere, NotHost, ReadOnly, UserNotInRoom
from chatd.chat.moderation_events import Moderation
from chatd.chat.order_commands import ChangeRoom, GrantHost, Kick, SetRole
from chatd.chat.outbox import MemberId
from tests.fakes import Chat, RecordingOutbox


class Workshop(Chat):
    """Ana is a host, and ice has made #dev, where moon is as well; sun is in the lobby alone."""

    def __init__(self) -> None:
        super().__init__()
        self.ana, self.ice, self.moon, self.sun = map(self.enter, ("ana", "ice", "moon", "sun"))
        self.handle(self.ana, GrantHost())
        self.handle(self.ice, JoinRoom("#dev"))
        self.handle(self.moon, JoinRoom("#dev"))
        for member in (self.ana, self.ice, self.moon, self.sun):
            self.received(member)

    def op(
        self, member: MemberId, nickname: str, room: str = "#dev", *, given: bool = True
    ) -> None:
        self.handle(member, SetRole(nickname, room, "operator", given))

    def voice(self, member: MemberId, nickname: str, *, given: bool = True) -> None:
        self.handle(member, SetRole(nickname, "#dev", "voice", given))

    def roles(self, nickname: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The rooms that a member is an operator of, and those in which it has a voice."""
        info = self.handle(self.moon, WhoIs(nickname))
        assert isinstance(info, UserInfo)
        return info.operator, info.voice


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


def test_an_operator_makes_another_one_and_the_room_is_told(workshop: Workshop) -> None:
    workshop.op(workshop.ice, "moon")
    told = [Moderation("operator", "ice", "moon", "#dev")]
    assert workshop.received(workshop.moon) == told
    assert workshop.received(workshop.sun) == []
    assert workshop.roles("moon") == (("#dev",), ())
    workshop.op(workshop.moon, "ice", given=False)
    assert workshop.roles("ice") == ((), ())
    assert workshop.received(workshop.ice) == [Moderation("unoperator", "moon", "ice", "#dev")]


@pytest.mark.parametrize("role", ["operator", "voice"])
@pytest.mark.parametrize("given", [True, False])
def test_only_hosts_and_operators_give_and_take_roles(
    workshop: Workshop, role: Literal["operator", "voice"], given: bool
) -> None:
    for member in (workshop.moon, workshop.sun):
        with pytest.raises(NotHost):
            workshop.handle(member, SetRole("moon", "#dev", role, given))
    workshop.handle(workshop.ana, SetRole("moon", "#dev", role, given))


def test_a_role_that_a_member_has_is_confirmed_to_who_gives_it_alone(workshop: Workshop) -> None:
    workshop.voice(workshop.ice, "moon")
    workshop.received(workshop.moon)
    workshop.voice(workshop.ice, "moon")
    assert workshop.received(workshop.moon) == []
    assert workshop.received(workshop.ice) == [Moderation("voice", "ice", "moon", "#dev")]


@pytest.mark.parametrize(
    ("nickname", "room", "refusal"),
    [
        ("sun", "#dev", UserNotInRoom),
        ("nobody", "#dev", NoSuchUser),
        ("moon", "#tea", NoSuchRoom),
        ("moon", "#lobby", NotAllowedHere),
    ],
)
def test_only_a_member_of_a_room_can_be_its_operator(
    workshop: Workshop, nickname: str, room: str, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        workshop.op(workshop.ana, nickname, room)


def test_a_host_stays_an_operator_of_every_room(workshop: Workshop) -> None:
    workshop.handle(workshop.ana, JoinRoom("#dev"))
    with pytest.raises(NotAllowedHere, match="ana is a host"):
        workshop.op(workshop.ice, "ana", given=False)


# --- whoever has made a room does not lose it to nobody -----------------------------------------


def test_whoever_has_made_a_room_takes_it_back_after_a_slip(workshop: Workshop) -> None:
    workshop.op(workshop.ice, "ice", given=False)
    with pytest.raises(NotHost):
        workshop.op(workshop.ice, "moon")
    with pytest.raises(NotHost):
        workshop.op(workshop.moon, "moon")
    workshop.op(workshop.ice, "ice")
    assert workshop.roles("ice") == (("#dev",), ())


def test_whoever_has_made_a_room_takes_it_back_from_another_operator(workshop: Workshop) -> None:
    workshop.op(workshop.ice, "moon")
    workshop.op(workshop.moon, "ice", given=False)
    workshop.op(workshop.ice, "ice")
    workshop.op(workshop.ice, "moon", given=False)
    assert workshop.roles("moon") == ((), ())


def test_whoever_has_left_a_room_has_no_role_there_any_more(workshop: Workshop) -> None:
    workshop.op(workshop.ice, "moon")
    workshop.voice(workshop.ice, "ice")
    workshop.handle(workshop.ice, LeaveRoom("#dev"))
    workshop.handle(workshop.ice, JoinRoom("#dev"))
    assert workshop.roles("ice") == ((), ())
    with pytest.raises(NotHost):
        workshop.op(workshop.ice, "ice")
    workshop.handle(workshop.moon, Kick("ice", "#dev"))


def test_the_roles_are_kept_when_a_connection_is_replaced_or_comes_back_later(
    workshop: Workshop,
) -> None:
    star = workshop.hub.reserve_slot("10.0.0.9:1")
    workshop.handle(star, Enter("star", keys=SessionKeys("a")))
    workshop.handle(star, JoinRoom("#music"))
    workshop.handle(workshop.sun, JoinRoom("#music"))
    workshop.handle(star, SetRole("star", "#music", "voice"))
    workshop.handle(star, SetRole("star", "#music", "operator", given=False))
    again = workshop.hub.reserve_slot("10.0.0.9:2")
    workshop.handle(again, Enter("star", keys=SessionKeys("b", "a")))
    assert workshop.roles("star") == ((), ("#music",))
    workshop.hub.remove_member(again, "too slow", workshop.now)
    last = workshop.hub.reserve_slot("10.0.0.9:3")
    workshop.handle(last, Enter("star", keys=SessionKeys("c", "a")))
    assert workshop.roles("star") == ((), ("#music",))
    workshop.handle(last, SetRole("star", "#music", "operator"))
    assert workshop.roles("star") == (("#music",), ("#music",)), "it has made the room"


def test_the_roles_are_in_the_state(workshop: Workshop) -> None:
    workshop.voice(workshop.ice, "moon")
    workshop.op(workshop.ice, "ice", given=False)
    other = Hub(HubSettings("work", 9, 9), RecordingOutbox(), 0)
    other.restore(workshop.hub.state())
    assert other.state() == workshop.hub.state()
    other.handle(workshop.ice, SetRole("ice", "#dev", "operator"), workshop.now)


# --- voice ----------------------------------------------------------------------------------------


def test_a_voiced_member_writes_in_a_read_only_room(workshop: Workshop) -> None:
    workshop.handle(workshop.ice, ChangeRoom("#dev", read_only=True))
    with pytest.raises(ReadOnly):
        workshop.handle(workshop.moon, SendMessage("hello", "#dev"))
    workshop.voice(workshop.ice, "moon")
    workshop.handle(workshop.moon, SendMessage("hello", "#dev"))
    with pytest.raises(ReadOnly):
        workshop.handle(workshop.moon, SetTopic("#dev", "tea"))
    workshop.voice(workshop.ice, "moon", given=False)
    with pytest.raises(ReadOnly):
        workshop.handle(workshop.moon, SendMessage("hello", "#dev"))
