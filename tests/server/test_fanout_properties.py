"""Sharing bytes changes nothing: each member is sent what a naive fan-out would send it."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IReactorTime

from chatd.chat import limits
from chatd.chat.errors import RequestId
from chatd.chat.events import Event
from chatd.chat.outbox import MemberId
from chatd.server import chat
from chatd.server.audience import Recipient
from chatd.server.factory import JIM, MAIN, PLAIN, PortType
from chatd.wire.dialect import Result
from tests.server.harness import Client, Harness, connect_browser, hello, line


class NaiveFanout:
    """What :class:`chatd.server.fanout.Fanout` promises, without any art."""

    def __init__(self, clock: IReactorTime, now: Callable[[], int]) -> None:
        self._now = now
        self._connections: dict[MemberId, Recipient] = {}
        self._everyone: dict[MemberId, Recipient] = {}
        self._watching: dict[MemberId, Recipient] = {}
        self._rooms: dict[str, dict[MemberId, Recipient]] = {}

    def attach(self, member: MemberId, listener: Recipient) -> None:
        self._connections[member] = listener

    def detach(self, member: MemberId) -> None:
        self._connections.pop(member, None)

    def dialect_changed(self, member: MemberId) -> None:
        pass

    def reply(self, member: MemberId, outcome: Result, request_id: RequestId = None) -> int:
        dialect = self._connections[member].dialect
        data = dialect.encode_reply(outcome, request_id, self._now())
        self.send(member, outcome, data)
        return len(data)

    def send(self, member: MemberId, told: object, data: bytes) -> None:
        if data:
            self._connections[member].output.send(told, data)

    def add_member(self, member: MemberId) -> None:
        self._everyone[member] = self._connections[member]
        self._watching.pop(member, None)

    def add_watcher(self, member: MemberId) -> None:
        self.add_member(member)
        self._watching[member] = self._connections[member]

    def remove_member(self, member: MemberId) -> None:
        self._everyone.pop(member)
        self._watching.pop(member, None)
        for room in self._rooms.values():  # one that goes away stays there, and is sent nothing
            room.pop(member, None)

    def join_room(self, member: MemberId, room: str) -> None:
        self._rooms.setdefault(room, {})[member] = self._connections[member]

    def leave_room(self, member: MemberId, room: str) -> None:
        del self._rooms[room][member]

    def end_connection(self, member: MemberId, reason: str) -> None:
        self._connections[member].disconnect(reason)

    def to_member(self, member: MemberId, event: Event) -> None:
        self._tell([(member, self._everyone[member])], event, 0)

    def to_all(self, event: Event, origin: MemberId, rooms: frozenset[str] | None = None) -> None:
        self._tell(self._everyone.items(), event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        self._tell((self._rooms[room] | self._watching).items(), event, origin)

    def remove_message(self, room: str, seq: int, by: str) -> None:
        pass

    def to_members(self, room: str, event: Event, origin: MemberId) -> None:
        self._tell(self._rooms[room].items(), event, origin)

    def _tell(
        self, listeners: Iterable[tuple[MemberId, Recipient]], event: Event, origin: MemberId
    ) -> None:
        for member, listener in listeners:
            if member != origin or type(event) in listener.dialect.echoes:
                self.send(member, event, listener.dialect.encode_event(event, self._now()))


#: One thing that happens in a harness.
Step = Callable[[Harness], None]

PEOPLE = 6
NAMES = st.sampled_from(["ice", "moon", "sun", "Ice"])
ROOMS = st.sampled_from(["#lobby", "#dev", "#a"])
TEXTS = st.sampled_from(["hello", "two\nlines", "é", "x" * 300])
IDS = st.none() | st.integers(0, 9)


def _native() -> st.SearchStrategy[bytes]:
    said = [
        st.builds(lambda name, _: hello(name), NAMES, IDS),
        *[
            st.builds(lambda data, request_id, kind=kind: line(kind, data, request_id), data, IDS)
            for kind, data in {
                "message": st.fixed_dictionaries({"text": TEXTS, "room": ROOMS}),
                "private": st.fixed_dictionaries(
                    {"text": TEXTS, "to": st.lists(NAMES, max_size=3)}
                ),
                "set-name": st.fixed_dictionaries({"nickname": NAMES}),
                "join": st.fixed_dictionaries({"room": ROOMS}),
                "leave": st.fixed_dictionaries({"room": ROOMS}),
                "history": st.fixed_dictionaries({"room": ROOMS, "limit": st.just(3)}),
                "users": st.just({}),
                "nonsense": st.just({}),
            }.items()
        ],
        st.builds(lambda request_id: line("watch", None, request_id), IDS),
        st.just(line("quit")),
    ]
    return st.one_of(said)


def _basic() -> st.SearchStrategy[bytes]:
    return st.one_of(
        st.builds(lambda text: line("message", text), TEXTS),
        st.builds(lambda name: line("set-name", name), NAMES),
        st.sampled_from([line("history", ""), line("users", ""), b"{}\n"]),
    )


def _plain() -> st.SearchStrategy[bytes]:
    return st.one_of(
        NAMES.map(lambda name: f"{name}\n".encode()),
        st.builds(lambda name, room: f"@{name} hi {room}\n".encode(), NAMES, ROOMS),
        ROOMS.map(lambda room: f"/join {room}\n".encode()),
        ROOMS.map(lambda room: f"/leave {room}\n".encode()),
        NAMES.map(lambda name: f"/setname {name}\n".encode()),
        st.sampled_from([b"hello\n", b"/users\n", b"/history\n", b"exit()\n"]),
    )


def _jim() -> st.SearchStrategy[bytes]:
    def said(action: str, **more: object) -> bytes:
        return json.dumps({"action": action, **more}).encode()

    return st.one_of(
        NAMES.map(lambda name: said("presence", user={"account_name": name})),
        ROOMS.map(lambda room: said("join", room=room)),
        ROOMS.map(lambda room: said("leave", room=room)),
        st.builds(lambda to, text: said("msg", to=to, message=text), NAMES | ROOMS, TEXTS),
        st.just(said("quit")),
    )


def _by(port: PortType) -> Step:
    return lambda harness: _meet(harness.try_connect_to(Client, port, "127.0.0.1"))


def _meet(client: Client | None) -> None:
    assert client is not None


def _by_browser(harness: Harness) -> None:
    _meet(connect_browser(harness, "127.0.0.1"))


#: The ways to come, and what is said by those who came so.
WAYS: dict[Step, st.SearchStrategy[bytes]] = {
    _by(MAIN): _native() | _basic(),
    _by(PLAIN): _plain(),
    _by(JIM): _jim(),
    _by_browser: _native() | st.just(line("watch")),
}


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """People come, speak (several times in one turn of the server), stop reading, and go."""
    ways = draw(st.lists(st.sampled_from(list(WAYS)), min_size=2, max_size=PEOPLE))
    spoken = [
        st.builds(lambda data, who=who: _speaks(who, data), WAYS[way])
        for who, way in enumerate(ways)
    ]
    someone = st.integers(0, len(ways) - 1)
    others = [
        someone.map(lambda who: _with(who, _stops_reading)),
        someone.map(lambda who: _with(who, Client.resume_reading)),
        someone.map(lambda who: _with(who, _is_gone)),
        st.just(_turn_ends),
        st.just(_time_passes),
    ]
    return ways + draw(st.lists(st.one_of(*spoken, *spoken, *others), min_size=20, max_size=80))


def _speaks(who: int, data: bytes) -> Step:
    return lambda harness: _with(who, lambda client: client.connection.dataReceived(data))(harness)


def _with(who: int, act: Callable[[Client], None]) -> Step:
    def step(harness: Harness) -> None:
        client = harness.clients[who]
        if not (client.is_lost or client.is_dropped() or client.is_cut_off()):
            act(client)

    return step


def _stops_reading(client: Client) -> None:
    # A transport says so when something is written to it.
    client.end_turn()
    client.stop_reading()


def _is_gone(client: Client) -> None:
    # What nobody can receive any more counts for nothing.
    client.end_turn()
    client.hang_up()


def _turn_ends(harness: Harness) -> None:
    harness.clock.advance(0)


def _time_passes(harness: Harness) -> None:
    harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)


def _heard(happens: list[Step], **settings: Any) -> list[bytes]:
    """What each client is sent in the end, when this happens."""
    with Harness(flood=0, **settings) as harness:
        for step in happens:
            step(harness)
        harness.clock.advance(0)
        for who in range(len(harness.clients)):
            _with(who, Client.resume_reading)(harness)
        harness.clock.advance(0)
        return [b"".join(client.transport.segments) for client in harness.clients]


@given(steps())
def test_everyone_is_sent_what_a_naive_fanout_sends(happens: list[Step]) -> None:
    shared = _heard(happens)
    with patch.object(chat, "Fanout", NaiveFanout):
        obvious = _heard(happens)
    assert shared == obvious


@given(steps())
def test_everyone_is_sent_what_a_naive_fanout_sends_with_tiny_batches(happens: list[Step]) -> None:
    with patch.object(limits, "BATCH_BYTES", 150):
        shared = _heard(happens)
    with patch.object(chat, "Fanout", NaiveFanout):
        obvious = _heard(happens)
    assert shared == obvious
