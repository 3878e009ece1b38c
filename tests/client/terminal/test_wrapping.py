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


URL = "https://example.org/a/very/long/path?with=arguments&and=more#fragment"


@pytest.mark.parametrize("around", ["{}", "({})", "see:{}", "<{}>.", '"{}",'])
def test_a_url_longer_than_a_row_is_not_broken(around: str) -> None:
    text = around.format(URL)
    assert rows([("", f"12:34 ice: look at {text} now")], 30) == [
        "12:34 ice: look at ",
        f"      {text}",
        "      now",
    ]


def test_what_only_looks_like_a_url_begins_no_row_of_its_own() -> None:
    text = "https://x\u00a0" + "12:34\u00a0moon:\u00a0" * 5
    assert all(len(row) <= 30 for row in rows([("", f"12:34 ice: {text}")], 30))


CLUSTERS = [
    "\U0001f1e9\U0001f1ea",  # a flag
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
    "\U0001f44b\U0001f3fd",  # a skin tone
    "\u0915\u094d\u0937\u093f",  # Devanagari
    "e\u0301",
    "\u2764\ufe0f",
]


@pytest.mark.parametrize("cluster", CLUSTERS, ids=ascii)
@pytest.mark.parametrize("columns", [20, 21, 22, 23, 24, 25])
def test_what_is_one_character_to_a_reader_is_not_divided(cluster: str, columns: int) -> None:
    found = rows([("", f"12:34 ice: {cluster * 20}")], columns)
    assert sum(row.count(cluster) for row in found) == 20


def test_a_very_long_word_is_wrapped_in_time() -> None:
    """With time that grows with the square this would take minutes."""
    text = "x" * 1_000_000
    assert "".join(row.strip() for row in rows([("", text)], 80)) == text
