"""What depends on time at the edge: silence, and too much at once. Both are told the time."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Timeout:
    """Calls something in a while, unless another deadline is set or this one forgotten.

    What came while the reactor was busy is read before, even if the time is up.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._call: IDelayedCall | None = None

    def start(self, seconds: float, on_timeout: Callable[[], None]) -> None:
        """Call `late` in so many seconds; this replaces the deadline that was set before."""
        self.cancel()
        self._call = self._clock.callLater(seconds, self._fire_next_turn, on_timeout)

    def cancel(self) -> None:
        """There is no deadline."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None

    def _fire_next_turn(self, on_timeout: Callable[[], None]) -> None:
        self._call = self._clock.callLater(0, on_timeout)


class IdleTimer:
    """Calls `idle` once nothing was heard for `seconds`; 0 seconds are for ever.

    Hearing something only notes the time: no timer is cancelled or made for it.
    """

    def __init__(self, clock: IReactorTime, seconds: float, idle: Callable[[], None]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._idle = idle
        self._heard = clock.seconds()
        self._call: IDelayedCall | None = clock.callLater(seconds, self._check) if seconds else None

    def reset(self) -> None:
        """Something was heard now."""
        self._heard = self._clock.seconds()

    def stop(self) -> None:
        """Do not call `idle` any more."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _check(self) -> None:
        left = self._heard + self._seconds - self._clock.seconds()
        if left > 0:
            self._call = self._clock.callLater(left, self._check)
        else:
            self._call = None
            self._idle()


class InactivityTimer:
    """Calls `inactive` after `seconds` of silence; `probe`, if there is one, half-way.

    A sign of life counts as activity only if it answers a probe.
    """

    def __init__(
        self,
        clock: IReactorTime,
        seconds: float,
        probe: Callable[[], None] | None,
        on_inactive: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._probe = probe
        self._on_inactive = on_inactive
        self._start()

    def activity(self, activity: bool) -> None:
        """A person did something, or at least the client said that it is there."""
        if self._is_probed:
            self._timer.stop()
            self._start()
        elif activity:
            self._timer.reset()

    def stop(self) -> None:
        """Watch no more, for good; what it would have called is forgotten."""
        self._timer.stop()
        del self._timer

    def _start(self) -> None:
        self._is_probed = False
        if self._probe is None:
            self._timer = IdleTimer(self._clock, self._seconds, self._on_inactive)
        else:
            self._timer = IdleTimer(self._clock, self._seconds / 2, self._send_probe)

    def _send_probe(self) -> None:
        self._is_probed = True
        self._timer = IdleTimer(self._clock, self._seconds / 2, self._on_inactive)
        if self._probe is not None:
            self._probe()
