"""Following the log: the entries in their order, each once, whichever server tells of them."""

from collections.abc import Callable, Sequence
from typing import Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.etcd.absent import removed
from chatd.etcd.address import Server
from chatd.etcd.client import EtcdClient
from chatd.etcd.keys import Keys
from chatd.etcd.messages import Event, decode_line, refuse
from chatd.log.engine import LogLost, Position
from chatd.log.shared_engine import LogUnreachable, LogUnusable, SharedEntry

_log: Final = Logger()


class NotTaken(Exception):
    """The function that takes entries has failed with some."""


class Watch:
    """Follows the log from one server, and from the next one when that fails.

    One node or another ticks every second, so a server that tells of nothing is cut off.

    :ivar position: of the last entry that was received.
    """

    def __init__(
        self,
        clock: IReactorTime,
        client: EtcdClient,
        server_id: str,
        after: Position,
        received: Callable[[Sequence[SharedEntry]], None],
        ended: Callable[[Exception], None],
    ) -> None:
        self.position = after
        self._clock = clock
        self._client = client
        self._server_id = server_id
        self._keys = Keys(server_id)
        self._received = received
        self._ended = ended
        self._is_stopped = False
        self._stream: Deferred[None] | None = None
        self._silence: IDelayedCall | None = None
        self._line_due = 0.0
        self._is_failing = False
        self._running: Deferred[None] = Deferred.fromCoroutine(self._run())
        self._running.addErrback(self._failed)

    def stop(self) -> None:
        """Receive nothing more; `ended` is not called."""
        self._is_stopped = True
        self._running.cancel()

    def end(self, reason: Exception) -> None:
        """Receive nothing more, because of that reason."""
        if not self._is_stopped:
            self.stop()
            self._ended(reason)

    async def _run(self) -> None:
        servers = self._client.address.servers
        number = 0
        while True:
            server = servers[number % len(servers)]
            try:
                await self._follow(server)
            except LogUnreachable as problem:
                self._note(str(problem))
            number += 1
            await deferLater(self._clock, limits.ETCD_RETRY_MILLISECONDS / 1_000)

    async def _follow(self, server: Server) -> None:
        request = {
            "create_request": {
                "key": self._keys.log,
                "range_end": self._keys.after_pointer,
                "start_revision": self.position + 1,
                # A response with much of the history comes in several lines.
                "fragment": True,
            }
        }
        self._line_due = self._clock.seconds() + limits.ETCD_LINE_SECONDS
        self._silence = self._clock.callLater(limits.ETCD_SILENT_SECONDS, self._is_silent)
        lines = _Lines(self._line_received)

        def received(data: bytes) -> None:
            self._wait_longer()
            lines.feed(data)

        self._stream = self._client.stream(server, "/v3/watch", request, received)
        try:
            await self._stream
        except CancelledError:
            if self._is_stopped:
                raise
            seconds = limits.ETCD_SILENT_SECONDS
            raise LogUnreachable(f"etcd at {server} has told of nothing for {seconds} s") from None
        finally:
            if self._silence.active():
                self._silence.cancel()

    def _is_silent(self) -> None:
        if self._stream is not None:
            self._stream.cancel()

    def _wait_longer(self) -> None:
        """Something has arrived; but one line may not take for ever."""
        if self._silence is not None and self._silence.active():
            left = self._line_due - self._clock.seconds()
            self._silence.reset(max(0, min(limits.ETCD_SILENT_SECONDS, left)))

    def _line_received(self, line: bytes) -> None:
        if self._is_stopped:
            return
        watched = decode_line(line)
        self._client.check_cluster(watched.header)
        self._line_due = self._clock.seconds() + limits.ETCD_LINE_SECONDS
        self._events_received(watched.events)
        if watched.compact_revision:
            raise LogLost("the next entries are not in etcd any longer")
        if watched.canceled:
            raise refuse(watched.cancel_reason)

    def _events_received(self, events: Sequence[Event]) -> None:
        entries: list[SharedEntry] = []
        is_removed = False
        for event in events:
            is_removed = is_removed or (event.kv.key == self._keys.pointer and event.type != "PUT")
            position = event.kv.mod_revision
            is_entry = event.kv.key == self._keys.log and event.type == "PUT"
            if is_entry and position > self.position and not is_removed:
                self.position = position
                entries.append(SharedEntry(position, event.kv.value))
        if entries:
            self._works()
            self._tell(entries)
        if is_removed:
            raise removed(self._server_id)

    def _tell(self, entries: list[SharedEntry]) -> None:
        try:
            self._received(entries)
        except Exception:
            # No server is at fault, and these entries would never come again.
            _log.failure("entries of the log were not taken")
            raise NotTaken from None

    def _note(self, problem: str) -> None:
        if not self._is_failing:
            self._is_failing = True
            _log.warn("the log is not followed at present: {problem}", problem=problem)

    def _works(self) -> None:
        if self._is_failing:
            self._is_failing = False
            _log.info("the log is followed again")

    def _failed(self, failure: Failure) -> None:
        if self._is_stopped:
            return
        self._is_stopped = True
        if failure.check(LogLost, LogUnusable, NotTaken) is None:
            _log.failure("the log cannot be followed", failure)
        if isinstance(failure.value, Exception):
            self._ended(failure.value)


class _Lines:
    """Splits what is received into lines of limited length."""

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        # Only the new data is searched: a line may come in many pieces.
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._check(len(end))
            line = bytes(self._rest) + end
            self._rest.clear()
            if line:
                self._received(line)
        self._check(len(rest))
        self._rest += rest

    def _check(self, more: int) -> None:
        if len(self._rest) + more > limits.ETCD_LINE_BYTES:
            raise ValueError("a line that is too long")
