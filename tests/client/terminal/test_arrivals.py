"""Arrivals and departures in one line."""

import pytest

from chatd.chat import limits
from chatd.client.terminal.arrivals import Arrival, Arrivals, describe


def arrivals(*steps: str) -> list[Arrival]:
    """Each step is a nickname, with a minus before it if that one leaves."""
    return [Arrival(each.lstrip("-"), not each.startswith("-"), 0, each) for each in steps]


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (["ana"], "ana came in"),
        (["ana", "ben"], "ana and ben came in"),
        (["ana", "ben", "cem"], "ana, ben and cem came in"),
        (["ana", "ben", "cem", "dan"], "ana, ben and 2 others came in (Alt-A: all)"),
        (["-ana", "ben"], "ana left; ben came in"),
        (["ana", "-ana"], "ana came and went"),
        (["-ana", "ANA"], "ANA left and came back"),
        (["ana", "-ana", "ana"], "ana came in"),
        (["-a\u202e"], "a<U+202E> left"),
    ],
)
def test_all_is_said_in_one_sentence(steps: list[str], sentence: str) -> None:
    assert describe(arrivals(*steps)) == sentence


def test_a_whole_class_is_one_line_of_two_names_and_a_number() -> None:
    names = [f"s{number}" for number in range(28)]
    assert describe(arrivals(*names)) == "s0, s1 and 26 others came in (Alt-A: all)"


def test_not_more_than_a_number_of_them_are_in_one_line() -> None:
    each = tuple(arrivals(*(str(number) for number in range(limits.CONDENSED_ARRIVALS))))
    assert Arrivals(each).is_full
    assert not Arrivals(each[1:]).is_full
