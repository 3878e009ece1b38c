"""Ends what waits for the server once nothing has been heard for too long."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.client.files.problem import LinkLost


class SilenceTimeout:
    """A timeout that begins again with each :meth:`restart`."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._running: Deferred[Any] | None = None
        self._call: IDelayedCall | None = None
        self._is_expired = False

    def watch(self, running: "Deferred[Any]") -> "Deferred[Any]":
        """Cancel `running` after the timeout; then it fails with :class:`LinkLost`."""
        self._is_expired = False
        self._running = running
        self.restart()
        return running.addBoth(self._ended)

    def restart(self) -> None:
        """The server was heard."""
        if self._running is not None:
            self._cancel()
            self._call = self._clock.callLater(limits.UPLOAD_SILENT_SECONDS, self._expired)

    def _expired(self) -> None:
        self._is_expired = True
        if self._running is not None:
            self._running.cancel()

    def _ended(self, result: Any) -> Any:
        self._running = None
        self._cancel()
        is_cancelled = isinstance(result, Failure) and result.check(CancelledError)
        if is_cancelled and self._is_expired:
            raise LinkLost(f"no sign of the server for {limits.UPLOAD_SILENT_SECONDS} s")
        return result

    def _cancel(self) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None
