"""Token buckets, for whatever may happen only at a certain rate."""

from typing import Final

from twisted.internet.interfaces import IReactorTime

#: How many of the last tokens of a bucket are given out by lot, at most half of them. When so many
#: times the rate is asked for, there still is a token for each lot that wins.
_LOT_TOKENS: Final = 100


class TokenBucket:
    """Gives out `rate` tokens per second, and up to `burst` at once; a rate of 0 has no limit.

    :param now: in seconds, as everywhere here.
    """

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled = now

    def take(self, now: float, tokens: float = 1.0) -> float:
        """Take `tokens`, on credit if need be; returns the seconds until that is paid back."""
        if not self._rate:
            return 0.0
        # The debt is at most one burst, so nobody waits for longer than filling the bucket takes.
        self._tokens = max(self._earned(now) - tokens, -max(self._burst, 1.0))
        return max(-self._tokens, 0.0) / self._rate

    def admit(self, now: float) -> bool:
        """Take a token if there is one, and return whether there was. Asking costs nothing."""
        if not self._rate:
            return True
        self._tokens = self._earned(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def admit_by_lot(self, now: float, lot: float) -> bool:
        """Like :meth:`admit`; but `lot` decides about the last tokens.

        The fewer tokens there are, the fewer lots win. So when more is asked for than there is,
        each who asks is as likely to get a token as any other. With :meth:`admit` one who asks
        regularly, a little more often than the rate, would get nearly all of them.

        :param lot: a random number, at least 0 and less than 1.
        """
        if not self._rate:
            return True
        self._tokens = self._earned(now)
        return self._tokens > lot * min(self._burst / 2, _LOT_TOKENS) and self.admit(now)

    def give_back(self) -> None:
        """Undo one :meth:`take`."""
        self._tokens = min(self._tokens + 1.0, self._burst)

    def is_in_debt(self, now: float) -> bool:
        """Whether tokens were taken on credit, and are not paid back yet."""
        if not self._rate:
            return False
        self._tokens = self._earned(now)
        return self._tokens < 0.0

    def _earned(self, now: float) -> float:
        """The tokens that there are now; a clock that was set back takes none away."""
        earned = max(now - self._filled, 0.0) * self._rate
        self._filled = now
        return min(self._burst, self._tokens + earned)


class AddressBuckets:
    """A token bucket for each address.

    :param rate: tokens per second of each address; 0 for no limit.
    :param burst: tokens that an address may take at once.
    :param max_addresses: how many are remembered.
    """

    def __init__(self, rate: float, burst: float, max_addresses: int) -> None:
        self._rate = rate
        self._burst = burst
        self._max_addresses = max_addresses
        self._buckets: dict[str, TokenBucket] = {}

    def get(self, host: str, now: float) -> TokenBucket:
        """The bucket of the address `host`, which outlives its connections."""
        if host not in self._buckets:
            # Whoever has this many addresses is not stopped by a limit for each; forgetting them
            # all costs no bookkeeping.
            if len(self._buckets) >= self._max_addresses:
                self._buckets.clear()
            self._buckets[host] = TokenBucket(self._rate, self._burst, now)
        return self._buckets[host]


class AttemptLimit:
    """Counts wrong attempts to give a secret by key, such as an address, and throttles the key.

    An attempt is counted before it is known whether the secret is right, or whoever disconnects
    before the answer would not be counted. A right one is given back.

    :param burst: the attempts that a key has at once.
    :param seconds: the time until it has another one.
    :param max_keys: how many keys are kept; the one counted longest ago is dropped first.
    """

    def __init__(self, clock: IReactorTime, burst: int, seconds: float, max_keys: int) -> None:
        self._clock = clock
        self._burst = burst
        self._seconds = seconds
        self._max_keys = max_keys
        # The bucket of each key, and until when it is throttled; in the order of the last attempts.
        self._attempts: dict[str, tuple[TokenBucket, float]] = {}

    def is_throttled(self, key: str) -> bool:
        """Whether `key` has to wait. Checking does not extend the wait."""
        return key in self._attempts and self._clock.seconds() < self._attempts[key][1]

    def count(self, key: str) -> None:
        """Count an attempt of `key`, which is not throttled."""
        now = self._clock.seconds()
        # One less, because the key must wait after its last attempt: take() returns the wait only
        # for a token that the bucket does not have.
        new = TokenBucket(1 / self._seconds, self._burst - 1, now), now
        bucket, _ = self._attempts.pop(key, new)
        self._attempts[key] = bucket, now + bucket.take(now)
        if len(self._attempts) > self._max_keys:
            del self._attempts[next(iter(self._attempts))]

    def give_back(self, key: str) -> None:
        """Take the last :meth:`count` of `key` back: the secret was not wrong."""
        if key in self._attempts:
            bucket, _ = self._attempts[key]
            bucket.give_back()
            self._attempts[key] = bucket, self._clock.seconds()
