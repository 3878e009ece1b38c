"""Shared bytes change nothing for anybody: each member is sent what the obvious server sends it."""

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.server import chat
from chatd.server.factory import JIM, MAIN, PLAIN, PortType
from tests.server.browsers import browser
from tests.server.hall import Guest, Hall, hello, line
from tests.server.obvious import ObviousFanout

#: One thing that happens in a hall.
Step = Callable[[Hall], None]

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
    return lambda hall: _meet(hall.try_to_come(Guest, port, "127.0.0.1"))


def _meet(guest: Guest | None) -> None:
    assert guest is not None


def _by_browser(hall: Hall) -> None:
    _meet(browser(hall, "127.0.0.1"))


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
        someone.map(lambda who: _with(who, Guest.read_on)),
        someone.map(lambda who: _with(who, _is_gone)),
        st.just(_turn_ends),
        st.just(_time_passes),
    ]
    return ways + draw(st.lists(st.one_of(*spoken, *spoken, *others), min_size=20, max_size=80))


def _speaks(who: int, data: bytes) -> Step:
    return lambda hall: _with(who, lambda guest: guest.connection.dataReceived(data))(hall)


def _with(who: int, act: Callable[[Guest], None]) -> Step:
    def step(hall: Hall) -> None:
        guest = hall.guests[who]
        if not (guest.is_lost or guest.is_dropped() or guest.is_cut_off()):
            act(guest)

    return step


def _stops_reading(guest: Guest) -> None:
    # A transport says so when something is written to it.
    guest.end_turn()
    guest.stop_reading()


def _is_gone(guest: Guest) -> None:
    # What nobody can receive any more counts for nothing.
    guest.end_turn()
    guest.hang_up()


def _turn_ends(hall: Hall) -> None:
    hall.clock.advance(0)


def _time_passes(hall: Hall) -> None:
    hall.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)


def _heard(happens: list[Step], **settings: Any) -> list[bytes]:
    """What each guest is sent in the end, when this happens."""
    with Hall(flood=0, **settings) as hall:
        for step in happens:
            step(hall)
        hall.clock.advance(0)
        for who in range(len(hall.guests)):
            _with(who, Guest.read_on)(hall)
        hall.clock.advance(0)
        return [b"".join(guest.transport.segments) for guest in hall.guests]


@given(steps())
def test_everyone_is_sent_exactly_what_a_server_without_batches_sends(happens: list[Step]) -> None:
    shared = _heard(happens)
    with patch.object(chat, "Fanout", ObviousFanout):
        obvious = _heard(happens)
    assert shared == obvious


@given(steps())
def test_however_small_a_batch_may_be(happens: list[Step]) -> None:
    with patch.object(limits, "BATCH_BYTES", 150):
        shared = _heard(happens)
    with patch.object(chat, "Fanout", ObviousFanout):
        obvious = _heard(happens)
    assert shared == obvious
