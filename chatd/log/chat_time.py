"""The time of a chat: the time of day, as long as that goes forwards."""

from collections.abc import Callable
from typing import Final

from twisted.logger import Logger

#: While the clock is behind the chat, a second takes the chat's time half a second further.
_MILLISECONDS_PER_SECOND: Final = 500
#: A clock that is further behind than this, in milliseconds, is worth a line in the log.
_WARN_MILLISECONDS: Final = 60_000


class ChatTime:
    """Never goes back, since messages are in the order of their times; and never stands still.

    A clock may be set back, by a year for example. Until it has caught up, the chat's time goes on
    at half the speed: what is due in a minute must not take a year.

    :param now: returns the time of day, in milliseconds since 1970.
    :param seconds: measures how time passes, whatever the time of day is set to.
    """

    log = Logger()

    def __init__(self, now: Callable[[], int], seconds: Callable[[], float]) -> None:
        self._now = now
        self._seconds = seconds
        self._time: float = 0
        self._read_at = seconds()
        self._is_warned = False

    def read(self) -> int:
        """The time of the chat, in milliseconds since 1970."""
        now, seconds = self._now(), self._seconds()
        if now >= self._time:
            self._time = now
        else:
            self._warn(self._time - now)
            passed = (seconds - self._read_at) * _MILLISECONDS_PER_SECOND
            self._time = max(now, self._time + passed)
        self._read_at = seconds
        return int(self._time)

    def go_on_from(self, time: int) -> None:
        """A chat that was kept goes on from that time."""
        self._time = max(time, self._time)

    def _warn(self, milliseconds: float) -> None:
        if milliseconds > _WARN_MILLISECONDS and not self._is_warned:
            self._is_warned = True
            self.log.warn(
                "the clock is {minutes} minutes behind the newest message of the chat, whose times "
                "go on from there, at half the speed",
                minutes=int(milliseconds // 60_000),
            )
