"""Limits in time: how fast an address may connect, and how fast a connection is read.

A connection has a token bucket (``--flood``). An ordinary frame costs one token. One that brings
about more costs more: each 8 KiB received or sent in reply, and each 2 ms of work, is one more
(``FLOOD_FRAME_BYTES``, ``FLOOD_FRAME_MILLISECONDS``). A client whose bucket is in debt is not read
until it has paid back. Nothing is lost.

That alone would not protect the others: ten clients may use up full buckets at one moment, and a
client that connects anew has a full bucket. So there are two more rules:

- What a frame costs beyond one token also comes out of a bucket of its address.
- After a frame of more than one token, and always while the address is in debt, a connection is
  read on in the :class:`~chatd.server.work_queue.WorkQueue`, after all that waits there, and the
  queue has only a small part of each reactor turn. Everyone else's frames are handled at once, also
  those of a member at that address who has sent no such frame lately (``FLOOD_SUSPECT_SECONDS``).
- Clients may also send their expensive frames all in one moment. So once these have taken
  ``EXPENSIVE_WORK_MILLISECONDS`` of a turn, no connection that may send another is read in it, but
  in the work queue: one that is new, or has sent one lately.
"""

from collections import Counter
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import limits
from chatd.chat.commands import Search, SendPrivate, SendPrivateTagged
from chatd.chat.irc_commands import SendTags
from chatd.rate_limit import AddressBuckets, TokenBucket
from chatd.server.send_queue import Input, Output
from chatd.server.work_queue import WorkQueue

#: The commands that cost more than their frame and their reply.
COSTLY: Final = frozenset({SendPrivate, SendPrivateTagged, SendTags, Search})


def cost_in_bytes(command: object) -> int:
    """What one of them costs besides: as much as a reply of so many bytes."""
    match command:
        case SendPrivateTagged(text=text, to=to, tags=tags):
            return len(text + tags) * min(len(to), limits.RECIPIENTS)
        case SendPrivate(text=text, to=to) | SendTags(tags=text, to=to):
            return len(text) * min(len(to), limits.RECIPIENTS)
        case Search():
            return limits.SEARCH_COST_BYTES
        case _:
            return 0


_FRAME_SECONDS: Final = limits.FLOOD_FRAME_MILLISECONDS / 1_000


class ConnectionThrottle:
    """How many connections per second one address may open, over all ports of a server.

    :param rate: connections per second, which is also the burst; 0 for no limit.
    :param own_addresses: this host's addresses, which are exempt as loopback is; the server
        replaces them when they change.
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
        self.own_addresses = own_addresses
        self._counters = counters
        self._buckets = AddressBuckets(rate, max(rate, 1.0), limits.THROTTLED_ADDRESSES)

    def admit(self, host: str) -> bool:
        """Whether one more connection may come from `host` now."""
        if not self._rate or self.is_local(host):
            return True
        now = self._clock.seconds()
        is_admitted = self._buckets.get(host, now).admit(now)
        if not is_admitted:
            self._counters["accept-rate"] += 1
        return is_admitted

    def is_local(self, host: str) -> bool:
        """Whether `host` is this very host, which may open any number of connections."""
        return ip_address(host).is_loopback or host in self.own_addresses


class ReadThrottle:
    """Pauses reading while the client is over its rate or its replies are not read.

    The session tells it what the client causes. Bytes below ``FLOOD_FRAME_BYTES`` are charged with
    those of later frames.

    :param bucket: holds a token for each frame that the client may send now.
    :param address_bucket: holds the tokens that the client's address has for expensive frames.
    :param work_queue: the connection waits in it after an expensive frame.
    :ivar is_stopped: whether the connection ends.
    """

    def __init__(
        self,
        clock: IReactorTime,
        bucket: TokenBucket,
        address_bucket: TokenBucket,
        work_queue: WorkQueue,
        input_: Input,
        output: Output,
    ) -> None:
        self._clock = clock
        self._bucket = bucket
        self._address_bucket = address_bucket
        self._work_queue = work_queue
        self._input = input_
        self._output = output
        self._resume_call: IDelayedCall | None = None
        self._pauses = 0
        self._bytes = self._uncharged_bytes = 0
        self._is_queued = False
        self.is_stopped = False
        self._suspect_until = clock.seconds() + limits.FLOOD_SUSPECT_SECONDS

    def connected(self) -> None:
        """Let the connection wait in the work queue if its address is in debt."""
        if self._address_bucket.is_in_debt(self._clock.seconds()):
            self._wait_in_queue()

    def data_arrived(self) -> None:
        """There is data that has not been handled yet; this may pause the input."""
        self._work_queue.begin_work()
        if self._work_queue.is_turn_used and self._clock.seconds() < self._suspect_until:
            self._wait_in_queue()

    def charge_bytes(self, size: int) -> None:
        """`size` bytes came or were answered, whatever they are: not all belong to a frame."""
        self._bytes += size
        if self._bytes >= limits.FLOOD_FRAME_BYTES:
            self._charge(self._clock.seconds(), 0)

    def sent(self, size: int) -> None:
        """The client's frame had `size` bytes sent, to the client itself or to recipients."""
        self._bytes += size

    def frame_handled(self, started: float, tokens: int = 1) -> None:
        """A frame was handled, from `started` until now; go on reading when that is paid for.

        Also wait until the client reads its replies.

        :param tokens: 0 for a frame that costs no more than its bytes and its time.
        """
        self._charge_frame(tokens, started)

    def reply_sent(self, started: float) -> None:
        """The reply to a frame was sent later than the frame was handled, from `started` on."""
        self._charge_frame(0, started)

    def _charge_frame(self, tokens: int, started: float) -> None:
        now = self._clock.seconds()
        seconds = now - started
        if seconds >= _FRAME_SECONDS:
            # Perhaps only because other programs had the processor meanwhile.
            seconds = min(seconds, self._work_queue.end_work())
            tokens += min(int(seconds / _FRAME_SECONDS), limits.FLOOD_MAX_TIME_FRAMES)
        is_expensive = self._charge(now, tokens) > 1
        if is_expensive:
            self._suspect_until = now + limits.FLOOD_SUSPECT_SECONDS
            self._work_queue.count(max(seconds, 0))
        if now < self._suspect_until and (is_expensive or self._address_bucket.is_in_debt(now)):
            self._wait_in_queue()
        if self._output.is_paused:
            self.pause()
            self._output.when_ready(self.resume)

    def _charge(self, now: float, tokens: int) -> int:
        """Take `tokens` and those for the bytes, and wait until they are paid for.

        :return: the number of tokens that this frame costs by itself.
        """
        all_bytes = self._uncharged_bytes + self._bytes
        if all_bytes < limits.FLOOD_FRAME_BYTES:  # nearly always
            expensive, more, self._uncharged_bytes = tokens, 0, all_bytes
        else:
            # An ordinary frame that completes 8 KiB is still an ordinary one to the address: a
            # member must not wait for what others do at its address.
            expensive = tokens + self._bytes // limits.FLOOD_FRAME_BYTES
            more, self._uncharged_bytes = divmod(all_bytes, limits.FLOOD_FRAME_BYTES)
        self._bytes = 0
        wait = self._bucket.take(now, tokens + more)
        if expensive > 1:
            wait = max(wait, self._address_bucket.take(now, expensive - 1))
        if wait:
            self._pause_for(wait)
        return expensive

    def _pause_for(self, wait: float) -> None:
        if self._resume_call is not None and self._resume_call.active():
            self._resume_call.reset(wait)
        else:
            self.pause()
            self._resume_call = self._clock.callLater(wait, self._paid_back)

    def _paid_back(self) -> None:
        self.data_arrived()
        self.resume()

    def _wait_in_queue(self) -> None:
        if not self._is_queued:
            self._is_queued = True
            self.pause()
            self._work_queue.add(self._leave_queue)

    def _leave_queue(self) -> None:
        self._is_queued = False
        self.resume()

    def pause(self) -> None:
        """Stop reading until every pause has had its :meth:`resume`."""
        self._pauses += 1
        self._input.pauseProducing()

    def resume(self) -> None:
        """Undo one pause; the last one lets the connection be read again."""
        self._pauses -= 1
        if not (self._pauses or self.is_stopped):
            self._work_queue.begin_work()
            self._input.resumeProducing()

    def stop(self) -> None:
        """Pause and resume no more: the connection ends, and decides itself how it is read."""
        self.is_stopped = True
        if self._resume_call is not None and self._resume_call.active():
            self._resume_call.cancel()
