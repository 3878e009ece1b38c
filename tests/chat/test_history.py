"""The last messages of a room: numbered without gaps, bounded, read from the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import events, limits
from chatd.chat.commands import Quit, ReadHistory, Rename, SendMessage
from chatd.chat.events import Message
from chatd.chat.model import RoomHistory
from tests.fakes import STARTED, Chat


def history_of(count: int, max_messages: int) -> RoomHistory:
    history = RoomHistory("#lobby", max_messages)
    for number in range(1, count + 1):
        history.add("ice", f"message {number}", 1_000 + number)
    return history


def numbers(messages: tuple[Message, ...]) -> list[int]:
    return [message.seq for message in messages]


def test_a_message_is_kept_with_its_room_number_time_and_source() -> None:
    history = RoomHistory("#lobby", 5)
    message = history.add("ice", "hello", 1_234)
    assert message == Message("#lobby", 1, 1_234, "ice", "hello")
    assert history.last(5) == (message,)


def test_messages_are_numbered_from_1_without_gaps() -> None:
    history = RoomHistory("#lobby", 2)
    assert [history.add("ice", "hello", 0).seq for _ in range(5)] == [1, 2, 3, 4, 5]


def test_of_long_messages_fewer_are_kept() -> None:
    """Without this limit, rooms full of long messages would need more memory than there is."""
    history = RoomHistory("#lobby", 1_000)
    for number in range(200):
        history.add("ice", "x" * 4_096 if number < 199 else "short", 0)
    kept = history.last(1_000)
    assert numbers(kept) == list(range(137, 201))
    for _ in range(1_000):
        history.add("ice", "short", 0)
    assert len(history.last(1_000)) == 1_000


@pytest.mark.parametrize("length", [999, 1_000, 4_095, 4_096])
def test_messages_of_any_length_stay_within_the_limit_of_characters(length: int) -> None:
    history = RoomHistory("#lobby", 1_000)
    for _ in range(400):
        history.add("ice", "x" * length, 0)
    assert len(history.last(1_000)) == limits.HISTORY_CHARACTERS // length


#: Messages sent, messages kept, limit, before; the numbers that are read.
READINGS = [
    (0, 5, 50, None, []),
    (3, 5, 50, None, [1, 2, 3]),
    (3, 5, 2, None, [2, 3]),
    (9, 5, 50, None, [5, 6, 7, 8, 9]),
    (9, 5, 2, 8, [6, 7]),
    (9, 5, 50, 8, [5, 6, 7]),
    (9, 5, 50, 5, []),
    (9, 5, 50, 1, []),
    (9, 5, 2, 10, [8, 9]),
    (9, 5, 2, 1_000, [8, 9]),
    (9, 5, 2, 0, []),
    (9, 5, 2, -1, []),
    (9, 5, 0, None, []),
    (9, 5, -1, None, []),
    (9, 0, 50, None, []),
    (9, 5, 2**63, None, [5, 6, 7, 8, 9]),
    (9, 5, 10**30, None, [5, 6, 7, 8, 9]),
    (9, 5, -(10**30), None, []),
    (9, 5, 2, 10**30, [8, 9]),
]


@pytest.mark.parametrize(("sent", "max_messages", "limit", "before", "read"), READINGS)
def test_the_last_messages_are_read_oldest_first(
    sent: int, max_messages: int, limit: int, before: int | None, read: list[int]
) -> None:
    assert numbers(history_of(sent, max_messages).last(limit, before)) == read


@given(st.integers(0, 40), st.integers(0, 20), st.integers(1, 7))
def test_reading_backwards_page_by_page_gives_all_messages(
    sent: int, max_messages: int, page: int
) -> None:
    history = history_of(sent, max_messages)
    pages: list[Message] = []
    before: int | None = None
    while read := history.last(page, before):
        pages[:0] = read
        before = read[0].seq
    assert tuple(pages) == history.last(1_000)
    assert len(pages) == min(sent, max_messages)


def test_history_has_the_last_messages_with_time_and_nickname() -> None:
    chat = Chat(history=2)
    ice, moon = chat.enter("ice"), chat.enter("moon")
    for text in ("one", "two", "three"):
        chat.handle(ice, SendMessage(text))
    chat.handle(ice, Rename("sun"))
    assert chat.handle(moon, ReadHistory()) == events.History(
        "#lobby",
        (
            Message("#lobby", 2, STARTED + 4, "ice", "two"),
            Message("#lobby", 3, STARTED + 5, "ice", "three"),
        ),
    )


def test_a_later_member_can_read_earlier_messages() -> None:
    chat = Chat()
    ice = chat.enter("ice")
    chat.handle(ice, SendMessage("hello"))
    chat.handle(ice, Quit())
    assert chat.texts(chat.enter("moon")) == ["hello"]


def test_history_is_read_before_a_number() -> None:
    chat = Chat()
    ice = chat.enter("ice")
    for text in ("one", "two", "three", "four"):
        chat.handle(ice, SendMessage(text))
    reply = chat.handle(ice, ReadHistory("#Lobby", 2, 4))
    assert isinstance(reply, events.History)
    assert [message.text for message in reply.messages] == ["two", "three"]
