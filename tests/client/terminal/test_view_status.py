"""What the status line and the prompt say of the views, at each width."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from chatd.client.terminal.view_status import (
    Listed,
    ViewsLine,
    format_private,
    format_views_line,
)

FULL = ViewsLine(
    "online as ice",
    ("ice", ""),
    "party",
    "#lobby",
    3,
    (Listed(2, "#dev", 3), Listed(3, "@ice", 1, 1), Listed(4, "#tea")),
)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (80, " party · #lobby · 3 members · 2:#dev 3  3:@ice 1!  4:#tea · online as ice"),
        (70, " #lobby · 3 members · 2:#dev 3  3:@ice 1!  4:#tea · online as ice"),
        (55, " #lobby · 2:#dev 3  3:@ice 1!  4:#tea · online as ice"),
        (44, " 2:#dev 3  3:@ice 1!  4:#tea · online as ice"),
        (40, " 2:#dev 3  3:@ice 1!  4:#tea · ice"),
        (30, " 2:#dev 3  3:@ice 1!  4:#tea"),
        (22, " 2:#dev 3  3:@ice 1!"),
        (12, " 3:@ice 1!"),
        (9, " ice"),
    ],
)
def test_what_does_not_fit_is_left_out_and_what_is_unread_stays_longest(
    columns: int, line: str
) -> None:
    assert format_views_line(FULL, columns) == line


def test_the_state_of_the_connection_stays_if_the_client_is_not_online() -> None:
    line = replace(
        FULL, status="reconnecting in 3 s", short_statuses=(), server="", target="", members=0
    )
    assert format_views_line(line, 44) == " 2:#dev 3  3:@ice 1! · reconnecting in 3 s"
    assert format_views_line(line, 20) == " reconnecting in 3 s"


def test_unread_messages_of_which_some_are_mentions() -> None:
    assert Listed(2, "#dev", 1_234, 2).format() == "2:#dev 1,234 2!"


@given(
    st.lists(
        st.builds(
            Listed,
            st.integers(1, 99),
            st.text("#a你", max_size=30),
            st.integers(0, 9999),
            st.just(0),
        ),
        max_size=12,
    ),
    st.integers(1, 120),
    st.booleans(),
    st.integers(0, 10_000),
)
def test_it_is_never_wider_than_the_window(
    others: list[Listed], columns: int, is_scrolled: bool, unsent: int
) -> None:
    line = replace(FULL, others=tuple(others), is_scrolled=is_scrolled, unsent=unsent)
    assert get_cwidth(format_views_line(line, columns)) <= columns


@pytest.mark.parametrize(
    ("names", "columns", "text"),
    [
        (("ice",), 20, "privately to ice"),
        (("ice", "moon"), 20, "privately to ice, moon"),
        (("ice", "moon"), 21, "privately to ice and 1 other"),
        (tuple("abcdefgh"), 30, "privately to a, b, c, d, e, f, g, h"),
    ],
)
def test_a_private_prompt_names_as_many_as_fit(
    names: tuple[str, ...], columns: int, text: str
) -> None:
    shown = format_private(names, columns)
    assert shown.startswith("privately to ")
    if get_cwidth(text) <= columns:
        assert shown == text


def test_a_private_prompt_of_many_says_how_many_more_there_are() -> None:
    assert format_private(("ice", "moon", "sun", "star"), 30) == "privately to ice and 3 others"
