"""When a connection is read: no faster than it may speak, and not while its answers wait."""

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import limits
from chatd.server.outlet import Input, Output
from chatd.server.timing import TokenBucket


class ReadThrottle:
    """How fast one connection is read.

    :param rate: units each second; 0 for no limit.
    """

    def __init__(self, clock: IReactorTime, rate: float, input_: Input, output: Output) -> None:
        self._clock = clock
        self._input = input_
        self._output = output
        self._bucket = TokenBucket(rate, rate * limits.FLOOD_BURST_FACTOR, clock.seconds())
        self._resume_call: IDelayedCall | None = None
        self._pauses = 0
        self._is_stopped = False

    def consume(self) -> float:
        """A unit came; the answer is how many seconds too early."""
        return self._bucket.take(self._clock.seconds())

    def throttle(self, wait: float) -> None:
        """Read on in `wait` seconds, and not before the answers are read."""
        if wait:
            self.pause()
            self._resume_call = self._clock.callLater(wait, self.resume)
        if self._output.is_paused:
            self.pause()
            self._output.when_ready(self.resume)

    def pause(self) -> None:
        """Read no more until as many :meth:`release` as this."""
        self._pauses += 1
        self._input.pauseProducing()

    def resume(self) -> None:
        """Read on, if nothing else is in the way."""
        self._pauses -= 1
        if not (self._pauses or self._is_stopped):
            self._input.resumeProducing()

    def stop(self) -> None:
        """The connection ends: how it is read is no business of this any more."""
        self._is_stopped = True
        if self._resume_call is not None and self._resume_call.active():
            self._resume_call.cancel()
