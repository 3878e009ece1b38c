"""The output queue: in order, in batches, and bounded."""

from collections.abc import Sequence

from twisted.internet.task import Clock

from chatd.chat import limits
from chatd.client.terminal.output import Line, OutputQueue

PAUSE = limits.OUTPUT_INTERVAL_MILLISECONDS / 1000


class Window:
    """A window that takes lines when it wants to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.is_ready = True
        self.batches: list[int] = []
        self.written: list[str] = []
        self.paused: list[bool] = []
        self.queue = OutputQueue(self.clock, self._write, lambda: self.is_ready, self.paused.append)

    def _write(self, lines: Sequence[Line], replaces: bool) -> None:
        self.batches.append(len(lines))
        if replaces:
            self.written.pop()
        self.written += [line[0][1] for line in lines]

    def append(self, *texts: str) -> None:
        for text in texts:
            self.queue.append([("", text)])

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


def test_a_line_is_written_at_once_and_the_next_ones_together() -> None:
    window = Window()
    window.append("one")
    window.advance(0)
    assert window.written == ["one"]
    window.append("two")
    window.append("three", "four")
    window.advance(PAUSE / 2)
    assert window.written == ["one"]
    window.advance(PAUSE / 2)
    assert window.written == ["one", "two", "three", "four"]
    assert window.batches == [1, 3]
    assert window.clock.getDelayedCalls() == []


def test_very_many_lines_are_written_in_batches() -> None:
    window = Window()
    texts = [str(number) for number in range(2 * limits.OUTPUT_BATCH_LINES + 1)]
    window.append(*texts)
    for _ in range(4):
        window.advance(PAUSE)
    assert window.written == texts
    assert window.batches == [limits.OUTPUT_BATCH_LINES, limits.OUTPUT_BATCH_LINES, 1]


def test_a_window_that_takes_nothing_pauses_the_client_until_it_does() -> None:
    window = Window()
    window.is_ready = False
    texts = [str(number) for number in range(limits.OUTPUT_QUEUE_LINES + 1)]
    window.append(*texts)
    window.advance(1)
    assert (window.written, window.paused) == ([], [True])
    window.is_ready = True
    for _ in range(20):
        window.advance(PAUSE)
    assert window.written == texts
    assert window.paused == [True, False]


def test_where_nothing_may_be_paused_the_oldest_lines_are_dropped_and_counted() -> None:
    window = Window()
    window.queue.describe_missing = lambda lines: [("", f"{lines} missing")]
    window.is_ready = False
    texts = [str(number) for number in range(limits.OUTPUT_QUEUE_LINES + 3)]
    window.append(*texts)
    window.advance(1)
    window.is_ready = True
    for _ in range(20):
        window.advance(PAUSE)
    assert window.written == ["3 missing", *texts[3:]]
    assert window.paused == []


def test_flush_writes_everything_at_once() -> None:
    window = Window()
    window.append("one", "two")
    window.queue.flush()
    window.queue.flush()
    assert window.written == ["one", "two"]
    assert window.clock.getDelayedCalls() == []
