"""The native dialect with any input: any bytes, and both sides decode what the other encodes."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import to_builtins

from chatd.chat import commands, events
from chatd.chat.commands import Command
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.events import Event, Message, Reply
from chatd.wire import frames, native_client
from chatd.wire.dialect import LocalReply, Request
from chatd.wire.native import Native

DIALECT = Native()

NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
TEXTS = st.text(max_size=30)
IDS: st.SearchStrategy[RequestId] = st.none() | NUMBERS | st.text(max_size=64)

COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(commands.Enter, TEXTS),
    st.builds(commands.SendMessage, TEXTS, TEXTS),
    st.builds(commands.SendPrivate, TEXTS, st.lists(TEXTS, max_size=3).map(tuple)),
    st.builds(commands.JoinRoom, TEXTS),
    st.builds(commands.LeaveRoom, TEXTS, TEXTS),
    st.just(commands.ListRooms()),
    st.builds(commands.Rename, TEXTS),
    st.builds(commands.ListUsers, st.none() | TEXTS),
    st.builds(commands.ReadHistory, TEXTS, NUMBERS, st.none() | NUMBERS),
    st.builds(
        commands.Search,
        TEXTS,
        st.none() | TEXTS,
        st.none() | TEXTS,
        st.none() | NUMBERS,
        st.none() | NUMBERS,
        NUMBERS,
    ),
    st.just(commands.Ping()),
    st.builds(commands.Quit, TEXTS),
)
MESSAGES = st.builds(Message, TEXTS, NUMBERS, NUMBERS, TEXTS, TEXTS)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    MESSAGES,
    st.builds(events.MemberEntered, TEXTS),
    st.builds(events.MemberLeft, TEXTS, TEXTS, TEXTS),
    st.builds(events.MemberRenamed, TEXTS, TEXTS),
    st.builds(events.PrivateMessage, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), NUMBERS, TEXTS),
    st.builds(events.RoomJoined, TEXTS, TEXTS),
    st.builds(events.RoomLeft, TEXTS, TEXTS, text=TEXTS),
)
ROOMS = st.lists(TEXTS, max_size=3).map(tuple)
ENTRY = st.builds(events.RoomEntry, TEXTS, NUMBERS)
UNDELIVERED = st.builds(events.Undelivered, TEXTS, TEXTS)
USER = st.builds(events.User, TEXTS, NUMBERS, ROOMS)
REPLIES: st.SearchStrategy[Reply] = st.one_of(
    st.builds(events.Welcome, TEXTS, NUMBERS, TEXTS, ROOMS),
    st.builds(events.Rooms, st.lists(ENTRY, max_size=5).map(tuple)),
    st.builds(events.Users, st.lists(USER, max_size=5).map(tuple), st.none() | TEXTS),
    st.builds(events.History, TEXTS, st.lists(MESSAGES, max_size=5).map(tuple)),
    st.builds(events.Goodbye, TEXTS),
)

TAGS = (
    *("hello", "message", "set-name", "users", "history", "ping", "quit"),
    *("private", "join", "leave", "rooms", "authenticate", "search"),
)

#: Any JSON, and objects like frames: the right keys with any values.
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
TYPES = st.sampled_from([*TAGS, "welcome", "x"])
KEYS = (
    *("text", "room", "nickname", "version", "limit", "before", "to", "account", "password"),
    *("words", "from", "since"),
)
DATA = dict.fromkeys(KEYS, JSON)
FRAME_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES | JSON,
        "id": JSON,
        "data": JSON | st.fixed_dictionaries({}, optional=DATA),
        "x": JSON,
    },
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid line in which some bytes are replaced, removed or inserted."""
    line = native_client.encode(draw(COMMANDS), draw(IDS))[:-1]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(line)))
        line = line[:start] + draw(st.binary(max_size=3)) + line[start + draw(st.integers(0, 3)) :]
    return line


LINES = st.one_of(st.binary(), FRAME_LIKE.map(lambda frame: json.dumps(frame).encode()), damaged())


@given(LINES)
@example(b'{"type":"ping","id":"\\ud800"}')
@example(b'{"type":"\\ud800","id":7}')
def test_any_line_is_a_request_or_refused(line: bytes) -> None:
    try:
        request = DIALECT.decode(line)
    except Refusal as refusal:
        frame = native_client.decode(DIALECT.encode_reply(refusal, refusal.request_id)[:-1])
        assert frame == frames.Error(  # noqa: PT017  # either result is right
            id=refusal.request_id, data=frames.ErrorData(refusal.code, str(refusal))
        )
    else:
        assert isinstance(request, Request)
        assert not isinstance(request.command, LocalReply)
        again = native_client.encode(request.command, request.request_id)
        assert DIALECT.decode(again[:-1]) == request


@given(LINES)
def test_no_line_from_a_server_makes_the_client_raise(line: bytes) -> None:
    frame = native_client.decode(line)
    assert frame is None or isinstance(frame, frames.FromServer)


@given(COMMANDS, IDS)
def test_the_server_decodes_what_the_client_encodes(
    command: Command, request_id: RequestId
) -> None:
    line = native_client.encode(command, request_id)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    request = DIALECT.decode(line[:-1])
    assert (request.command, request.request_id) == (command, request_id)


@given(EVENTS)
def test_the_client_decodes_every_event(event: Event) -> None:
    line = DIALECT.encode_event(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    frame = native_client.decode(line[:-1])
    assert frame is not None
    assert (frame.id, data(frame)) == (None, event)


@given(REPLIES, IDS.filter(lambda request_id: request_id is not None))
def test_the_client_decodes_every_reply(reply: Reply, request_id: RequestId) -> None:
    line = DIALECT.encode_reply(reply, request_id)
    assert line.count(b"\n") == 1
    frame = native_client.decode(line[:-1])
    assert frame is not None
    assert (frame.id, data(frame)) == (request_id, reply)


@given(
    st.builds(events.Ok, TEXTS, NUMBERS, NUMBERS)
    | st.builds(events.JoinDone, TEXTS, st.booleans())
    | st.builds(events.PrivateSent, NUMBERS, st.lists(UNDELIVERED, max_size=3).map(tuple))
)
def test_replies_without_a_frame_of_their_own_are_ok(reply: Reply) -> None:
    frame = native_client.decode(DIALECT.encode_reply(reply, 7)[:-1])
    assert isinstance(frame, frames.Ok)
    assert frame.id == 7
    sent = to_builtins(reply)
    if isinstance(reply, events.PrivateSent):
        sent = {"time": reply.time, "missed": reply.undelivered}
    assert {name: getattr(frame.data, name) for name in sent} == sent


@given(IDS.filter(lambda request_id: request_id is not None))
def test_the_client_decodes_a_reply_without_data(request_id: RequestId) -> None:
    done = native_client.decode(DIALECT.encode_reply(events.Ok(), request_id)[:-1])
    assert done == frames.Ok(id=request_id)
    pong = native_client.decode(DIALECT.encode_reply(events.Pong(), request_id)[:-1])
    assert pong == frames.Pong(id=request_id)


@given(EVENTS, st.dictionaries(st.text(max_size=5).map("x-".__add__), IDS | ROOMS))
def test_the_client_ignores_keys_that_it_does_not_know(
    event: Event, more: dict[str, object]
) -> None:
    event_frame = json.loads(DIALECT.encode_event(event))
    event_frame["data"] |= more
    frame = native_client.decode(json.dumps(event_frame | more).encode())
    assert frame is not None
    assert data(frame) == event


def test_the_client_ignores_frames_that_it_does_not_know() -> None:
    assert native_client.decode(b'{"type":"sang","data":{"song":"la"}}') is None


def test_the_client_ignores_lines_with_invalid_utf_8_anywhere() -> None:
    assert native_client.decode(b'{"type":"pong","x":"\xff"}') is None


def data(frame: frames.FromServer) -> object:
    return getattr(frame, "data", None)
