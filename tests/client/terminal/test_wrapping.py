"""Wrapped lines: nothing is lost, and no row looks like another line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from chatd.client.terminal.output import Line, wrap


def rows(line: Line, columns: int, indent: int = 6) -> list[str]:
    return ["".join(text for _, text, *_ in row) for row in wrap(line, columns, indent)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12:34 ice: short", ["12:34 ice: short"]),
        ("", [""]),
        ("12:34 ice: one two three", ["12:34 ice: one two ", "      three"]),
        (
            "12:34 ice: abcdefghijklmnopqrstuvwxyz",
            ["12:34 ice: abcdefghi", "      jklmnopqrstuvw", "      xyz"],
        ),
        ("12:34 ice: exactly20 and so on", ["12:34 ice: exactly20", "      and so on"]),
        ("12:34 ice: exactly20 ", ["12:34 ice: exactly20"]),
        ("12:34 ice: " + "你好" * 5, ["12:34 ice: 你好你好", "      你好你好你好"]),
    ],
)
def test_a_line_is_wrapped_between_words_and_its_rows_are_indented(
    text: str, expected: list[str]
) -> None:
    assert rows([("", text)], 20) == expected


def test_each_piece_keeps_its_style() -> None:
    line: Line = [("class:time", "12:34 "), ("bold", "ice"), ("", ": hello there, moon")]
    first, second = wrap(line, 20, 6)
    assert {style: text for style, text, *_ in first if text != " "} == {
        "class:time": "12:34",
        "bold": "ice",
        "": "hello",
    }
    assert "".join(text for _, text, *_ in second) == "      there, moon"


def test_a_very_narrow_window_gets_the_line_whole() -> None:
    assert rows([("", "12:34 ice: hello there")], 8) == ["12:34 ice: hello there"]


@given(
    st.text(st.characters(exclude_categories=["C", "Z", "M"], include_characters=" ")),
    st.integers(12, 60),
)
def test_no_row_is_too_wide_all_but_the_first_are_indented_and_only_spaces_are_lost(
    text: str, columns: int
) -> None:
    first, *others = rows([("", text)], columns)
    assert all(row.startswith(" " * 6) for row in others)
    shown = first + "".join(row[6:] for row in others)
    assert shown.replace(" ", "") == text.replace(" ", "")
    assert len(text) - len(shown) <= len(others) + 1
    assert all(get_cwidth(row.rstrip(" ")) <= columns for row in (first, *others))
