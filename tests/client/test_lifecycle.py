"""The client's life, row by row of its table: what moves it on, where to, and after how long."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.client.lifecycle import Inputs, Life, Server, machine

PARTY: Final = Server("10.35.11.111", 7777, "party")
JITTER: Final = 0.75
JUST: Final = 0.001

#: The way from the start of the run into each state.
INTO: dict[str, list[tuple[str, Any]]] = {
    "idle": [],
    "discovering": [("start", None)],
    "connecting": [("start", None), ("offered", PARTY)],
    "registering": [("start", None), ("offered", PARTY), ("connected", None)],
}
INTO |= {
    "asking": [*INTO["registering"], ("nickname_refused", "taken")],
    "online": [*INTO["registering"], ("welcomed", None)],
    "waiting": [*INTO["connecting"], ("failed", "refused")],
}
INTO["leaving"] = [*INTO["online"], ("leave", None)]
INTO["gone"] = [*INTO["idle"], ("leave", None)]


class RecordedEffects:
    """Does nothing, and writes down what it was told to do."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def __getattr__(self, effect: str) -> Callable[..., None]:
        return lambda *arguments: self.done.append((effect, *arguments))


class Run:
    """One run of a client, as far as some `inputs`."""

    def __init__(self, inputs: Sequence[tuple[str, Any]], once: bool = False) -> None:
        self.clock = Clock()
        self.effects = RecordedEffects()
        self.life = Life(self.effects, self.clock, lambda: JITTER, once)
        self.inputs: Inputs = machine(self.life)
        for name, argument in inputs:
            self.happens(name, argument)
        self.effects.done.clear()

    def happens(self, name: str, argument: Any = None) -> None:
        getattr(self.inputs, name)(*([] if argument is None else [argument]))

    def refused(self, code: str) -> None:
        self.life.refuse(self.inputs, code, f"because of {code}")

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self.effects.done]

    @property
    def ends(self) -> list[tuple[Any, ...]]:
        return [effect for effect in self.effects.done if effect[0] == "gone"]

    def retries_after(self) -> float:
        [(_, _, seconds)] = [each for each in self.effects.done if each[0] == "waiting"]
        assert isinstance(seconds, float)
        return seconds


@pytest.mark.parametrize(
    ("state", "happens", "argument", "effects"),
    [
        ("idle", "start", None, [("seek",)]),
        ("discovering", "offered", PARTY, [("stop_seeking",), ("connect", PARTY)]),
        ("connecting", "connected", None, [("hello",)]),
        ("connecting", "failed", "refused", [("disconnect",), ("waiting", "refused", 4.0)]),
        ("registering", "welcomed", None, [("online",)]),
        ("registering", "nickname_refused", "taken", [("disconnect",), ("ask", "taken")]),
        ("registering", "turned_away", "full", [("disconnect",), ("waiting", "full", 4.0)]),
        (
            "registering",
            "lost",
            "reset",
            [("disconnect",), ("waiting", "reset", 4.0 + JITTER)],
        ),
        ("asking", "answered", None, [("connect", PARTY)]),
        (
            "online",
            "lost",
            "reset",
            [("offline", "reset"), ("disconnect",), ("waiting", "reset", 4.0 + JITTER)],
        ),
        ("online", "leave", None, [("quit",)]),
    ],
)
def test_each_row_of_the_table_does_what_it_says(
    state: str, happens: str, argument: Any, effects: list[tuple[Any, ...]]
) -> None:
    run = Run(INTO[state])
    run.happens(happens, argument)
    assert run.effects.done == effects


@pytest.mark.parametrize(
    ("steps", "seconds", "then"),
    [
        (INTO["connecting"], 3.0, "waiting"),
        (INTO["registering"], 3.0, "waiting"),
        (INTO["waiting"], 4.0, "seek"),
        ([*INTO["registering"], ("turned_away", "full")], 4.0, "seek"),
        ([*INTO["registering"], ("lost", "reset")], 4.0 + JITTER, "seek"),
        ([*INTO["online"], ("lost", "reset")], 4.0 + JITTER, "seek"),
        ([*INTO["asking"], ("answered", None)], 3.0, "waiting"),
        (INTO["leaving"], 2.0, "gone"),
    ],
)
def test_a_state_is_over_at_its_time_and_not_before(
    steps: Sequence[tuple[str, Any]], seconds: float, then: str
) -> None:
    run = Run(steps)
    run.clock.advance(seconds - JUST)
    assert run.names == []
    run.clock.advance(JUST)
    assert then in run.names


@pytest.mark.parametrize("state", ["connecting", "registering"])
def test_a_wait_after_a_time_that_ran_out_has_no_jitter(state: str) -> None:
    run = Run(INTO[state])
    run.clock.advance(3)
    assert run.retries_after() == 4.0


@pytest.mark.parametrize("state", ["discovering", "asking", "online"])
def test_a_state_without_a_time_lasts_as_long_as_it_takes(state: str) -> None:
    run = Run(INTO[state])
    run.clock.advance(1_000_000)
    assert run.names == []
    assert run.clock.getDelayedCalls() == []


def test_a_client_that_finds_its_server_gone_looks_for_it_again_and_again() -> None:
    run = Run(INTO["online"])
    run.happens("lost", "reset")
    for _ in range(3):
        run.clock.advance(4 + JITTER)
        run.happens("offered", PARTY)
        run.happens("failed", "refused")
    assert run.names.count("seek") == 3
    assert run.names.count("connect") == 3
    assert run.ends == []


@pytest.mark.parametrize(
    ("code", "at_first", "later"),
    [
        ("nickname-taken", "ask", "waiting"),
        ("bad-nickname", "ask", "gone"),
        ("full", "waiting", "waiting"),
        ("too-late", "waiting", "waiting"),
        ("version", "gone", "gone"),
        ("blocked", "gone", "gone"),
        ("some-later-code", "gone", "gone"),
    ],
)
def test_a_refusal_of_hello_means_this_at_first_and_that_later_on(
    code: str, at_first: str, later: str
) -> None:
    run = Run(INTO["registering"])
    run.refused(code)
    assert run.names[-1] == at_first

    run = Run([*INTO["online"], ("lost", "reset")])
    run.clock.advance(5)
    run.happens("offered", PARTY)
    run.happens("connected")
    run.refused(code)
    assert run.names[-1] == later


def test_a_person_is_asked_until_the_first_registration_succeeds() -> None:
    run = Run(INTO["registering"])
    for _ in range(2):
        run.refused("nickname-taken")
        run.happens("answered")
        run.happens("connected")
    run.happens("welcomed")
    assert run.names.count("ask") == 2
    assert run.names[-1] == "online"


@pytest.mark.parametrize(
    ("state", "happens", "status"),
    [
        ("asking", "nobody_to_ask", 2),
        ("registering", "rejected", 2),
        ("discovering", "rejected", 2),
    ],
)
def test_what_cannot_be_helped_ends_with_status_2_and_a_reason(
    state: str, happens: str, status: int
) -> None:
    run = Run(INTO[state])
    run.happens(happens, "that is why")
    assert run.ends == [("gone", status, "that is why")]


@pytest.mark.parametrize(
    ("steps", "happens", "status"),
    [
        (INTO["connecting"], "failed", 1),
        (INTO["registering"], "turned_away", 1),
        (INTO["registering"], "lost", 1),
        (INTO["online"], "lost", 0),
    ],
)
def test_a_client_with_a_direct_address_does_not_come_back(
    steps: Sequence[tuple[str, Any]], happens: str, status: int
) -> None:
    run = Run(steps, once=True)
    run.happens(happens, "no server")
    assert run.ends == [("gone", status, "no server")]
    assert "waiting" not in run.names
    assert run.clock.getDelayedCalls() == []


@pytest.mark.parametrize("state", ["connecting", "registering"])
def test_with_a_direct_address_a_time_that_runs_out_ends_it_with_status_1(state: str) -> None:
    run = Run(INTO[state], once=True)
    run.clock.advance(3 - JUST)
    assert run.names == []
    run.clock.advance(JUST)
    assert [status for _, status, _ in run.ends] == [1]


@pytest.mark.parametrize("state", ["idle", "discovering", "connecting", "registering", "asking"])
def test_leaving_before_being_online_ends_it_at_once_with_status_0(state: str) -> None:
    run = Run(INTO[state])
    run.happens("leave")
    assert run.effects.done == [("stop_seeking",), ("disconnect",), ("gone", 0, "")]
    assert run.clock.getDelayedCalls() == []


def test_leaving_while_waiting_ends_it_at_once_with_status_0() -> None:
    run = Run(INTO["waiting"])
    run.happens("leave")
    assert run.ends == [("gone", 0, "")]
    assert run.clock.getDelayedCalls() == []


def test_a_client_that_leaves_waits_for_the_goodbye() -> None:
    run = Run(INTO["leaving"])
    run.happens("leave")
    assert run.names == []
    run.happens("lost", "quit")
    assert run.ends == [("gone", 0, "")]
    assert run.clock.getDelayedCalls() == []


def test_what_is_gone_stays_gone() -> None:
    run = Run(INTO["gone"])
    run.happens("leave")
    run.clock.advance(1_000_000)
    assert run.names == []


def transitions() -> dict[str, dict[str, str]]:
    """Every legal transition: from which state, upon which input, into which state."""
    found: dict[str, dict[str, str]] = {}
    for old, happened, new, _ in machine.__automat_automaton__.allTransitions():
        found.setdefault(_name(old), {})[happened] = _name(new)
    return found


def _name(state: Any) -> str:
    return str(state.name)


def test_these_tests_know_every_state() -> None:
    assert set(transitions()) == set(INTO)


@pytest.mark.parametrize("state", sorted(INTO))
def test_every_state_can_be_left_for_good(state: str) -> None:
    seen, at = set(), state
    while at != "gone":
        assert at not in seen, "it goes round in circles"
        seen.add(at)
        following = transitions()[at]
        at = following["leave"] if following["leave"] != at else following["expired"]


@given(st.lists(st.integers(0, 20), max_size=30), st.booleans())
def test_whatever_happens_only_legal_times_run_and_the_end_comes_once(
    choices: list[int], once: bool
) -> None:
    run, table, at = Run([], once), transitions(), "idle"
    for choice in choices:
        # Only these two are not somebody else's doing.
        possible = sorted(table[at].keys() - {"expired", "give_up"})
        happens = possible[choice % len(possible)]
        arguments = {"offered": PARTY} | dict.fromkeys(
            ("failed", "turned_away", "rejected", "nickname_refused", "nobody_to_ask", "lost"), "so"
        )
        run.happens(happens, arguments.get(happens))
        at = table[at][happens]
        if at == "waiting":
            if once:
                at = "gone"
            else:
                run.clock.advance(4 + JITTER)
                at = "discovering"
        assert len(run.clock.getDelayedCalls()) == (at in ("connecting", "registering", "leaving"))
    assert len(run.ends) == (at == "gone")
