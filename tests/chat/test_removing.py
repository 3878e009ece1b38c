"""Messages that are removed: the place in the room stays, the text goes."""

from dataclasses import replace

import pytest

from chatd.chat import limits
from chatd.chat.commands import (
    Enter,
    JoinRoom,
    LeaveRoom,
    ReadHistory,
    Rename,
    SendMessage,
    SessionKeys,
)
from chatd.chat.errors import BadText, NoSuchRoom
from chatd.chat.events import History, Message, Ok
from chatd.chat.moderation_errors import NoSuchMessage, NotHost
from chatd.chat.moderation_events import Moderation, Restricted
from chatd.chat.order_commands import Ban, ChangeRoom, GrantHost, Mute, RemoveFound
from chatd.chat.outbox import MemberId
from tests.fakes import Chat


class Talk(Chat):
    """Ice has made #dev and said something there, then moon has; ana is a host elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.ana, self.ice, self.moon = map(self.enter, ("ana", "ice", "moon"))
        self.handle(self.ana, GrantHost())
        self.handle(self.ice, JoinRoom("#dev"))
        self.handle(self.moon, JoinRoom("#dev"))
        self.first = self.say(self.ice, "one")
        self.second = self.say(self.moon, "two")
        for member in (self.ana, self.ice, self.moon):
            self.received(member)

    def say(self, member: MemberId, text: str) -> RemoveFound:
        """What asks to remove what `member` says now."""
        reply = self.handle(member, SendMessage(text, "#dev"))
        assert isinstance(reply, Ok)
        assert reply.seq
        assert reply.time
        return RemoveFound("#dev", reply.seq, self.hub.nickname(member), reply.time)

    def history(self) -> tuple[Message, ...]:
        reply = self.handle(self.ice, ReadHistory("#dev", 1_000))
        assert isinstance(reply, History)
        return reply.messages


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_a_removed_message_keeps_its_place_number_time_and_sender(talk: Talk) -> None:
    before = talk.history()
    talk.handle(talk.ice, talk.second)
    one, two = talk.history()
    assert one == before[0]
    assert two == Message("#dev", 2, before[1].time, "moon", "", removed="ice")
    assert talk.outbox.removed == [("#dev", 2, "ice")]
    assert talk.say(talk.ice, "three").seq == 3


def test_the_others_hear_who_has_removed_it_and_its_sender_hears_it_too(talk: Talk) -> None:
    talk.handle(talk.ice, talk.second)
    removed = Moderation("remove", "ice", "moon", "#dev", 2, time=talk.second.time)
    assert talk.received(talk.moon) == [removed, Restricted("remove", "ice", "#dev", seq=2)]
    talk.handle(talk.moon, talk.say(talk.moon, "three"))  # one's own: there is nothing to tell
    assert Restricted not in map(type, talk.received(talk.moon))


def test_why_it_was_removed_is_told_to_the_room_if_it_was_said_there(talk: Talk) -> None:
    talk.handle(talk.ice, replace(talk.second, reason=" spam "))
    public, own = talk.received(talk.moon)
    assert isinstance(public, Moderation)
    assert isinstance(own, Restricted)
    assert public.reason == own.reason == "spam"
    with pytest.raises(BadText):
        talk.handle(talk.ice, replace(talk.first, reason="a\nb"))


SILENCES = {
    "muted in the room": Mute("moon", "#dev"),
    "muted in the chat": Mute("moon"),
    "banned from the room": Ban("moon", "#dev"),
    "the room is read-only": ChangeRoom("#dev", read_only=True),
    "it has left": None,
}


@pytest.mark.parametrize("silence", SILENCES.values(), ids=SILENCES)
def test_a_member_that_may_not_write_takes_back_what_it_has_said_without_a_reason(
    talk: Talk, silence: Mute | Ban | ChangeRoom | None
) -> None:
    if silence is None:
        talk.handle(talk.moon, LeaveRoom("#dev"))
    else:
        talk.handle(talk.ana, silence)
    talk.received(talk.ice)
    talk.handle(talk.moon, replace(talk.second, reason="one word more"))
    assert talk.received(talk.ice) == [
        Moderation("remove", "moon", "moon", "#dev", 2, time=talk.second.time)
    ]


def test_a_host_says_why_in_a_room_that_it_is_not_in(talk: Talk) -> None:
    talk.handle(talk.ana, replace(talk.second, reason="spam"))
    [told] = talk.received(talk.ice)
    assert isinstance(told, Moderation)
    assert told.reason == "spam"


def test_a_number_that_was_removed_in_an_ended_room_is_that_of_another_message_now(
    talk: Talk,
) -> None:
    talk.handle(talk.ice, talk.first)
    for member in (talk.ice, talk.moon):
        talk.handle(member, LeaveRoom("#dev"))
    talk.handle(talk.ice, JoinRoom("#dev"))
    again = talk.say(talk.ice, "one again")
    assert again.seq == talk.first.seq
    talk.handle(talk.ice, again)
    assert talk.history()[0].removed == "ice"
    with pytest.raises(NoSuchMessage):
        talk.handle(talk.ice, again)


def test_a_host_removes_messages_of_rooms_that_it_is_not_in(talk: Talk) -> None:
    talk.handle(talk.ana, talk.first)
    assert talk.history()[0].removed == "ana"


def test_members_remove_their_own_messages_and_no_others(talk: Talk) -> None:
    with pytest.raises(NotHost):
        talk.handle(talk.moon, talk.first)
    talk.handle(talk.moon, talk.second)
    assert [each.text for each in talk.history()] == ["one", ""]


def test_what_was_said_under_a_nickname_before_is_another_s(talk: Talk) -> None:
    """Whoever takes a nickname that has become free may not remove what its owner said."""
    talk.handle(talk.moon, Rename("star"))
    sun = talk.enter("sun")
    talk.handle(sun, Rename("moon"))
    for member in (talk.moon, sun):
        with pytest.raises(NotHost):
            talk.handle(member, talk.second)
    mine = talk.say(talk.moon, "three")
    talk.handle(talk.moon, Rename("STAR"))  # the same nickname
    talk.handle(talk.moon, mine)


def test_after_resuming_they_are_one_s_own_still(talk: Talk) -> None:
    member = talk.reserve_slot()
    talk.handle(member, Enter("sun", keys=SessionKeys("digest")))
    talk.handle(member, JoinRoom("#dev"))
    mine = talk.say(member, "three")
    again = talk.reserve_slot()
    talk.handle(again, Enter("sun", keys=SessionKeys("new", "digest")))
    talk.handle(again, mine)


def test_a_message_is_removed_once(talk: Talk) -> None:
    talk.handle(talk.ice, talk.second)
    with pytest.raises(NoSuchMessage, match="#dev has no message 2"):
        talk.handle(talk.ana, replace(talk.second, room="#DEV"))
    with pytest.raises(NoSuchRoom):
        talk.handle(talk.ana, replace(talk.second, room="#nowhere"))


def test_a_refused_removal_changes_nothing(talk: Talk) -> None:
    before = talk.hub.state(), talk.history()
    with pytest.raises(NotHost):
        talk.handle(talk.moon, talk.first)
    assert (talk.hub.state(), talk.history()) == before
    assert talk.outbox.removed == []


def test_a_restored_history_has_no_text_of_it(talk: Talk) -> None:
    """The archive of a node that was away may still have it."""
    kept = talk.history()
    talk.handle(talk.ice, talk.second)
    other = Chat()
    other.hub.restore(talk.hub.state())
    other.hub.archived.restore_history("#dev", kept)
    assert other.hub.read_history("#dev", 9).messages == talk.history()
    assert other.hub.state() == talk.hub.state()


def test_the_last_removed_messages_are_remembered(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REMOVED_MESSAGES", 2)
    for command in (talk.first, talk.second, talk.say(talk.ice, "three")):
        talk.handle(talk.ana, command)
    assert talk.hub.archived.removed == {("#dev", 2): "ana", ("#dev", 3): "ana"}


def test_what_was_removed_frees_the_memory_of_its_text(talk: Talk) -> None:
    long = talk.say(talk.ice, "x" * 4_096)
    for _ in range(limits.HISTORY_CHARACTERS // 4_096 - 1):
        talk.say(talk.moon, "y" * 4_096)
    assert talk.history()[0].seq > 1
    talk.handle(talk.ice, long)
    first = talk.history()[0].seq
    talk.say(talk.ice, "y" * 4_096)
    assert talk.history()[0].seq == first
