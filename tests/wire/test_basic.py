"""The basic dialect: exactly the frames of the first client, in both directions."""

import json

import pytest

from chatd.chat import errors, events
from chatd.chat.commands import Command, ListUsers, ReadHistory, Rename, SendMessage
from chatd.chat.errors import Refusal
from chatd.chat.events import Event, Message, Reply
from chatd.wire.basic import Basic, Detecting
from chatd.wire.dialect import Request
from chatd.wire.native import Native

DIALECT = Basic(is_first=False)
HELLO = b'{"type": "hello", "data": {"nickname": "ice", "version": 1}}'
MESSAGE = Message("#lobby", 7, 1_700_000_000_000, "ice", "h\u00e9llo\n\tyou")


def shown(data: bytes) -> list[tuple[str, str]]:
    """Source and message of each frame."""
    *lines, rest = data.split(b"\n")
    assert rest == b""
    frames = [json.loads(line) for line in lines]
    for frame in frames:
        assert frame.keys() == {"type", "data"}
        assert frame["type"] == "message"
        assert frame["data"].keys() == {"source", "message"}
    return [(frame["data"]["source"], frame["data"]["message"]) for frame in frames]


FRAMES: list[tuple[bytes, Command]] = [
    (b'{"type": "message", "data": "hello"}', SendMessage("hello", "#lobby")),
    (b'{"type": "message", "data": "/setname moon"}', SendMessage("/setname moon")),
    (b'{"type": "set-name", "data": "Kobzol"}', Rename("Kobzol")),
    (b'{"type": "history", "data": ""}', ReadHistory("#lobby", 50)),
    (b'{"type": "users", "data": ""}', ListUsers(None)),
    (b'{"data":"h\\u00e9\\ud83d\\udc69","type":"message"}\r', SendMessage("h\u00e9\U0001f469")),
    (' {"type" : "message", "data" : "h\u00e9"} '.encode(), SendMessage("h\u00e9")),
    (b'{"type": "message", "data": "hi", "colour": ["red"]}', SendMessage("hi")),
]


@pytest.mark.parametrize(("line", "command"), FRAMES)
def test_a_frame_is_a_command(line: bytes, command: Command) -> None:
    assert DIALECT.decode(line) == Request(command)


BAD: list[tuple[str, bytes, type[Refusal]]] = [
    ("an empty line", b"", errors.InvalidJson),
    ("no JSON", b"hello", errors.InvalidJson),
    ("half a frame", b'{"type": "message", "da', errors.InvalidJson),
    ("two frames on a line", b'{"type":"users","data":""}' * 2, errors.InvalidJson),
    ("an array", b'["message", "hello"]', errors.InvalidJson),
    ("deep nesting", b"[" * 60_000, errors.InvalidJson),
    ("not UTF-8", b'{"type": "message", "data": "\xff"}', errors.InvalidUtf8),
    ("not UTF-8 in an unknown key", b'{"type": "message", "\xff": 1}', errors.InvalidUtf8),
    ("an unknown type", b'{"type": "dance", "data": ""}', errors.UnknownType),
    ("a type of the native dialect", b'{"type": "ping", "data": ""}', errors.UnknownType),
    ("a second hello", HELLO, errors.UnknownType),
    ("no type", b'{"data": "hello"}', errors.NoType),
    ("no data", b'{"type": "message"}', errors.BadFrame),
    ("a number as text", b'{"type": "message", "data": 5}', errors.BadFrame),
    ("native data", b'{"type": "message", "data": {"text": "x"}}', errors.BadFrame),
    ("null as a name", b'{"type": "set-name", "data": null}', errors.BadFrame),
    ("data of history", b'{"type": "history", "data": "all"}', errors.BadFrame),
    ("an object as data of users", b'{"type": "users", "data": {}}', errors.BadFrame),
]


@pytest.mark.parametrize(("line", "kind"), [pytest.param(*bad[1:], id=bad[0]) for bad in BAD])
def test_bad_input_gets_one_sentence(line: bytes, kind: type[Refusal]) -> None:
    with pytest.raises(Refusal) as caught:
        DIALECT.decode(line)
    assert type(caught.value) is kind
    [(source, sentence)] = shown(DIALECT.encode_reply(caught.value))
    assert source == "[Server]"
    assert sentence == str(caught.value)
    assert len(sentence) < 300


EVENTS: list[tuple[Event, tuple[str, str]]] = [
    (MESSAGE, ("ice", "h\u00e9llo\n\tyou")),
    (Message("#dev", 1, 0, "ice", "hello"), ("#dev ice", "hello")),
    (events.PrivateMessage("ice", ("moon", "sun"), 0, "psst"), ("[private] ice", "psst")),
    (
        events.MemberEntered("127.0.0.1:57354"),
        ("[Server]", "127.0.0.1:57354 has entered the chat"),
    ),
    (events.MemberLeft("ice", "too slow"), ("[Server]", "ice has left the chat (too slow)")),
    (
        events.MemberRenamed("127.0.0.1:57354", "Kobzol"),
        ("[Server]", "127.0.0.1:57354 renamed to Kobzol"),
    ),
    (events.RoomJoined("#dev", "ice"), ("[Server]", "ice has joined #dev")),
    (events.RoomLeft("#dev", "ice"), ("[Server]", "ice has left #dev")),
]


@pytest.mark.parametrize(("event", "frame"), EVENTS)
def test_an_event_is_one_frame_with_source_and_message(
    event: Event, frame: tuple[str, str]
) -> None:
    assert shown(DIALECT.encode_event(event)) == [frame]


def test_the_history_is_one_frame_for_each_message() -> None:
    messages = tuple(Message("#lobby", n, 0, f"user{n}", f"text {n}") for n in (1, 2, 3))
    frames_shown = shown(DIALECT.encode_reply(events.History("#lobby", messages)))
    assert frames_shown == [("user1", "text 1"), ("user2", "text 2"), ("user3", "text 3")]


def test_the_history_is_cut_to_256_kib_and_the_newest_is_kept() -> None:
    messages = tuple(
        Message("#lobby", n, 0, "ice", f"{n} " + "\U0001f469" * 4_000) for n in range(50)
    )
    data = DIALECT.encode_reply(events.History("#lobby", messages))
    frames_shown = shown(data)
    assert 256 * 1024 - 60_000 < len(data) <= 256 * 1024
    assert frames_shown == [("ice", each.text) for each in messages[-len(frames_shown) :]]


def test_the_user_list_is_one_frame() -> None:
    users = (events.User("ice", 0, ("#lobby",)), events.User("moon", 0, ("#lobby", "#dev")))
    [(source, text)] = shown(DIALECT.encode_reply(events.Users(users)))
    assert source == "[Server]"
    ice, moon = text.split("\n")
    assert ice.startswith("ice #lobby since ")
    assert moon.startswith("moon #lobby #dev since ")


@pytest.mark.parametrize(
    ("reply", "frames"),
    [
        (events.Goodbye("inactive"), [("[Server]", "Goodbye: inactive")]),
        (events.Welcome("work", 0, "ice", ("#lobby",)), []),
        (events.Ok("#lobby", 1, 1), []),
        (events.History("#lobby", ()), []),
    ],
)
def test_other_replies(reply: Reply, frames: list[tuple[str, str]]) -> None:
    assert shown(DIALECT.encode_reply(reply)) == frames


def test_messages_entering_and_renaming_are_echoed() -> None:
    assert {events.Message, events.MemberEntered, events.MemberRenamed} <= DIALECT.echoes


@pytest.mark.parametrize(
    "line", [b"", b"hello", b'{"type": "message", "data": "hi"}', b'{"type":"hello ","data":""}']
)
def test_a_first_line_that_is_not_hello_is_basic(line: bytes) -> None:
    assert Detecting().detect(line) == DIALECT


@pytest.mark.parametrize(
    "line", [HELLO, b'{"type":"hello"}\r', b'{"id": 1, "type": "h\\u0065llo"}']
)
def test_a_first_line_that_is_hello_is_native(line: bytes) -> None:
    assert Detecting().detect(line) == Native()


def test_a_delayed_hello_makes_a_basic_connection_native_only_as_its_first_line() -> None:
    assert Basic().detect(HELLO) == Native()
    assert Basic().detect(b"").detect(HELLO) == DIALECT


def test_everything_sent_is_ascii_and_means_the_same() -> None:
    text = "h\u00e9llo \U0001f469 \u4f60\n\tyou"
    for data in (
        DIALECT.encode_event(Message("#lobby", 1, 0, "\u0438\u0432\u0430\u043d", text)),
        DIALECT.encode_reply(errors.NicknameTaken("\u0438\u0432\u0430\u043d")),
    ):
        assert data.isascii()
    [(source, shown_text)] = shown(DIALECT.encode_event(Message("#lobby", 1, 0, "\u0438", text)))
    assert (source, shown_text) == ("\u0438", text)


@pytest.mark.parametrize("data", [{}, {"data": ""}, {"data": None}])
def test_a_list_needs_no_data(data: dict[str, object]) -> None:
    for frame_type, command in (("users", ListUsers()), ("history", ReadHistory())):
        frame = json.dumps({"type": frame_type} | data).encode()
        assert DIALECT.decode(frame).command == command


def test_what_shows_nothing_is_written_as_its_code_point() -> None:
    [(_, text)] = shown(DIALECT.encode_event(Message("#lobby", 1, 0, "ice", "a\u202eb")))
    assert text == "a<U+202E>b"
