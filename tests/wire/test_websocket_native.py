"""The native dialect of the web page: each frame is a WebSocket message."""

import pytest

from chatd.chat import commands, events, limits
from chatd.chat.events import Message
from chatd.wire.dialect import Request
from chatd.wire.native import Native, WebSocketNative
from tests.wire.formats import read_native, read_websocket


@pytest.mark.parametrize("characters", [1, 50, 51, 52, 53, 54, 55, 125, 4_096, 65_440])
def test_a_frame_of_any_length_is_one_message(characters: int) -> None:
    message = Message("#lobby", 1, 0, "ice", "x" * characters)
    assert read_websocket(WebSocketNative().encode_event(message)) == read_native(
        Native().encode_event(message)
    )


@pytest.mark.parametrize("size", [125, 126, 127, 65_535, 65_536])
def test_each_form_of_a_messages_length_is_right_at_its_limits(size: int) -> None:
    frame = b'"' + b"x" * (size - 2) + b'"'
    message = WebSocketNative().frame_bytes(frame)
    assert message.endswith(frame)
    assert [len(text) for text in read_websocket(message)] == [size - 2]


def test_a_list_in_several_frames_is_as_many_messages() -> None:
    long = tuple(Message("#lobby", each, 0, "ice", "x" * 4_000) for each in range(40))
    history = events.History("#lobby", long)
    messages = read_websocket(WebSocketNative().encode_reply(history, 7))
    assert len(messages) > 1
    assert messages == read_native(Native().encode_reply(history, 7))


def test_no_reply_is_no_message() -> None:
    assert WebSocketNative().encode_reply(events.Ok()) == b""


def test_no_websocket_message_is_longer_than_a_line() -> None:
    long = tuple(
        Message("#lobby", each, 0, "ice", "\N{GRINNING FACE}" * 4_096) for each in range(40)
    )
    sizes = [
        len(each) for each in Native().encode_reply(events.History("#lobby", long)).split(b"\n")
    ]
    assert max(sizes) <= limits.LINE_BYTES


def test_a_browsers_message_is_decoded_like_a_line() -> None:
    dialect = WebSocketNative()
    assert dialect.decode(b'{"type": "watch", "id": 1}') == Request(commands.Watch(), 1)
    assert dialect.decode(b'{"type":\n"ping"}') == Request(commands.Ping())
    assert dialect.detect(b"anything") is dialect
    assert not dialect.auto_registers
    assert dialect.greeting == b""


def test_browsers_share_bytes_with_each_other_only() -> None:
    assert WebSocketNative().variant not in (None, Native().variant)
    assert WebSocketNative().echoes == Native().echoes
