"""A token bucket: how often something may happen."""


class TokenBucket:
    """So many of something each second, `burst` of them at once; a rate of 0 has no limit."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled = now

    def take(self, now: float) -> float:
        """Take one token; the answer is how many seconds to wait until there is another."""
        if not self._rate:
            return 0.0
        # Debt is never more than one token: who is made to wait is made to wait for one.
        self._tokens = max(self._earned(now) - 1.0, -1.0)
        return max(-self._tokens, 0.0) / self._rate

    def admit(self, now: float) -> bool:
        """Take one token if there is one; who keeps asking does not make it later."""
        if not self._rate:
            return True
        self._tokens = self._earned(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _earned(self, now: float) -> float:
        """The tokens there are now; a clock that was set back takes none away."""
        earned = max(now - self._filled, 0.0) * self._rate
        self._filled = now
        return min(self._burst, self._tokens + earned)
