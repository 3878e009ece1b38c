"""What members say as they leave: the others are told, where the member might write."""

import pytest

from chatd.chat import limits
from chatd.chat.commands import JoinRoom, LeaveRoom, Quit, SendMessage
from chatd.chat.errors import BadText
from chatd.chat.events import MemberLeft, RoomLeft
from chatd.chat.order_commands import Ban, ChangeRoom, Mute
from tests.chat.order import Order


@pytest.fixture
def chat() -> Order:
    return Order(slots=40)


def in_dev(chat: Order) -> tuple[int, int]:
    """Two members of #dev, the first of them its operator, that have read everything."""
    ice, moon = chat.come("ice"), chat.come("moon")
    for member in (ice, moon):
        chat.handle(member, JoinRoom("#dev"))
    chat.received(ice)
    chat.received(moon)
    return ice, moon


def test_what_a_member_says_as_it_leaves_a_room_is_told_there(chat: Order) -> None:
    ice, moon = in_dev(chat)
    chat.handle(moon, LeaveRoom("#dev", " lunch "))
    assert chat.received(ice) == [RoomLeft("#dev", "moon", text="lunch")]


def test_what_a_member_says_as_it_leaves_the_chat_is_told_to_everybody(chat: Order) -> None:
    ice, moon = in_dev(chat)
    chat.handle(moon, Quit("see you"))
    assert chat.received(ice) == [MemberLeft("moon", "quit", "see you")]


@pytest.mark.parametrize("text", ["two\nlines", "\x07", "x" * (limits.REASON_CHARACTERS + 1)])
@pytest.mark.parametrize("leave", [Quit, lambda text: LeaveRoom("#dev", text)])
def test_a_text_that_is_no_line_is_refused_and_the_member_stays(
    chat: Order, leave: type[Quit], text: str
) -> None:
    ice, moon = in_dev(chat)
    with pytest.raises(BadText):
        chat.handle(moon, leave(text))
    assert chat.received(ice) == []
    chat.handle(moon, SendMessage("still here", "#dev"))


RESTRICTIONS = {
    "muted in the room": Mute("moon", "#dev"),
    "muted in the chat": Mute("moon"),
    "the room is read-only": ChangeRoom("#dev", read_only=True),
}


@pytest.mark.parametrize("restriction", RESTRICTIONS.values(), ids=RESTRICTIONS)
def test_a_member_that_may_not_write_leaves_without_a_text(
    chat: Order, restriction: Mute | ChangeRoom
) -> None:
    ice, moon = in_dev(chat)
    chat.handle(chat.host(), restriction)
    chat.received(ice)
    chat.handle(moon, LeaveRoom("#dev", "one word more"))
    assert chat.received(ice)[-1] == RoomLeft("#dev", "moon")
    chat.handle(moon, JoinRoom("#dev"))
    chat.handle(moon, Quit("one word more"))
    assert chat.received(ice)[-1] == MemberLeft("moon", "quit")


@pytest.mark.parametrize("decision", [Mute("moon", "#lobby"), Ban("moon", "#lobby")])
def test_whoever_was_silenced_in_the_lobby_cannot_go_out_and_quit_with_a_text(
    chat: Order, decision: Mute | Ban
) -> None:
    ice, moon = in_dev(chat)
    chat.handle(chat.host(), decision)
    if isinstance(decision, Mute):
        chat.handle(moon, LeaveRoom())
    chat.handle(moon, Quit("one word more"))
    assert chat.received(ice)[-1] == MemberLeft("moon", "quit")


def test_the_operator_of_a_read_only_room_may_say_something(chat: Order) -> None:
    ice, moon = in_dev(chat)
    chat.handle(ice, ChangeRoom("#dev", read_only=True))
    chat.received(moon)
    chat.handle(ice, LeaveRoom("#dev", "the room is yours"))
    assert chat.received(moon) == [RoomLeft("#dev", "ice", text="the room is yours")]
