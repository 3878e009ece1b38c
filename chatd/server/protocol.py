"""One connection of a server: lines to the dialect, commands to the hub, and every way to end."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.interfaces import IDelayedCall
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from chatd import links
from chatd.chat import commands, events, limits
from chatd.chat.events import Reply
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import Full, LineTooLong, Refusal, RequestId, TooLate
from chatd.server.fanout import Listener
from chatd.server.outlet import Outlet
from chatd.server.timing import IdleTimer, TokenBucket

if TYPE_CHECKING:
    from chatd.server.factory import ChatFactory

#: What says nothing about whether there is a person at the other end.
_NO_ACTIVITY: Final = frozenset({commands.Ping})


class Connection(LineReceiver):
    """What every connection has: lines, a way out, a deadline, and one end."""

    delimiter = b"\n"
    MAX_LENGTH = limits.LINE_BYTES
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, factory: "ChatFactory") -> None:
        self.factory = factory
        self.is_ended = False
        self._deadline: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """Begin; a connection that says nothing does not stay."""
        links.tend(self.transport)
        self.outlet = Outlet(self.transport, limits.OUTBOUND_BYTES, self.overflowed)
        self.expect(limits.FIRST_LINE_SECONDS, self.late)

    def dataReceived(self, data: bytes) -> None:
        """Take what comes, until the end; what comes after it is read and thrown away."""
        if not self.is_ended:
            super().dataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse a line that is too long; nobody knows where the next one starts."""
        self.refuse(LineTooLong())

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Forget everything about this connection."""
        self.is_ended = True
        self.outlet.close()
        self.expect(None)
        self.factory.forget(self)

    def expect(self, seconds: float | None, otherwise: Callable[[], None] | None = None) -> None:
        """Call `otherwise` after `seconds` from now; this replaces what was expected before."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None
        if seconds is not None and otherwise is not None:
            self._deadline = self.factory.clock.callLater(seconds, otherwise)

    def end(self) -> None:
        """Send what waits and close; a peer that does not take it in time is cut off."""
        if not self.is_ended:
            self.is_ended = True
            self.clearLineBuffer()
            self.expect(limits.ENDING_SECONDS, self.abort)
            # Paused for flooding, it would never read the peer's end.
            self.transport.resumeProducing()
            self.outlet.finish()

    def abort(self) -> None:
        """Close at once."""
        self.is_ended = True
        self.outlet.close()
        self.transport.abortConnection()

    def refuse(self, refusal: Refusal, request_id: RequestId = None) -> None:
        """Say what is refused, count it, and close if the connection cannot go on."""
        self.factory.counters[refusal.code] += 1
        self.tell(refusal, request_id if refusal.request_id is None else refusal.request_id)
        if refusal.closes:
            self.end()

    def late(self) -> None:
        """Nothing came in time."""
        self.refuse(
            TooLate(f"No hello came within {limits.FIRST_LINE_SECONDS} s, so the server closes.")
        )

    def tell(self, reply: Reply | Refusal, request_id: RequestId = None) -> None:
        """Send the answer to a request."""
        raise NotImplementedError

    def overflowed(self) -> None:
        """More waits for the peer than may."""
        self.abort()


class TurnedAway(Connection):
    """A connection for which there is no slot: it is told so, once its dialect is known."""

    def connectionMade(self) -> None:
        """Wait for the first line."""
        super().connectionMade()
        self.factory.turned_away.add(self)

    def lineReceived(self, line: bytes) -> None:
        """Say that the server is full, in answer to whatever came."""
        try:
            request_id = self.factory.dialect.decode(line).request_id
        except Refusal as malformed:
            request_id = malformed.request_id
        self.refuse(Full(), request_id)

    def tell(self, reply: Reply | Refusal, request_id: RequestId = None) -> None:
        """Send the answer to a request."""
        self.outlet.write(self.factory.dialect.answer(reply, request_id))


class MemberConnection(Connection):
    """A connection that has a slot: it registers, then chats."""

    def __init__(self, factory: "ChatFactory", member_id: MemberId) -> None:
        super().__init__(factory)
        self.member_id = member_id
        self._reason = "connection lost"
        self._idle: IdleTimer | None = None
        self._resume: IDelayedCall | None = None
        self._is_first_line = True

    def connectionMade(self) -> None:
        """Begin, without a nickname yet."""
        super().connectionMade()
        self._began = self.factory.clock.seconds()
        self.factory.members.add(self)
        flood = self.factory.settings.flood
        self._bucket = TokenBucket(
            flood, flood * limits.FLOOD_BURST_FACTOR, self.factory.clock.seconds()
        )
        self.factory.fanout.attach(self.member_id, Listener(self.factory.dialect, self.outlet))

    def lineReceived(self, line: bytes) -> None:
        """Do what one line asks; who asks too often is read more slowly."""
        wait = self._bucket.take(self.factory.clock.seconds())
        if self._is_first_line:
            self._is_first_line = False
            passed = self.factory.clock.seconds() - self._began
            self.expect(limits.REGISTRATION_SECONDS - passed, self._registration_late)
        try:
            request = self.factory.dialect.decode(line)
        except Refusal as refusal:
            self.refuse(refusal)
        else:
            self._do(request.command, request.request_id)
        if wait and not self.is_ended:
            self.pauseProducing()
            self._resume = self.factory.clock.callLater(wait, self.resumeProducing)

    def _do(self, command: commands.Command, request_id: RequestId) -> None:
        try:
            reply = self.factory.hub.handle(self.member_id, command, self.factory.now())
        except Refusal as refusal:
            self.refuse(refusal, request_id)
            return
        self.tell(reply, request_id)
        match reply:
            case events.Welcome():
                self.expect(None)
                self._idle = IdleTimer(
                    self.factory.clock, self.factory.settings.timeout, self._inactive
                )
            case events.Goodbye():
                self.end()
            case _ if self._idle is not None and type(command) not in _NO_ACTIVITY:
                self._idle.heard()

    def refuse(self, refusal: Refusal, request_id: RequestId = None) -> None:
        """Say what is refused; if the connection cannot go on, that is why the member leaves."""
        if refusal.closes:
            self._reason = refusal.code.replace("-", " ")
        super().refuse(refusal, request_id)

    def tell(self, reply: Reply | Refusal, request_id: RequestId = None) -> None:
        """Send the answer to a request, after all that the member was told before."""
        self.factory.fanout.answer(self.member_id, reply, request_id)

    def dismiss(self, reason: str) -> None:
        """End the membership from the server's side; the slot and the nickname are free at once."""
        if not self.is_ended:
            self.factory.hub.leave(self.member_id, reason)
            self.tell(events.Goodbye(reason))
            self.end()

    def overflowed(self) -> None:
        """Drop a member who does not read.

        The hub learns of it when the connection is gone, in a later turn: this may be in the midst
        of telling everyone something.
        """
        self._reason = "too slow"
        self.abort()

    def end(self) -> None:
        """Send what waits and close; the slot is free from now on."""
        self.factory.hub.leave(self.member_id, self._reason)
        self._stop_timers()
        super().end()

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Free the slot and the nickname, however the connection ended."""
        super().connectionLost(reason)
        self._stop_timers()
        self.factory.hub.leave(self.member_id, self._reason)
        self.factory.fanout.detach(self.member_id)

    def _stop_timers(self) -> None:
        if self._idle is not None:
            self._idle.stop()
        if self._resume is not None and self._resume.active():
            self._resume.cancel()

    def _inactive(self) -> None:
        self.dismiss("inactive")

    def _registration_late(self) -> None:
        self.refuse(
            TooLate(f"No nickname within {limits.REGISTRATION_SECONDS} s, so the server closes.")
        )
