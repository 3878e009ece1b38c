"""Texts: of colours nothing is left, ``/me`` is an action, and long lines lose nothing."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat import irc_limits
from chatd.wire.irc.text import (
    ClientText,
    as_action,
    cut,
    divide,
    read_text,
    remove_formatting,
    split_line,
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x02bold\x02 and \x1ditalic\x0f", "bold and italic"),
        ("\x034red\x03", "red"),
        ("\x0304,12red on blue", "red on blue"),
        ("\x03123", "3"),
        ("\x031,x", ",x"),
        ("\x04FF00AAhex\x04", "hex"),
        ("\x0412345", "12345"),
        ("\x11code\x1e\x1f\x16", "code"),
        ("a\tb", "a\tb"),
        ("plain é", "plain é"),
    ],
)
def test_of_formatting_only_the_text_is_left(text: str, left: str) -> None:
    assert remove_formatting(text) == left


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", ClientText("hello")),
        ("/me waves", ClientText("/me waves")),
        ("\x01ACTION waves\x01", ClientText("waves", action=True)),
        ("\x01ACTION waves", ClientText("waves", action=True)),
        ("\x01ACTION\x01", ClientText("", action=True)),
        ("\x01ACTION \x02waves\x02\x01", ClientText("waves", action=True)),
        ("\x01VERSION\x01", None),
        ("\x01DCC SEND x 1 2 3\x01", None),
        ("\x01", None),
    ],
)
def test_an_action_is_a_message_and_no_other_request_to_a_client_is(
    text: str, said: ClientText | None
) -> None:
    assert read_text(text) == said


def test_an_action_is_sent_as_clients_send_it() -> None:
    assert as_action("waves") == "\x01ACTION waves\x01"
    said = read_text(as_action("waves"))
    assert said == ClientText("waves", action=True)


def test_each_line_of_a_message_is_one_and_the_rest_of_a_long_one_continues_it() -> None:
    long = "x" * (irc_limits.IRC_TEXT_BYTES + 1)
    assert list(divide(f"one\n\n{long}\n two")) == [
        *(("one", False), ("", False), (long[:-1], False), ("x", True), (" two", False)),
    ]
    assert list(divide("more\nthen", continues=True)) == [("more", True), ("then", False)]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(4, 60))
@example("e" + "\u0301" * 200, 20)
@example("\U0001f469\u200d" * 40, 20)
@example("a" * 400, 10)
def test_a_long_line_is_cut_into_pieces_that_fit_and_lose_nothing(text: str, size: int) -> None:
    pieces = split_line(text, size)
    assert "".join(pieces) == text
    assert all(len(piece.encode()) <= size for piece in pieces)
    assert all(pieces) or text == ""


def test_a_line_is_cut_at_a_space_or_else_between_two_characters() -> None:
    assert split_line("hello big world", 12) == ["hello big ", "world"]
    assert split_line("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert split_line("éééé", 5) == ["éé", "éé"]


def test_a_character_stays_with_its_marks_and_an_emoji_in_one_piece() -> None:
    assert split_line("abcde\u0301fg", 6) == ["abcd", "e\u0301fg"]
    family = "\U0001f469\u200d\U0001f467"
    assert split_line(f"abcd{family}", 12) == ["abcd", family]
    thumb = "\U0001f44d\U0001f3fd"
    assert split_line(f"abcd{thumb}", 9) == ["abcd", thumb]


def test_a_whole_message_of_one_line_of_irc_goes_out_in_one_line() -> None:
    longest = "x" * irc_limits.IRC_TEXT_BYTES
    assert list(divide(longest)) == [(longest, False)]


def test_a_text_that_cannot_be_divided_ends_in_an_ellipsis() -> None:
    assert cut("short", 10) == "short"
    assert cut("a long topic of this room", 12) == "a long…"
    assert len(cut("é" * 400, 300).encode()) <= 300
