"""The client's end of the connection: lines become frames, commands become lines."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.chat import commands, events, limits
from chatd.client.protocol import ServerConnection
from chatd.wire import frames
from chatd.wire.client_frames import ResumeData
from chatd.wire.frames import FromServer


class Owner:
    """Writes down what it hears of its connection."""

    def __init__(self) -> None:
        self.made = 0
        self.frames: list[FromServer] = []
        self.reasons: list[str] = []

    def reached(self) -> None:
        """Nothing depends on it here."""

    def handshake_failed(self, connection: ServerConnection, reason: str) -> None:
        raise NotImplementedError

    def connected(self, connection: ServerConnection, fingerprint: str) -> None:
        self.made += 1

    def frame_received(self, frame: FromServer) -> None:
        self.frames.append(frame)

    def connection_lost(self, connection: ServerConnection, reason: str) -> None:
        self.reasons.append(reason)


def connect() -> tuple[Owner, ServerConnection, StringTransport]:
    owner, transport = Owner(), StringTransport()
    connection = ServerConnection(owner)
    connection.makeConnection(transport)
    return owner, connection, transport


STREAM = (
    '{"type":"entered","data":{"nickname":"ice"}}\n'
    '{"type":"message","data":{"room":"#lobby","seq":1,"time":5,"source":"ice","text":"h\u00e9"}}\n'
    '{"type":"pong","id":7}\n'
).encode()
FRAMES = [
    frames.MemberEntered(data=events.MemberEntered("ice")),
    frames.Message(data=events.Message("#lobby", 1, 5, "ice", "h\u00e9")),
    frames.Pong(id=7),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_the_stream_may_come_in_pieces_of_any_size(cuts: list[int]) -> None:
    owner, connection, _ = connect()
    ends = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(ends):
        connection.dataReceived(STREAM[start:end])
    assert owner.made == 1
    assert owner.frames == FRAMES


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[Server]: hello",
        b"\xff\xfe",
        b'{"type":"a-later-type","data":{}}',
        b'{"type":"message","data":{}}',
        b'{"type":"message","data":{"source":"[Server]","message":"a basic frame"}}',
        b'{"type":"hello","data":{"nickname":"ice","version":1}}',
        b"[" * 5_000,
    ],
)
def test_unknown_frames_are_ignored(line: bytes) -> None:
    owner, connection, transport = connect()
    connection.dataReceived(line + b"\n" + STREAM)
    assert owner.frames == FRAMES
    assert not transport.disconnecting


def test_keys_that_a_later_version_adds_are_ignored() -> None:
    owner, connection, _ = connect()
    connection.dataReceived(b'{"type":"pong","id":7,"mood":"good"}\n')
    assert owner.frames == [frames.Pong(id=7)]


def test_a_peer_that_sends_endless_lines_is_hung_up_on_with_a_reason() -> None:
    owner, connection, transport = connect()
    for _ in range(4):
        connection.dataReceived(b"x" * limits.LINE_BYTES)
    assert transport.disconnecting
    connection.connectionLost(Failure(ConnectionLost()))
    assert owner.reasons == ["the server sent a line that is too long"]


def test_a_lost_connection_is_reported_with_one_phrase() -> None:
    owner, connection, _ = connect()
    connection.connectionLost(Failure(ConnectionDone()))
    assert owner.reasons == ["the server closed the connection"]


def test_a_closed_connection_reports_nothing_more() -> None:
    owner, connection, transport = connect()
    connection.close()
    assert transport.disconnecting
    connection.dataReceived(STREAM)
    connection.connectionLost(Failure(ConnectionDone()))
    assert (owner.frames, owner.reasons) == ([], [])


def test_a_connection_closed_before_it_is_made_is_dropped_when_it_is() -> None:
    owner, transport = Owner(), StringTransport()
    connection = ServerConnection(owner)
    connection.close()
    connection.makeConnection(transport)
    assert owner.made == 0
    assert transport.disconnecting


def test_a_hello_names_the_session_to_resume() -> None:
    _, connection, transport = connect()
    connection.hello("ice", ResumeData("token", {"#lobby": 7}, 2))
    [hello] = map(msgspec.json.decode, transport.value().splitlines())
    resume = {"session": "token", "seen": {"#lobby": 7}, "private": 2}
    assert hello["data"] == {"nickname": "ice", "version": 1, "resume": resume}


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (commands.Enter("ice"), {"type": "hello", "data": {"nickname": "ice", "version": 1}}),
        (commands.SendMessage("hi"), {"type": "message", "data": {"text": "hi", "room": "#lobby"}}),
        (commands.Rename("moon"), {"type": "set-name", "data": {"nickname": "moon"}}),
        (commands.ListUsers(), {"type": "users", "data": {"room": None}}),
        (
            commands.ReadHistory(limit=5),
            {"type": "history", "data": {"room": "#lobby", "limit": 5, "before": None}},
        ),
        (commands.Ping(), {"type": "ping"}),
        (commands.Quit(), {"type": "quit", "data": {}}),
    ],
)
@pytest.mark.parametrize("request_id", [None, 3])
def test_a_command_goes_out_as_one_line(
    command: commands.Command, sent: dict[str, object], request_id: int | None
) -> None:
    _, connection, transport = connect()
    connection.send(command, request_id)
    expected = sent if request_id is None else {**sent, "id": request_id}
    if request_id is not None and isinstance(command, commands.SendMessage | commands.Rename):
        expected["n"] = request_id
    assert transport.value().endswith(b"\n")
    assert transport.value().count(b"\n") == 1
    assert msgspec.json.decode(transport.value()) == expected
