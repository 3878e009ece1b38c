"""Lines on their way to the window: in order, in batches, and never without end."""

from collections.abc import Sequence

from twisted.internet.task import Clock

from chatd.chat import limits
from chatd.client.terminal.output import Line, OutputQueue

PAUSE = limits.OUTPUT_INTERVAL_MILLISECONDS / 1000


class Sheet:
    """A window that takes lines when it wants to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.is_ready = True
        self.batches: list[int] = []
        self.shown: list[str] = []
        self.clogged: list[bool] = []
        self.paper = OutputQueue(
            self.clock, self._write, lambda: self.is_ready, self.clogged.append
        )

    def _write(self, lines: Sequence[Line]) -> None:
        self.batches.append(len(lines))
        self.shown += [line[0][1] for line in lines]

    def put(self, *texts: str) -> None:
        for text in texts:
            self.paper.append([("", text)])

    def passes(self, seconds: float) -> None:
        self.clock.advance(seconds)


def test_a_line_is_shown_at_once_and_the_next_ones_together() -> None:
    sheet = Sheet()
    sheet.put("one")
    sheet.passes(0)
    assert sheet.shown == ["one"]
    sheet.put("two")
    sheet.put("three", "four")
    sheet.passes(PAUSE / 2)
    assert sheet.shown == ["one"]
    sheet.passes(PAUSE / 2)
    assert sheet.shown == ["one", "two", "three", "four"]
    assert sheet.batches == [1, 3]
    assert sheet.clock.getDelayedCalls() == []


def test_very_many_lines_are_shown_in_batches() -> None:
    sheet = Sheet()
    texts = [str(number) for number in range(2 * limits.OUTPUT_BATCH_LINES + 1)]
    sheet.put(*texts)
    for _ in range(4):
        sheet.passes(PAUSE)
    assert sheet.shown == texts
    assert sheet.batches == [limits.OUTPUT_BATCH_LINES, limits.OUTPUT_BATCH_LINES, 1]


def test_a_window_that_takes_nothing_is_waited_for_and_the_server_slowed_down() -> None:
    sheet = Sheet()
    sheet.is_ready = False
    texts = [str(number) for number in range(limits.OUTPUT_QUEUE_LINES + 1)]
    sheet.put(*texts)
    sheet.passes(1)
    assert (sheet.shown, sheet.clogged) == ([], [True])
    sheet.is_ready = True
    for _ in range(20):
        sheet.passes(PAUSE)
    assert sheet.shown == texts
    assert sheet.clogged == [True, False]


def test_at_the_end_everything_is_shown_at_once() -> None:
    sheet = Sheet()
    sheet.put("one", "two")
    sheet.paper.flush()
    sheet.paper.flush()
    assert sheet.shown == ["one", "two"]
    assert sheet.clock.getDelayedCalls() == []
