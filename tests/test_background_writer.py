"""Text is written in the background in order, within a bound, and nobody waits for it."""

import gc
import os
import threading
from collections.abc import Callable, Iterator

import pytest

from chatd.background_writer import BackgroundWriter, missing_lines
from chatd.chat import limits
from tests.timeouts import TIMEOUT_SECONDS


class SlowFile:
    """A file that takes what is written when :attr:`is_open` is set.

    :ivar is_waiting: set while a write waits.
    :ivar room: how many more lines fit in.
    """

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_waiting = threading.Event()
        self.is_open.set()
        self.room = 1_000_000
        self.writes: list[str] = []
        self.threads: set[int] = set()

    def write(self, text: str) -> int:
        self.threads.add(threading.get_ident())
        self.is_waiting.set()
        self.is_open.wait(TIMEOUT_SECONDS)
        self.is_waiting.clear()
        lines = text.splitlines(keepends=True)
        written = lines[: self.room]
        self.room -= len(written)
        if written:
            self.writes.append("".join(written))
        return len(lines) - len(written)

    @property
    def lines(self) -> list[str]:
        return "".join(self.writes).splitlines()


@pytest.fixture
def file() -> SlowFile:
    return SlowFile()


@pytest.fixture
def writer(file: SlowFile) -> Iterator[BackgroundWriter]:
    writer = BackgroundWriter(file.write)
    writer.describe_missing = "{} missing\n".format
    yield writer
    file.is_open.set()
    writer.stop()


@pytest.fixture
def stall(file: SlowFile, writer: BackgroundWriter) -> Callable[[], None]:
    """Stops the file in the midst of writing the line ``first``."""

    def stop() -> None:
        file.is_open.clear()
        writer.write("first\n")
        assert file.is_waiting.wait(TIMEOUT_SECONDS)

    return stop


def test_lines_are_written_in_order_by_another_thread(
    file: SlowFile, writer: BackgroundWriter
) -> None:
    for number in range(1_000):
        writer.write(f"{number}\n")
    assert writer.flush(TIMEOUT_SECONDS)
    assert file.lines == [str(number) for number in range(1_000)]
    assert threading.get_ident() not in file.threads


def test_a_line_after_a_silence_is_written_without_being_asked_for(
    file: SlowFile, writer: BackgroundWriter
) -> None:
    for number in range(3):
        writer.write(f"{number}\n")
        assert writer.flush(TIMEOUT_SECONDS)
        file.is_open.clear()
        writer.write("alone\n")
        assert file.is_waiting.wait(TIMEOUT_SECONDS)
        file.is_open.set()
        assert writer.flush(TIMEOUT_SECONDS)
    assert file.lines == ["0", "alone", "1", "alone", "2", "alone"]


def test_lines_that_wait_become_one_write(
    file: SlowFile, writer: BackgroundWriter, stall: Callable[[], None]
) -> None:
    stall()
    for number in range(100):
        writer.write(f"{number}\n")
    file.is_open.set()
    assert writer.flush(TIMEOUT_SECONDS)
    assert len(file.writes) == 2


def test_a_file_that_takes_nothing_delays_nobody_and_the_memory_is_bounded(
    file: SlowFile, writer: BackgroundWriter, stall: Callable[[], None]
) -> None:
    stall()
    line = "x" * 999 + "\n"
    sent = 2 * limits.LOG_BUFFER_BYTES // len(line)
    for _ in range(sent):
        writer.write(line)
    assert not writer.flush(0)
    writer.write("after the gap\n")
    file.is_open.set()
    assert writer.flush(TIMEOUT_SECONDS)
    writer.write("later\n")
    assert writer.flush(TIMEOUT_SECONDS)
    kept = file.lines.count(line[:-1])
    assert limits.LOG_BUFFER_BYTES // 2 < kept * len(line) <= limits.LOG_BUFFER_BYTES
    # A line that would fit again, behind dropped ones, is dropped with them.
    assert file.lines[kept + 1 :] == [f"{sent - kept + 1} missing", "later"]


def test_a_single_line_that_is_too_long_is_missing_too(
    file: SlowFile, writer: BackgroundWriter
) -> None:
    writer.write("x" * limits.LOG_BUFFER_BYTES + "\n")
    assert writer.flush(TIMEOUT_SECONDS)
    assert file.lines == ["1 missing"]


def test_lines_for_which_there_is_no_room_are_counted_until_there_is(
    file: SlowFile, writer: BackgroundWriter
) -> None:
    file.room = 1
    for text in ("kept\n", "a\n\tb\n", "c\n"):
        writer.write(text)
        assert writer.flush(TIMEOUT_SECONDS)
    file.room = 1
    writer.write("d\n")
    assert writer.flush(TIMEOUT_SECONDS)
    file.room = 10
    writer.write("e\n")
    assert writer.flush(TIMEOUT_SECONDS)
    assert file.lines == ["kept", "3 missing", "1 missing", "e"]


def test_what_a_finalizer_logs_in_the_midst_of_a_write_is_no_deadlock(
    file: SlowFile, writer: BackgroundWriter
) -> None:
    class Logging:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            writer.write("collected\n")

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(200):
            Logging()
            writer.write("line\n")
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert writer.flush(TIMEOUT_SECONDS)
    assert file.lines.count("line") == file.lines.count("collected") == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_fork_writes_each_line_once_and_both_processes_go_on() -> None:
    reading, writing = os.pipe()

    def write(text: str) -> int:
        os.write(writing, text.encode())
        return 0

    writer = BackgroundWriter(write)
    writer.write("before\n")
    child = os.fork()
    writer.write("child\n" if child == 0 else "parent\n")
    writer.stop()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert sorted(pipe.read().splitlines()) == ["before", "child", "parent"]


def test_without_a_thread_lines_are_written_all_the_same(
    file: SlowFile, writer: BackgroundWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        writer.write("one\n")
        assert writer.flush(TIMEOUT_SECONDS)
    writer.write("two\n")
    assert writer.flush(TIMEOUT_SECONDS)
    assert file.lines == ["one", "two"]


def test_one_missing_line_is_no_plural() -> None:
    assert missing_lines(1) == "1 line is missing here"
    assert missing_lines(2) == "2 lines are missing here"
