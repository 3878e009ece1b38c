"""Entries of one reactor turn are published together, and in order with all others."""

import io
import threading

from twisted.internet.task import Clock
from twisted.logger import Logger

from chatd import logs
from chatd.turn_log import TurnLog, pending


class Written:
    """A log file, and a turn's log whose entries are the messages of events."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.file = io.StringIO()
        self.log = Logger("here", observer=logs.observer("info", "text", self.file))
        self.batches: list[list[str]] = []
        self.turn_log = TurnLog(self.clock, self._publish)

    def messages(self) -> list[str]:
        return [line.partition("] ")[2] for line in self.file.getvalue().splitlines()]

    def _publish(self, entries: list[str]) -> None:
        self.batches.append(entries)
        for entry in entries:
            self.log.info(entry)


def test_the_entries_of_a_turn_are_published_once_at_its_end() -> None:
    written = Written()
    for text in ("one", "two", "three"):
        written.turn_log.add(text)
    assert written.messages() == []
    written.clock.advance(0)
    written.turn_log.add("four")
    written.clock.advance(0)
    assert written.batches == [["one", "two", "three"], ["four"]]
    assert written.messages() == ["one", "two", "three", "four"]
    assert not written.clock.getDelayedCalls()


def test_whatever_else_is_logged_meanwhile_keeps_its_place() -> None:
    written = Written()
    written.turn_log.add("one")
    written.log.warn("between")
    written.turn_log.add("two")
    written.log.debug("below the level")
    written.turn_log.add("three")
    written.clock.advance(0)
    assert written.messages() == ["one", "between", "two", "three"]
    assert not pending


def test_another_thread_does_not_publish_what_the_reactor_gathers() -> None:
    written = Written()
    written.turn_log.add("one")
    thread = threading.Thread(target=written.log.warn, args=("elsewhere",))
    thread.start()
    thread.join()
    assert written.messages() == ["elsewhere"]
    written.clock.advance(0)
    assert written.messages() == ["elsewhere", "one"]
