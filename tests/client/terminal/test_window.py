"""The file behind the terminal's window: it never waits, and is bounded."""

import os
import pty

import pytest

from chatd.chat import limits
from chatd.client.terminal.window import WindowFile
from tests.timeouts import TIMEOUT_SECONDS


def test_what_is_written_comes_out_in_order() -> None:
    reading, writing = os.pipe()
    window = WindowFile(writing)
    for word in ("one ", "two ", "привет"):
        window.write(word)
    assert window.drain(TIMEOUT_SECONDS)
    assert os.read(reading, 100).decode() == "one two привет"
    os.close(reading)
    os.close(writing)


def test_a_window_that_takes_nothing_is_not_ready_and_keeps_a_bounded_amount() -> None:
    reading, writing = os.pipe()
    window = WindowFile(writing)
    piece = "x" * 10_000
    count = 3 * limits.WINDOW_BUFFER_BYTES // len(piece)
    assert window.is_ready()
    for _ in range(count):
        window.write(piece)
    assert not window.is_ready()
    assert not window.drain(0)
    assert window.take_incomplete()
    assert not window.take_incomplete(), "it is said once"
    window.end()
    window.write("the last words")
    assert not window.take_incomplete()
    read = b""
    while not read.endswith(b"the last words"):
        read += os.read(reading, 65_536)
    assert len(read) <= limits.WINDOW_BUFFER_BYTES + 3 * len(piece)
    assert window.drain(TIMEOUT_SECONDS)
    assert window.is_ready()
    os.close(reading)
    os.close(writing)


def test_a_terminal_that_is_gone_is_an_error_of_the_next_write() -> None:
    ours, theirs = pty.openpty()
    os.close(ours)
    window = WindowFile(theirs)
    window.write("hello")
    assert window.drain(TIMEOUT_SECONDS)
    with pytest.raises(OSError, match="error"):
        window.write("hello")
    os.close(theirs)
