"""Invitations: who is told, who may come, and how often."""

import pytest

from chatd.chat import limits
from chatd.chat.commands import Enter, JoinRoom, LeaveRoom, SessionKeys
from chatd.chat.errors import NoSuchRoom, NoSuchUser, NotInRoom, Refusal, UserInRoom
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.moderation_errors import Banned, Closed, Muted, NotHost, RoomFull, WrongKey
from chatd.chat.moderation_events import Invited, Moderation
from chatd.chat.order_commands import Ban, ChangeRoom, Invite, Mute
from tests.fakes import Chat, RecordingOutbox


class Club(Chat):
    """Ice has made #dev, where moon is as well; sun is in the lobby alone. Nothing was heard."""

    def __init__(self) -> None:
        super().__init__()
        self.ice, self.moon, self.sun = map(self.enter, ("ice", "moon", "sun"))
        self.handle(self.ice, JoinRoom("#dev"))
        self.handle(self.moon, JoinRoom("#dev"))
        for member in (self.ice, self.moon, self.sun):
            self.received(member)


@pytest.fixture
def club() -> Club:
    return Club()


def test_the_invited_member_is_told_and_those_who_are_there(club: Club) -> None:
    club.handle(club.moon, Invite("SUN", "#DEV"))
    assert club.received(club.sun) == [Invited("#dev", "moon")]
    assert club.received(club.ice) == [Moderation("invite", "moon", "sun", "#dev")]


@pytest.mark.parametrize(
    ("invite", "refusal"),
    [
        (Invite("nobody", "#dev"), NoSuchUser),
        (Invite("ice", "#dev"), UserInRoom),
        (Invite("sun", "#tea"), NoSuchRoom),
    ],
)
def test_what_cannot_be_is_refused(club: Club, invite: Invite, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        club.handle(club.moon, invite)


def test_only_who_is_there_and_may_speak_invites(club: Club) -> None:
    star = club.enter("star")
    with pytest.raises(NotInRoom):
        club.handle(club.sun, Invite("star", "#dev"))
    club.handle(club.ice, Mute("moon", "#dev"))
    with pytest.raises(Muted):
        club.handle(club.moon, Invite("star", "#dev"))
    assert club.received(star) == []


def test_into_a_closed_room_its_operator_lets_a_member_once(club: Club) -> None:
    club.handle(club.ice, ChangeRoom("#dev", closed=True))
    with pytest.raises(NotHost):
        club.handle(club.moon, Invite("sun", "#dev"))
    with pytest.raises(Closed):
        club.handle(club.sun, JoinRoom("#dev"))
    club.handle(club.ice, Invite("sun", "#dev"))
    club.handle(club.ice, Invite("sun", "#dev"))
    club.handle(club.sun, JoinRoom("#dev"))
    club.handle(club.sun, LeaveRoom("#dev"))
    with pytest.raises(Closed):
        club.handle(club.sun, JoinRoom("#dev"))


def test_into_a_full_room_only_its_operator_lets_others(club: Club) -> None:
    club.handle(club.ice, ChangeRoom("#dev", limit=2))
    club.handle(club.moon, Invite("sun", "#dev"))
    with pytest.raises(RoomFull):
        club.handle(club.sun, JoinRoom("#dev"))
    club.handle(club.ice, Invite("sun", "#dev"))
    club.handle(club.sun, JoinRoom("#dev"))


def test_an_invitation_is_no_key_and_lifts_no_ban(club: Club) -> None:
    club.handle(club.ice, ChangeRoom("#dev", key="sesame", closed=True))
    club.handle(club.ice, Invite("sun", "#dev"))
    with pytest.raises(WrongKey):
        club.handle(club.sun, JoinRoom("#dev"))
    club.handle(club.ice, Ban("sun", "#dev"))
    with pytest.raises(Banned):
        club.handle(club.sun, JoinRoom("#dev", "sesame"))


def test_an_invitation_is_for_that_life_of_the_room(club: Club) -> None:
    club.handle(club.ice, Invite("sun", "#dev"))
    for member in (club.ice, club.moon):
        club.handle(member, LeaveRoom("#dev"))
    club.handle(club.moon, JoinRoom("#dev"))
    club.handle(club.moon, ChangeRoom("#dev", closed=True))
    with pytest.raises(Closed):
        club.handle(club.sun, JoinRoom("#dev"))


def test_of_too_many_invitations_the_oldest_is_forgotten(club: Club) -> None:
    star = club.enter("star")
    names = [f"#r{number}" for number in range(limits.INVITED_ROOMS + 1)]
    for number, name in enumerate(names):
        club.handle(club.ice, JoinRoom(name))
        stays = star if number % 2 else club.moon
        club.handle(stays, JoinRoom(name))
        club.handle(club.ice, ChangeRoom(name, closed=True))
        club.handle(club.ice, Invite("sun", name))
        club.handle(club.ice, LeaveRoom(name))
    with pytest.raises(Closed):
        club.handle(club.sun, JoinRoom(names[0]))
    for name in (names[1], names[-1]):
        club.handle(club.sun, JoinRoom(name))


def test_an_invitation_is_in_the_state_and_follows_a_new_connection(club: Club) -> None:
    star = club.hub.reserve_slot("10.0.0.9:1")
    club.handle(star, Enter("star", keys=SessionKeys("a")))
    club.handle(club.ice, ChangeRoom("#dev", closed=True))
    club.handle(club.ice, Invite("star", "#dev"))
    other = Hub(HubSettings("work", 9, 9), RecordingOutbox(), 0)
    other.restore(club.hub.state())
    assert other.state() == club.hub.state()
    again = club.hub.reserve_slot("10.0.0.9:2")
    club.handle(again, Enter("star", keys=SessionKeys("b", "a")))
    club.handle(again, JoinRoom("#dev"))
