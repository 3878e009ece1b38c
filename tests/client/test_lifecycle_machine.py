"""The lifecycle as a whole: every state has a way out, whatever happens."""

from inspect import signature
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.lifecycle import Inputs, ServerAddress, machine
from tests.client.lifecycle_harness import INTO, JITTER, PARTY, Run


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
    seen = set()
    while state != "gone":
        assert state not in seen, "a circle"
        seen.add(state)
        following = transitions()[state]
        state = following["leave"] if following["leave"] != state else following["expired"]


@given(st.lists(st.integers(0, 20), max_size=30), st.booleans(), st.integers(0, 3))
def test_whatever_happens_only_the_states_with_a_timeout_have_one_and_it_ends_once(
    choices: list[int], once: bool, others: int
) -> None:
    run, table, state = Run([], once, others), transitions(), "idle"
    for choice in choices:
        # The machine causes these two by itself.
        names = sorted(table[state].keys() - {"expired", "give_up"})
        name = names[choice % len(names)]
        run.input(name, argument_of(name))
        state = table[state][name]
        if state == "waiting":
            if once and run.ends:
                state = "gone"
            else:
                run.clock.advance(4 + JITTER)
                state = "discovering"
        has_timeout = state in ("connecting", "registering", "leaving")
        assert len(run.clock.getDelayedCalls()) == has_timeout
    assert len(run.ends) == (state == "gone")


def argument_of(name: str) -> ServerAddress | str | None:
    """An argument for the input `name`, if it has one."""
    parameters = signature(getattr(Inputs, name)).parameters
    if "server" in parameters:
        return PARTY
    return "a reason" if len(parameters) > 1 else None
