"""Whatever users of all dialects do at one server, everyone receives what is meant for them.

Nothing else is received, the order is the hub's, and closed connections leave nothing behind.
"""

from collections.abc import Callable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from chatd.chat.names import LOBBY
from tests.server import scenario as scenarios
from tests.server.scenario import MAX_USERS, Scenario

INDEXES = st.integers(0, MAX_USERS - 1)
DIALECTS = st.sampled_from(scenarios.DIALECTS)
NAMES = st.sampled_from(["ice", "moon", "sun", "Ice", "star", "nova", "10.35.11.112:40002"])
ROOMS = st.sampled_from([LOBBY, LOBBY, "#dev", "#Dev", "#a"])
RECIPIENTS = st.lists(NAMES, min_size=1, max_size=3)
TEXTS = st.sampled_from(["", "\ntwo lines", " \u00e9\U0001f600", " long" * 60, "\x00"])
INVALID_DATA = st.binary(max_size=8).map(lambda data: data + b"\n") | st.sampled_from(
    [b"{", b"}", b"\n", b"\xff\xfe\n", b'{"type":"message"', b"[" * 300 + b"\n", b"\xff\xfb\x01"]
)
SECONDS = st.sampled_from([0.05, 0.05, 0.05, 0.25, 0.25, 0.6, 0.6, 6, 61])

Action = Callable[[Scenario], None]


def _action(
    method: Callable[..., None], **words: st.SearchStrategy[object]
) -> st.SearchStrategy[Action]:
    return st.builds(partial, st.just(method), **words)


_SEND_MESSAGE = _action(Scenario.send_message, index=INDEXES, text=TEXTS, room=ROOMS)
_SEND_PRIVATE = _action(Scenario.send_private, index=INDEXES, text=TEXTS, to=RECIPIENTS)
_END_TURN = _action(Scenario.end_turn)

ACTIONS = st.one_of(
    _action(Scenario.connect, dialect=DIALECTS, name=st.none() | NAMES),
    _action(
        Scenario.request,
        index=INDEXES,
        request=st.sampled_from(["enter", "rename", "authenticate"]),
        argument=NAMES,
    ),
    _action(
        Scenario.request,
        index=INDEXES,
        request=st.sampled_from(["join", "join", "leave"]),
        argument=ROOMS,
    ),
    _action(
        Scenario.request, index=INDEXES, request=st.sampled_from(["list", "list", "watch", "quit"])
    ),
    *[_SEND_MESSAGE] * 5,
    *[_SEND_PRIVATE] * 3,
    *[_END_TURN] * 2,
    _action(Scenario.send_bytes, index=INDEXES, data=INVALID_DATA, more=INVALID_DATA),
    _action(Scenario.stop_reading, index=INDEXES),
    _action(Scenario.resume_reading, index=INDEXES),
    _action(Scenario.close, index=INDEXES, is_half=st.booleans()),
    _action(Scenario.finish_password_check, is_right=st.booleans()),
    _action(Scenario.pass_time, seconds=SECONDS),
)


@given(st.lists(DIALECTS, min_size=2, max_size=5), st.lists(ACTIONS, min_size=60, max_size=150))
def test_everyone_receives_exactly_what_is_meant_for_them_and_nothing_is_left_behind(
    dialects: list[str], actions: list[Action]
) -> None:
    with Scenario(dialects) as scenario:
        for action in actions:
            action(scenario)
            scenario.check()
