"""Appends the entries of a node to a shared log, one after the other, until each is read back."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.log.operations import Operation
from chatd.log.shared_engine import LogUnusable, SharedEngine

#: An operation, and what is called with its result.
Asked = tuple[Operation[Any], Callable[[Any], None]]


@dataclass(slots=True, eq=False)
class _Unconfirmed:
    """An entry that was not read back yet, and what is to be answered when it is."""

    data: bytes
    asked: list[Asked]


class Appender:
    """Sends one entry at a time, as two on their way could change places.

    An entry whose append has failed is sent again: it may have been appended nevertheless, but it
    counts once (``lives``). An entry that was appended is only waited for.

    :param sent: called when the next entry may be sent.
    :param failed: called with a sentence when the log cannot be used any more.
    :ivar appended_at: when the last entry was sent, by the clock.
    """

    log = Logger()

    def __init__(
        self,
        engine: SharedEngine,
        clock: IReactorTime,
        sent: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        self.appended_at = clock.seconds()
        self._engine = engine
        self._clock = clock
        self._sent = sent
        self._failed = failed
        self._unconfirmed: deque[_Unconfirmed] = deque()
        self._unsent: deque[_Unconfirmed] = deque()
        self._is_sending = self._is_stopped = self._is_failing = False
        self._retry: IDelayedCall | None = None

    @property
    def is_sending(self) -> bool:
        """Whether an entry that is added now has to wait."""
        return self._is_sending or self._retry is not None

    @property
    def is_confirmed(self) -> bool:
        """Whether everything was read back."""
        return not self._unconfirmed

    def append(self, data: bytes, asked: list[Asked]) -> None:
        """Append an entry; what was `asked` for in it is answered when it is read back."""
        entry = _Unconfirmed(data, asked)
        self._unconfirmed.append(entry)
        self._unsent.append(entry)
        self._send_next()

    def answer_later(self, asked: list[Asked]) -> None:
        """Have reads answered after everything that was appended before."""
        self._unconfirmed[-1].asked += asked

    def confirm(self) -> list[Asked]:
        """The oldest entry was read back: what is to be answered."""
        return self._unconfirmed.popleft().asked

    def forget(self) -> list[Asked]:
        """Send nothing again: what will not be answered."""
        asked = [each for entry in self._unconfirmed for each in entry.asked]
        self._unconfirmed.clear()
        self._unsent.clear()
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        return asked

    def stop(self) -> None:
        """Send nothing any more."""
        self._is_stopped = True
        self.forget()

    def _send_next(self) -> None:
        if self._unsent and not self.is_sending and not self._is_stopped:
            self._send(self._unsent.popleft())

    def _send(self, entry: _Unconfirmed) -> None:
        self._retry = None
        self._is_sending = True
        self.appended_at = self._clock.seconds()
        appended = self._engine.append(entry.data)
        appended.addBoth(self._answered, entry)

    def _log_state(self, result: Failure | None) -> None:
        if isinstance(result, Failure) and not self._is_failing:
            self.log.warn("nothing can be appended: {reason}", reason=str(result.value))
        elif result is None and self._is_failing:
            self.log.info("entries can be appended again")
        self._is_failing = result is not None

    def _answered(self, result: Failure | None, entry: _Unconfirmed) -> None:
        self._is_sending = False
        if self._is_stopped:
            return
        if isinstance(result, Failure) and result.check(LogUnusable):
            self._failed(str(result.value))
            return
        self._log_state(result)
        if isinstance(result, Failure) and entry in self._unconfirmed:
            self._retry = self._clock.callLater(
                limits.APPEND_RETRY_MILLISECONDS / 1_000, self._send, entry
            )
        else:
            self._send_next()
            self._sent()
