"""The timers of a session: until it has registered, and while it is a member."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Timeout:
    """A restartable timeout.

    It fires one reactor turn late, so that data which arrived while the reactor was busy is
    processed first: a server that is late must not blame its clients.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._call: IDelayedCall | None = None

    def start(self, seconds: float, on_timeout: Callable[[], None]) -> None:
        """Call `on_timeout` in `seconds`; this replaces a timeout that was started before."""
        self.cancel()
        self._call = self._clock.callLater(seconds, self._fire_next_turn, on_timeout)

    def cancel(self) -> None:
        """Do not call `on_timeout`."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None

    def _fire_next_turn(self, on_timeout: Callable[[], None]) -> None:
        self._call = self._clock.callLater(0, on_timeout)


class RegistrationTimer:
    """Calls `on_late` if a client has not registered in time.

    :param seconds: to register in, from the connection on.
    :ivar seconds: the same, as it was extended.
    """

    def __init__(self, clock: IReactorTime, seconds: float, on_late: Callable[[], None]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._on_late = on_late
        self._timeout = Timeout(clock)
        self._is_final = False

    def start(self) -> None:
        """The client is connected."""
        self._started = self._clock.seconds()
        self._timeout.start(self.seconds, self._on_late)

    def extend(self, seconds: float) -> None:
        """Give the client `seconds` from the connection on, once."""
        if not self._is_final:
            self._is_final = True
            self.seconds = seconds
            passed = self._clock.seconds() - self._started
            self._timeout.start(seconds - passed, self._on_late)

    def stop(self) -> None:
        """The client has registered, need not register, or is gone."""
        self._is_final = True
        self._timeout.cancel()


class InactivityTimer:
    """Calls `on_inactive` after `seconds` without activity; `probe`, if there is one, half-way.

    What the client does by itself (a ``ping``, a probe's answer) counts only after a probe. A
    member may be away while its client pings for ever, and is probed all the same; but a client
    that answers the probe is there, and stays for as long again.

    :param seconds: 0 disables the timer.
    """

    def __init__(
        self,
        clock: IReactorTime,
        seconds: float,
        probe: Callable[[], None] | None,
        on_inactive: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._probe = probe
        self._on_inactive = on_inactive
        self._is_probed = False
        self._interval = seconds if probe is None else seconds / 2
        self._call = clock.callLater(self._interval, self._interval_passed) if seconds else None

    def reset(self, is_activity: bool) -> None:
        """The client sent something: the member was active, or at least its client is there."""
        if self._call is not None and (is_activity or self._is_probed):
            self._is_probed = False
            # This is once for each frame of each client, and cheap: a DelayedCall that is moved to
            # a later time only notes it, and stays where it is in the reactor's heap.
            self._call.reset(self._interval)

    def stop(self) -> None:
        """Stop for good."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _interval_passed(self) -> None:
        if self._probe is None or self._is_probed:
            self._call = None
            self._on_inactive()
        else:
            self._is_probed = True
            self._call = self._clock.callLater(self._interval, self._interval_passed)
            self._probe()
