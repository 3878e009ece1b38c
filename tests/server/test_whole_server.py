"""Whatever people of all dialects do at one server: nobody hears what is not theirs, in one order,
and nothing is left of those who are gone."""

from collections.abc import Callable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from chatd.chat.names import LOBBY
from tests.server import scenario
from tests.server.scenario import PEOPLE, Scenario

WHO = st.integers(0, PEOPLE - 1)
DIALECTS = st.sampled_from(scenario.DIALECTS)
NAMES = st.sampled_from(["ice", "moon", "sun", "Ice", "star", "nova", "10.35.11.112:40002"])
ROOMS = st.sampled_from([LOBBY, LOBBY, "#dev", "#Dev", "#a"])
RECIPIENTS = st.lists(NAMES, min_size=1, max_size=3)
TEXTS = st.sampled_from(["", "\ntwo lines", " \u00e9\U0001f600", " long" * 60, "\x00"])
GARBAGE = st.binary(max_size=8).map(lambda garbage: garbage + b"\n") | st.sampled_from(
    [b"{", b"}", b"\n", b"\xff\xfe\n", b'{"type":"message"', b"[" * 300 + b"\n", b"\xff\xfb\x01"]
)
SECONDS = st.sampled_from([0.05, 0.05, 0.05, 0.25, 0.25, 0.6, 0.6, 6, 61])

Action = Callable[[Scenario], None]


def _action(
    does: Callable[..., None], **words: st.SearchStrategy[object]
) -> st.SearchStrategy[Action]:
    return st.builds(partial, st.just(does), **words)


_SPEAKS = _action(Scenario.speaks, who=WHO, text=TEXTS, room=ROOMS)
_WHISPERS = _action(Scenario.whispers, who=WHO, text=TEXTS, to=RECIPIENTS)
_TURN_ENDS = _action(Scenario.turn_ends)

ACTIONS = st.one_of(
    _action(Scenario.comes, dialect=DIALECTS, name=st.none() | NAMES),
    _action(
        Scenario.asks, who=WHO, what=st.sampled_from(["enter", "rename", "sign in"]), word=NAMES
    ),
    _action(Scenario.asks, who=WHO, what=st.sampled_from(["join", "join", "leave"]), word=ROOMS),
    _action(Scenario.asks, who=WHO, what=st.sampled_from(["list", "list", "watch", "quit"])),
    *[_SPEAKS] * 5,
    *[_WHISPERS] * 3,
    *[_TURN_ENDS] * 2,
    _action(Scenario.sends, who=WHO, garbage=GARBAGE, more=GARBAGE),
    _action(Scenario.stops_reading, who=WHO),
    _action(Scenario.reads_on, who=WHO),
    _action(Scenario.hangs_up, who=WHO, is_half=st.booleans()),
    _action(Scenario.password_was_checked, is_right=st.booleans()),
    _action(Scenario.time_passes, seconds=SECONDS),
)


@given(st.lists(DIALECTS, min_size=2, max_size=5), st.lists(ACTIONS, min_size=60, max_size=150))
def test_everyone_receives_exactly_what_is_meant_for_them_and_nothing_is_left_behind(
    here: list[str], actions: list[Action]
) -> None:
    with Scenario(here) as scenario:
        for action in actions:
            action(scenario)
            scenario.check()
