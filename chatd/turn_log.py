"""Log entries that wait for the end of the reactor turn, and are then published one after another.

Between system calls, when the caches are cold, one entry costs several times as much as in a loop
over all entries of the turn. Nothing else may be logged before them: an observer that writes what
it is told calls :func:`publish_pending` first.
"""

from collections.abc import Callable
from threading import get_ident
from typing import Any, Final, Generic, TypeVar

from twisted.internet.interfaces import IReactorTime

_Entry = TypeVar("_Entry")


class TurnLog(Generic[_Entry]):
    """Gathers the entries of one reactor turn.

    It belongs to the thread that makes it: entries of other threads have no order with its own.

    :param publish: is called with all entries of a turn.
    """

    def __init__(self, clock: IReactorTime, publish: Callable[[list[_Entry]], None]) -> None:
        self._clock = clock
        self._publish = publish
        self._entries: list[_Entry] = []
        self._is_scheduled = False
        self.thread: Final = get_ident()

    def add(self, entry: _Entry) -> None:
        """Publish `entry` at the end of the turn."""
        if not self._entries:
            pending.append(self)
            if not self._is_scheduled:
                self._is_scheduled = True
                self._clock.callLater(0, self._turn_ended)
        self._entries.append(entry)

    def publish(self) -> None:
        """Publish all entries now."""
        if self._entries:
            pending.remove(self)
            entries, self._entries = self._entries, []
            self._publish(entries)

    def _turn_ended(self) -> None:
        self._is_scheduled = False
        self.publish()


#: Those with entries that are not published yet.
pending: Final[list[TurnLog[Any]]] = []


def publish_pending() -> None:
    """Publish what this thread has gathered, before something else is logged."""
    thread = get_ident()
    for log in [log for log in pending if log.thread == thread]:
        log.publish()
