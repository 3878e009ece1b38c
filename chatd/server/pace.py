"""When a connection is read: no faster than it may speak, and not while its answers wait."""

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import limits
from chatd.server.outlet import Stream, Way
from chatd.server.timing import TokenBucket


class Pace:
    """How fast one connection is read.

    :param rate: units each second; 0 for no limit.
    """

    def __init__(self, clock: IReactorTime, rate: float, stream: Stream, way: Way) -> None:
        self._clock = clock
        self._stream = stream
        self._way = way
        self._bucket = TokenBucket(rate, rate * limits.FLOOD_BURST_FACTOR, clock.seconds())
        self._resume: IDelayedCall | None = None
        self._holds = 0
        self._is_over = False

    def count(self) -> float:
        """A unit came; the answer is how many seconds too early."""
        return self._bucket.take(self._clock.seconds())

    def slow_down(self, wait: float) -> None:
        """Read on in `wait` seconds, and not before the answers are read."""
        if wait:
            self.hold()
            self._resume = self._clock.callLater(wait, self.release)
        if self._way.is_paused:
            self.hold()
            self._way.when_ready(self.release)

    def hold(self) -> None:
        """Read no more until as many :meth:`release` as this."""
        self._holds += 1
        self._stream.pauseProducing()

    def release(self) -> None:
        """Read on, if nothing else is in the way."""
        self._holds -= 1
        if not (self._holds or self._is_over):
            self._stream.resumeProducing()

    def stop(self) -> None:
        """The connection ends: how it is read is no business of this any more."""
        self._is_over = True
        if self._resume is not None and self._resume.active():
            self._resume.cancel()
