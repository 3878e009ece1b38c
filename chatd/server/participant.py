"""One connection's place in the chat, whatever its dialect: from its first bytes to its end.

It knows no framing: a protocol of ``server.protocol`` cuts the stream into units (lines or objects)
and hands them on; what this decides about the stream (read more slowly, end it) goes back to it.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.chat import commands, events, limits
from chatd.chat.events import Reply
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import Refusal, ServerFailed
from chatd.chat.registration import Full, TooLate
from chatd.server.outlet import Stream, Way
from chatd.server.pace import Pace
from chatd.server.timing import Deadline, SilenceWatch
from chatd.wire.dialect import Alive, Dialect, Note, Outcome, Request
from chatd.wire.undecided import Undecided

if TYPE_CHECKING:
    from chatd.server.factory import ChatFactory

#: Why everyone has to go at the server's end.
STOPPING: Final = "server is stopping"

#: What says nothing about whether there is a person at the other end.
_NO_ACTIVITY: Final = frozenset({commands.Ping, Alive})


class Participant:
    """Somebody at the door, perhaps watching for a while, then a member, then gone.

    :param address: the other end, ``ADDRESS:PORT``.
    :param member_id: its number in the hub; None if there was no slot, which it will be told.
    :param dialect: what it speaks.
    :param patience: how many seconds it has to say who it is; what is nothing of that kind, such as
        a frame that is none, gives it no more.
    """

    def __init__(
        self,
        factory: "ChatFactory",
        address: str,
        member_id: MemberId | None,
        dialect: Dialect,
        patience: float,
    ) -> None:
        self.factory = factory
        self.address = address
        self.dialect = dialect
        self.member_id = member_id
        self.is_ended = self.is_member = False
        self._patience = patience
        self._reason = "connection lost"
        self._deadline = Deadline(factory.clock)
        self._silence: SilenceWatch | None = None
        self._may_take_time = False
        self._check: Deferred[Any] | None = None

    def connected(self, stream: Stream, way: Way) -> None:
        """Begin; a connection that says nothing does not stay."""
        self._stream, self.way = stream, way
        self._began = self.factory.clock.seconds()
        self._pace = Pace(self.factory.clock, self.factory.settings.flood, stream, way)
        self.factory.participants.add(self)
        self._deadline.set(self._patience, self.late)
        if self.member_id is not None:
            self.factory.fanout.attach(self.member_id, self)
        if self.member_id is None and not isinstance(self.dialect, Undecided):
            self.refuse(Full())
        elif self.factory.is_ending:
            self.dismiss(STOPPING)
        elif self.dialect.greeting:
            way.send(None, self.dialect.greeting)

    def received(self, unit: bytes) -> None:
        """Do what one line or object asks; who asks too often is read more slowly."""
        if self.is_ended:
            return
        wait = self._pace.count()
        self._speak(self.dialect.hearing(unit))
        asked: Request | Refusal | None
        try:
            asked = self.dialect.decode(unit)
        except Refusal as refusal:
            refusal.__context__ = None  # its frames would hold this one, and this one the refusal
            asked = refusal.with_traceback(None)
        if self.member_id is None and asked is not None:
            self.refuse(Full(), asked)
            return
        if self.dialect.enters_unasked and not self.is_member:
            asked = self._enter_unasked(asked)
        if isinstance(asked, Refusal):
            self.refuse(asked, asked)
        elif asked is not None:
            self._do(asked)
        if not self.is_ended:
            self._pace.slow_down(wait)

    def silent(self, dialect: Dialect) -> None:
        """Nothing came for a while: somebody who speaks `dialect`, and waits to be spoken to."""
        self._speak(dialect)
        if self.member_id is None:
            self.refuse(Full())
        else:
            self._do(Request(commands.Enter(self.address)))

    def refuse(self, refusal: Refusal, asked: Request | Refusal | None = None) -> None:
        """Say what is refused, count it, and close if the connection cannot go on."""
        self.factory.counters[refusal.code] += 1
        self.tell(refusal, asked)
        if refusal.closes:
            self._reason = refusal.code.replace("-", " ")
            self.end()

    def tell(self, outcome: Outcome, asked: Request | Refusal | None = None) -> None:
        """Send the answer to what was asked, after all that was told before."""
        self.factory.record(self, asked, outcome)
        request_id = None if asked is None else asked.request_id
        if self.member_id is not None:
            self.factory.fanout.answer(self.member_id, outcome, request_id)
        else:
            self.way.send(outcome, self.dialect.answer(outcome, request_id, self.factory.now()))

    def dismiss(self, reason: str) -> None:
        """End the membership from the server's side; the slot and the nickname are free at once."""
        if not self.is_ended:
            self._reason = reason
            self._leave()
            self.tell(events.Goodbye(reason))
            self.end()

    def end(self) -> None:
        """Free the slot, send what waits, and close; who does not take it in time is cut off."""
        if not self.is_ended:
            self.is_ended = True
            self._leave()
            self._stop_timers()
            self._deadline.set(limits.ENDING_SECONDS, self._stream.abort)
            self._stream.drain()
            self.way.finish()

    def overflowed(self) -> None:
        """Drop a member who does not read.

        The hub learns of it in a later turn: this may be in the midst of telling everyone.
        """
        self._reason = "too slow"
        self.is_ended = True
        self._pace.stop()
        self._stream.abort()

    def lost(self) -> None:
        """Free the slot and the nickname, however the connection ended."""
        self.is_ended = True
        self.way.close()
        self._deadline.forget()
        self._stop_timers()
        self._leave()
        if self.member_id is not None:
            self.factory.fanout.detach(self.member_id)
        self.factory.forget(self)
        del self._stream, self._pace  # no cycle, or all this would wait for the garbage collector

    def late(self) -> None:
        """Nobody has entered in time."""
        late = TooLate(f"No nickname within {self._patience:g} s, so the server closes.")
        self.refuse(Full() if self.member_id is None else late)

    # --- what came of it ------------------------------------------------------------------------

    def _do(self, request: Request) -> None:
        """Have done what is asked, by whom it concerns, and say what came of it."""
        match request.command:
            case Note() as note:
                self._done(request, note)
            case commands.Authenticate() as command:
                self._authenticate(request, command)
            case command:
                self._handle(request, command)

    def _handle(self, request: Request, command: commands.Command) -> None:
        if self.member_id is None or self.is_ended:
            return
        try:
            reply = self.factory.hub.handle(self.member_id, command, self.factory.now())
        except Refusal as refusal:
            self._refused(request, refusal)
        except Exception:
            # A mistake of ours is one member's trouble, and nobody else's.
            self.factory.log.failure("a command could not be handled")
            self._refused(request, ServerFailed())
        else:
            self._done(request, reply)

    def _refused(self, request: Request, refusal: Refusal) -> None:
        if isinstance(request.command, commands.Enter):
            self._wait_for_registration()
        self.refuse(refusal, request)
        self._speak(self.dialect.after(request, refusal))

    def _done(self, request: Request, outcome: Reply | Note) -> None:
        self.tell(outcome, request)
        self._speak(self.dialect.after(request, outcome))
        match outcome:
            case events.Welcome() if not self.is_member:
                self.is_member = True
                self._deadline.forget()
                self._silence = SilenceWatch(
                    self.factory.clock,
                    self.factory.settings.timeout,
                    self._probe if self.dialect.probe else None,
                    partial(self.dismiss, "inactive"),
                )
            case events.Watching():
                self._deadline.forget()
                self._may_take_time = True
            case events.Goodbye():
                self.end()
            case _ if self._silence is not None:
                self._silence.heard(type(request.command) not in _NO_ACTIVITY)

    def _enter_unasked(self, asked: Request | Refusal | None) -> Request | Refusal | None:
        """Enter by the name that the first frame asks for, or the address: what is left to do."""
        if isinstance(asked, Request) and isinstance(asked.command, commands.Rename):
            self._do(Request(commands.Enter(asked.command.nickname)))
            asked = None
        if not self.is_member:
            self._do(Request(commands.Enter(self.address)))
        return asked

    def _authenticate(self, request: Request, command: commands.Authenticate) -> None:
        """Have the password checked, which takes a while; nothing else is read meanwhile."""
        self._wait_for_registration()
        self._pace.hold()
        self._check = checked = self.factory.check_password(command, self.address)
        checked.addCallbacks(
            lambda account: self._handle(
                request, commands.SignIn(account, self.dialect.first_rooms)
            ),
            lambda failure: self._not_signed_in(request, failure),
        )
        checked.addCallback(lambda _: self._pace.release())

    def _not_signed_in(self, request: Request, failure: Failure) -> None:
        if self.is_ended:
            return
        refusal = failure.value
        if not isinstance(refusal, Refusal):
            self.factory.log.failure("a password could not be checked", failure)
            refusal = ServerFailed()
        self._refused(request, refusal)

    def _speak(self, dialect: Dialect) -> None:
        before, self.dialect = self.dialect, dialect
        if dialect is not before and self.member_id is not None:
            self.factory.fanout.dialect_changed(self.member_id)

    def _leave(self) -> None:
        if self.member_id is not None:
            self.factory.hub.leave(self.member_id, self._reason)

    # --- time -----------------------------------------------------------------------------------

    def _wait_for_registration(self) -> None:
        """A person may be choosing another nickname, or typing a password."""
        if not (self.is_member or self.is_ended or self._may_take_time):
            self._may_take_time = True
            self._patience = limits.REGISTRATION_SECONDS
            passed = self.factory.clock.seconds() - self._began
            self._deadline.set(self._patience - passed, self.late)

    def _probe(self) -> None:
        if self.member_id is not None:
            self.factory.fanout.send(self.member_id, None, self.dialect.probe)

    def _stop_timers(self) -> None:
        self._pace.stop()
        if self._silence is not None:
            self._silence.stop()
            self._silence = None
        if self._check is not None:
            self._check.cancel()
