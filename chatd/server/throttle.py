"""Limits in time: how fast an address may connect, and how fast a connection is read."""

from collections import Counter
from collections.abc import Collection
from ipaddress import ip_address

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import limits
from chatd.rate_limit import TokenBucket
from chatd.server.send_queue import Input, Output


class ConnectionThrottle:
    """How many connections per second one address may open, over all ports of a server.

    :param rate: connections per second, which is also the burst; 0 for no limit.
    :param own_addresses: this host's addresses, which are exempt as loopback is.
    :param counters: counts each refused connection as ``accept-rate``.
    """

    def __init__(
        self,
        rate: float,
        clock: IReactorTime,
        own_addresses: Collection[str],
        counters: Counter[str],
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._own_addresses = own_addresses
        self._counters = counters
        self._buckets: dict[str, TokenBucket] = {}

    def admit(self, host: str) -> bool:
        """Whether one more connection may come from `host` now."""
        if not self._rate or self.is_local(host):
            return True
        now = self._clock.seconds()
        if host not in self._buckets:
            # Whoever has this many addresses is not stopped by a limit for each; forgetting them
            # all costs no bookkeeping.
            if len(self._buckets) >= limits.ACCEPT_ADDRESSES:
                self._buckets.clear()
            self._buckets[host] = TokenBucket(self._rate, max(self._rate, 1.0), now)
        is_admitted = self._buckets[host].admit(now)
        if not is_admitted:
            self._counters["accept-rate"] += 1
        return is_admitted

    def is_local(self, host: str) -> bool:
        """Whether `host` is this very host, which may open any number of connections."""
        return ip_address(host).is_loopback or host in self._own_addresses


class ReadThrottle:
    """Pauses reading while the client is over its rate or its replies are not read.

    :param bucket: holds a token for each frame that the client may send now.
    """

    def __init__(
        self, clock: IReactorTime, bucket: TokenBucket, input_: Input, output: Output
    ) -> None:
        self._clock = clock
        self._input = input_
        self._output = output
        self._bucket = bucket
        self._resume_call: IDelayedCall | None = None
        self._pauses = 0
        self._is_stopped = False

    def consume(self) -> float:
        """Count one frame; returns how many seconds too early it came."""
        return self._bucket.take(self._clock.seconds())

    def throttle(self, wait: float) -> None:
        """Pause for `wait` seconds, and until the client reads its replies."""
        if wait:
            self.pause()
            self._resume_call = self._clock.callLater(wait, self.resume)
        if self._output.is_paused:
            self.pause()
            self._output.when_ready(self.resume)

    def pause(self) -> None:
        """Stop reading until every pause has had its :meth:`resume`."""
        self._pauses += 1
        self._input.pauseProducing()

    def resume(self) -> None:
        """Undo one pause; the last one lets the connection be read again."""
        self._pauses -= 1
        if not (self._pauses or self._is_stopped):
            self._input.resumeProducing()

    def stop(self) -> None:
        """Pause and resume no more: the connection ends, and decides itself how it is read."""
        self._is_stopped = True
        if self._resume_call is not None and self._resume_call.active():
            self._resume_call.cancel()
