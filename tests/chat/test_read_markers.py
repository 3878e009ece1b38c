"""Up to when a user has read: it goes forwards alone, and an account has it for ever."""

import pytest

from chatd.chat import irc_limits
from chatd.chat.commands import EnterAuthenticated, Quit, Rename
from chatd.chat.errors import BadNickname, BadRoomName, Refusal
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.irc_commands import MarkRead, ReadMarker
from chatd.chat.marker_events import Marker
from tests.fakes import STARTED, Chat, RecordingOutbox


@pytest.fixture
def chat() -> Chat:
    chat = Chat()
    chat.hub.set_accounts({"sun": False, "star": False}, frozenset(), STARTED)
    return chat


def come(chat: Chat, account: str) -> int:
    """A member that has entered with the password of that account."""
    member = chat.connect()
    chat.handle(member, EnterAuthenticated(account))
    return member


def read(chat: Chat, member: int, target: str) -> int:
    marker = chat.handle(member, ReadMarker(target))
    assert isinstance(marker, Marker)
    assert marker.target == target
    return marker.time


def test_nothing_is_read_at_first(chat: Chat) -> None:
    ice = chat.enter("ice")
    assert read(chat, ice, "#nowhere") == read(chat, ice, "nobody") == 0


def test_a_marker_goes_forwards_alone_and_not_into_the_future(chat: Chat) -> None:
    ice = chat.enter("ice")
    assert chat.handle(ice, MarkRead("#dev", 300)) == Marker("#dev", 300)
    assert chat.handle(ice, MarkRead("#dev", 200)) == Marker("#dev", 300)
    assert chat.handle(ice, MarkRead("#dev", -1)) == Marker("#dev", 300)
    reply = chat.handle(ice, MarkRead("#dev", 2**53 - 1))
    assert isinstance(reply, Marker)
    assert reply.time == chat.now
    assert read(chat, ice, "#dev") == reply.time


def test_each_room_and_each_user_has_one_whatever_the_case(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.handle(ice, MarkRead("#dev", 300))
    chat.handle(ice, MarkRead("moon", 200))
    assert (read(chat, ice, "#DEV"), read(chat, ice, "Moon")) == (300, 200)
    assert read(chat, ice, "#tea") == 0


def test_it_is_told_to_nobody_else(chat: Chat) -> None:
    ice, moon, sun = chat.enter("ice"), chat.enter("moon"), come(chat, "sun")
    for member in (ice, sun):
        chat.handle(member, MarkRead("#dev", 300))
    assert read(chat, moon, "#dev") == 0
    assert chat.received(moon)[1:] == []


def test_an_account_has_its_markers_when_it_comes_again(chat: Chat) -> None:
    sun = come(chat, "sun")
    chat.handle(sun, MarkRead("#dev", 300))
    chat.handle(sun, Quit())
    assert read(chat, come(chat, "star"), "#dev") == 0
    assert read(chat, come(chat, "SUN"), "#dev") == 300


def test_a_guest_has_none_when_somebody_comes_under_that_nickname(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.handle(ice, MarkRead("#dev", 300))
    chat.handle(ice, Quit())
    assert read(chat, chat.enter("ice"), "#dev") == 0


def test_who_signs_out_by_another_nickname_has_the_markers_of_the_account_no_more(
    chat: Chat,
) -> None:
    sun = come(chat, "sun")
    chat.handle(sun, MarkRead("#dev", 300))
    chat.handle(sun, Rename("ice"))
    assert read(chat, sun, "#dev") == 0


def test_an_account_that_is_removed_has_none(chat: Chat) -> None:
    chat.handle(come(chat, "sun"), MarkRead("#dev", 300))
    chat.hub.set_accounts({"star": False}, frozenset(), STARTED)
    assert chat.hub.state().read_markers == ()


@pytest.mark.parametrize(
    ("target", "refusal"),
    [("", BadNickname), ("#", BadRoomName), ("#a b", BadRoomName), ("a b", BadNickname)],
)
def test_a_target_must_be_a_name(chat: Chat, target: str, refusal: type[Refusal]) -> None:
    ice = chat.enter("ice")
    for command in (MarkRead(target, 300), ReadMarker(target)):
        with pytest.raises(refusal):
            chat.handle(ice, command)


@pytest.mark.parametrize("has_account", [False, True])
def test_a_user_has_so_many_and_loses_that_of_what_was_read_longest_ago(
    chat: Chat, has_account: bool
) -> None:
    member = come(chat, "sun") if has_account else chat.enter("ice")
    for number in range(irc_limits.READ_MARKS):
        chat.handle(member, MarkRead(f"#{number}", 100))
    chat.handle(member, MarkRead("#0", 200))
    chat.handle(member, MarkRead("#more", 100))
    assert [read(chat, member, each) for each in ("#0", "#1", "#2")] == [200, 0, 100]


def test_a_server_has_so_many_and_who_has_read_longest_ago_loses_some(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(irc_limits, "ALL_READ_MARKS", 4)
    sun, star = come(chat, "sun"), come(chat, "star")
    for number in range(3):
        chat.handle(sun, MarkRead(f"#{number}", 100))
    for number in range(4):
        chat.handle(star, MarkRead(f"#{number}", 100))
        markers = dict(chat.hub.state().read_markers)
        assert sum(map(len, markers.values())) <= 4
    assert [name for name, _ in chat.hub.state().read_markers] == ["star"]
    assert read(chat, star, "#0") == 100


def test_they_are_in_the_state(chat: Chat) -> None:
    sun, ice = come(chat, "sun"), chat.enter("ice")
    chat.handle(sun, MarkRead("#dev", 300))
    chat.handle(sun, MarkRead("#tea", 200))
    chat.handle(ice, MarkRead("#dev", 100))
    state = chat.hub.state()
    again = Hub(HubSettings("work", 20, 100), RecordingOutbox(), STARTED)
    again.restore(state)
    assert again.state() == state
    found = [again.handle(each, ReadMarker("#dev"), chat.now) for each in (sun, ice)]
    assert found == [Marker("#dev", 300), Marker("#dev", 100)]
