"""The native dialect in a browser: each frame is a WebSocket message that a library can read."""

import pytest

from chatd.chat import commands, events, limits
from chatd.chat.events import Message
from chatd.wire.dialect import Request
from chatd.wire.native import Native, WebSocketNative
from tests.wire.formats import read_lines_of_json, read_messages


@pytest.mark.parametrize("characters", [1, 50, 51, 52, 53, 54, 55, 125, 4_096, 65_440])
def test_a_frame_of_any_length_is_one_message(characters: int) -> None:
    said = Message("#lobby", 1, 0, "ice", "x" * characters)
    assert read_messages(WebSocketNative().encode_event(said)) == read_lines_of_json(
        Native().encode_event(said)
    )


@pytest.mark.parametrize("size", [125, 126, 127, 65_535, 65_536])
def test_each_way_to_tell_a_length_is_right_at_its_edge(size: int) -> None:
    frame = b'"' + b"x" * (size - 2) + b'"'
    message = WebSocketNative().frame_bytes(frame)
    assert message.endswith(frame)
    assert [len(text) for text in read_messages(message)] == [size - 2]


def test_a_list_in_several_frames_is_as_many_messages() -> None:
    said = tuple(Message("#lobby", each, 0, "ice", "x" * 4_000) for each in range(40))
    read = events.History("#lobby", said)
    messages = read_messages(WebSocketNative().encode_reply(read, 7))
    assert len(messages) > 1
    assert messages == read_lines_of_json(Native().encode_reply(read, 7))


def test_an_answer_that_goes_unsaid_is_no_message() -> None:
    assert WebSocketNative().encode_reply(events.Ok()) == b""


def test_no_message_is_longer_than_a_line_may_be() -> None:
    said = tuple(
        Message("#lobby", each, 0, "ice", "\N{GRINNING FACE}" * 4_096) for each in range(40)
    )
    sizes = [
        len(each) for each in Native().encode_reply(events.History("#lobby", said)).split(b"\n")
    ]
    assert max(sizes) <= limits.LINE_BYTES


def test_what_a_browser_sends_is_understood_as_a_line_is() -> None:
    dialect = WebSocketNative()
    assert dialect.decode(b'{"type": "watch", "id": 1}') == Request(commands.Watch(), 1)
    assert dialect.decode(b'{"type":\n"ping"}') == Request(commands.Ping())
    assert dialect.detect(b"anything") is dialect
    assert not dialect.auto_registers
    assert dialect.greeting == b""


def test_browsers_share_bytes_with_each_other_and_with_nobody_else() -> None:
    assert WebSocketNative().variant not in (None, Native().variant)
    assert WebSocketNative().echoes == Native().echoes
