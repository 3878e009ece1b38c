"""The time of a chat on several machines, whose clocks differ."""

from collections.abc import Callable

from twisted.logger import Logger

from chatd.chat import limits


class SharedTime:
    """What this node says the time is, and how it compares with that of the chat.

    The time of the chat is that of the entries of the log, and never goes back. A node whose clock
    jumps must not take the chat with it: what is due in a minute would be due at once, or in a
    year. So it takes the time of its own clock only as long as that agrees with the time of the
    chat, which goes on at the speed of the node's steady clock.

    :param now: returns the time of day, in milliseconds since 1970.
    :param seconds: measures how time passes, whatever the time of day is set to.
    """

    log = Logger()

    def __init__(self, now: Callable[[], int], seconds: Callable[[], float]) -> None:
        self._now = now
        self._seconds = seconds
        # The time of the chat, and when it was read.
        self._chat: tuple[int, float] | None = None
        self._is_warned = False

    def forget(self) -> None:
        """The time of the chat is not known: what was read of it may be old."""
        self._chat = None

    def read_back(self, chat: int) -> None:
        """It is at least that time of the chat, in milliseconds since 1970.

        It may be later: an entry that could not be appended at once has the time of the first try.
        """
        if self._chat is None or chat > self._expected():
            self._chat = chat, self._seconds()

    def difference(self) -> float:
        """By how many seconds this node's clock is ahead of the chat; negative for behind."""
        return (self._now() - self._expected()) / 1_000

    def read(self) -> int:
        """The time for an entry of this node, in milliseconds since 1970."""
        now, expected = self._now(), self._expected()
        if abs(now - expected) <= 1_000 * limits.NODE_CLOCK_SECONDS:
            self._is_warned = False
            return now
        if not self._is_warned:
            self._is_warned = True
            self.log.warn(
                "the clock of this node is {seconds} s off; messages have the time of the cluster",
                seconds=round((now - expected) / 1_000),
            )
        return int(expected)

    def _expected(self) -> float:
        if self._chat is None:
            return self._now()
        time, read_at = self._chat
        return time + 1_000 * (self._seconds() - read_at)
