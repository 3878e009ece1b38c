"""What a terminal sends besides keys never gets into the line, and every key does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.keys import Keys

from chatd.client.terminal.key_parser import KeyParser


def _keys(pieces: list[str], kind: type[Vt100Parser] = KeyParser) -> list[Any]:
    pressed: list[Any] = []
    parser = kind(lambda press: pressed.append((press.key, press.data)))
    for piece in pieces:
        parser.feed(piece)
    parser.flush()
    return pressed


def _text(pieces: list[str]) -> str:
    return "".join(data for key, data in _keys(pieces) if not isinstance(key, Keys))


NO_KEYS = {
    "the window has the focus": "\x1b[I",
    "the window has lost it": "\x1b[O",
    "a key in CSI u": "\x1b[97;5u",
    "a key of kitty with its event": "\x1b[97:65;2:3u",
    "modifyOtherKeys": "\x1b[27;6;97~",
    "primary attributes": "\x1b[?62;22c",
    "secondary attributes": "\x1b[>1;4000;29c",
    "status": "\x1b[0n",
    "mode report": "\x1b[?2026;2$y",
    "window size": "\x1b[8;24;80t",
    "background, ended by ST": "\x1b]11;rgb:1c1c/1c1c/1c1c\x1b\\",
    "background, ended by BEL": "\x1b]11;rgb:ffff/ffff/ffff\x07",
    "clipboard": "\x1b]52;c;aGVsbG8=\x07",
    "terminal name": "\x1bP>|XTerm(390)\x1b\\",
    "terminfo": "\x1bP1+r5463=3235\x1b\\",
    "picture": "\x1b_Gi=31;OK\x1b\\",
    "privacy message": "\x1b^hello\x1b\\",
    "one character for CSI": "\x9bI",
    "one character for OSC and ST": "\x9d11;rgb:0/0/0\x9c",
    "a byte for CSI": "\udc9bI",
    "the end of a paste alone": "\x1b[201~",
    "an unknown function key": "\x1b[99~",
    "an unknown key in SS3": "\x1bO2\x7e",
    "a sequence with a private final": "\x1b[1;2;3x",
}


@pytest.mark.parametrize("name", NO_KEYS)
def test_a_report_is_no_text_whole_or_byte_by_byte(name: str) -> None:
    data = f"ice{NO_KEYS[name]}berg"
    assert _text([data]) == "iceberg"
    assert _text(list(data)) == "iceberg"
    for at in range(len(data)):
        assert _text([data[:at], data[at:]]) == "iceberg"


def test_the_rest_of_a_sequence_may_come_late() -> None:
    pressed: list[Any] = []
    parser = KeyParser(lambda press: pressed.append(press.data))
    for piece in ("\x1b]11;rgb:1c1c/", "1c1c/1c1c\x07", "\x1b[?62;", "22c", "ok"):
        parser.feed(piece)
        parser.flush()
    assert "".join(pressed) == "ok"


def test_every_key_that_prompt_toolkit_knows_is_the_same_key() -> None:
    for sequence in ANSI_SEQUENCES:
        if sequence not in ("\x1b[200~", "\x1b[201~", "\x9b"):
            assert _keys([sequence]) == _keys([sequence], Vt100Parser), ascii(sequence)


@pytest.mark.parametrize("sequence", ["\x1b[E", "\x1b[F", "\x1b[H", "\x1b[[A", "\x1b[24;80R"])
def test_keys_that_begin_as_others_do_work(sequence: str) -> None:
    assert _keys([sequence]) == _keys([sequence], Vt100Parser)


@pytest.mark.parametrize("key", ["\x1b", "\x1bb", "\x1b\r", "\x1b\x7f", "\x1b\x1b[A", "\x1b\u00e9"])
def test_escape_and_alt_work(key: str) -> None:
    assert _keys([key]) == _keys([key], Vt100Parser)


def test_escape_and_then_a_letter_are_two_keys() -> None:
    pressed: list[Any] = []
    parser = KeyParser(lambda press: pressed.append(press.key))
    parser.feed("\x1b")
    parser.flush()
    parser.feed("[")
    assert pressed == [Keys.Escape, "["]


@pytest.mark.parametrize("text", ["hello", "a\x1b[I\x1b]0;x\x07b", "two\nlines", "\x1b[200~", ""])
def test_a_paste_comes_as_it_was(text: str) -> None:
    data = f"\x1b[200~{text}\x1b[201~!"
    for pieces in ([data], list(data)):
        [paste, behind] = _keys(pieces)
        assert paste == (Keys.BracketedPaste, text)
        assert behind == ("!", "!")


def test_a_string_without_an_end_is_dropped_after_a_while() -> None:
    assert "ok" in _text(["\x1b]52;c;", *["x" * 1_000] * 6, "ok"])


@given(
    st.lists(
        st.text(st.sampled_from("\x1b[]O?;0123456789PX^_ \\\x07\x9bIuRm~Aa\u00e9"), max_size=12)
    )
)
def test_any_input_ends_and_typing_goes_on(pieces: list[str]) -> None:
    pressed: list[Any] = []
    parser = KeyParser(lambda press: pressed.append(press.data))
    for piece in pieces:
        parser.feed(piece)
        parser.flush()
    parser.feed("\x1b[201~\x07\x1b\\~")
    parser.flush()
    parser.feed("hello")
    parser.flush()
    assert "".join(pressed).endswith("hello")
