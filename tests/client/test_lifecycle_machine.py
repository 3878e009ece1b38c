"""The machine of the client's life as a whole: no state without a way out, whatever happens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.lifecycle import machine
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
            ("failed", "retry_later", "rejected", "nickname_refused", "cannot_ask", "lost"), "so"
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
