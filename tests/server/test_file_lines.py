"""A file that was sent is a line with its name, size and link where there is no picture."""

from collections.abc import Iterator

import pytest

from chatd.chat import commands
from chatd.chat.events import File
from chatd.log.operations import Handle
from tests.server.users import (
    Ability,
    BasicUser,
    Dialects,
    NativeUser,
    Pair,
    PlainUser,
    every_pair,
)

FILE = File("Tm9ib2R5IGd1ZXNzZXM", "worksheet.pdf", 1_234_567, "application/octet-stream")
LINE = "worksheet.pdf (1.2 MB): http://10.0.0.1:8080/files/Tm9ib2R5IGd1ZXNzZXM/worksheet.pdf"


@pytest.fixture
def served_pair(dialects: Dialects) -> Iterator[Pair]:
    """Ice and moon on a server that takes files."""
    with Pair(*dialects, files_url="http://10.0.0.1:8080/files/") as pair:
        yield pair


def send_file(pair: Pair, room: str | None = None, to: tuple[str, ...] = ()) -> None:
    """Ice has uploaded a file."""
    chat = pair.harness.chat
    [ice] = [
        session.member_id
        for session in chat.sessions
        if session.member_id is not None and chat.hub.nickname(session.member_id) == "ice"
    ]
    chat.ordered_log.ask(Handle(ice, commands.SendFile(FILE, room, to)), lambda result: None)
    pair.settle()


@every_pair()
def test_the_others_in_the_room_read_name_size_and_link(served_pair: Pair) -> None:
    send_file(served_pair, "#lobby")
    text = "worksheet.pdf" if isinstance(served_pair.moon, NativeUser) else LINE
    assert served_pair.moon.seen_messages() == [("ice", text)]
    assert FILE.id.encode() in served_pair.moon.received


@every_pair()
def test_the_sender_sees_it_too_as_it_was_not_sent_from_the_chat(served_pair: Pair) -> None:
    send_file(served_pair, "#lobby")
    assert FILE.id.encode() in served_pair.ice.received


@every_pair()
def test_a_private_file_is_a_private_line(served_pair: Pair) -> None:
    sun = served_pair.enter(NativeUser, "sun")
    served_pair.clear_all()
    send_file(served_pair, to=("moon",))
    text = "worksheet.pdf" if isinstance(served_pair.moon, NativeUser) else LINE
    assert served_pair.moon.seen_private() == [("ice", text)]
    assert sun.seen() == []


@every_pair(moon=Ability.LISTS)
def test_the_history_has_the_line_as_well(served_pair: Pair) -> None:
    send_file(served_pair, "#lobby")
    served_pair.moon.clear()
    served_pair.moon.request_history()
    served_pair.settle()
    assert FILE.id.encode() in served_pair.moon.received
    if isinstance(served_pair.moon, BasicUser | PlainUser):
        assert LINE.encode() in served_pair.moon.received
