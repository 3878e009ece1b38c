"""One connection's place in the chat, whatever its dialect: from its first bytes to its end.

It knows no framing: a protocol of ``server.protocol`` cuts the stream into units (lines or objects)
and hands them on; what this decides about the stream (read more slowly, end it) goes back to it.
"""

from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import commands, events, limits
from chatd.chat.errors import Full, Refusal, RegistrationTimeout, ServerFailed
from chatd.chat.events import Reply
from chatd.chat.outbox import MemberId
from chatd.server.chat import STOPPING, Chat
from chatd.server.send_queue import Input, Output
from chatd.server.throttle import ReadThrottle
from chatd.server.timing import InactivityTimer, Timeout
from chatd.wire.basic import Detecting
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Request, Result

#: What says nothing about whether there is a person at the other end.
_NOT_ACTIVITY: Final = frozenset({commands.Ping, KeepAlive})


class Session:
    """Somebody at the door, perhaps watching for a while, then a member, then gone.

    :param address: the other end, ``ADDRESS:PORT``.
    :param member_id: its number in the hub; None if there was no slot, which it will be told.
    :param dialect: what it speaks.
    :param patience: how many seconds it has to say who it is; what is nothing of that kind, such as
        a frame that is none, gives it no more.
    """

    log = Logger()

    def __init__(
        self,
        chat: Chat,
        address: str,
        member_id: MemberId | None,
        dialect: Dialect,
        registration_timeout: float,
    ) -> None:
        self.chat = chat
        self.address = address
        self.dialect = dialect
        self.member_id = member_id
        self.is_ended = self.is_member = False
        self._registration_timeout = registration_timeout
        self._reason = "connection lost"
        self._timeout = Timeout(chat.clock)
        self._inactivity: InactivityTimer | None = None
        self._has_extended_timeout = False
        self._password_check: Deferred[Any] | None = None

    def start(self, input_: Input, output: Output) -> None:
        """Begin; a connection that says nothing does not stay."""
        self._input, self.output = input_, output
        self._connected_at = self.chat.clock.seconds()
        self._throttle = ReadThrottle(self.chat.clock, self.chat.settings.flood, input_, output)
        self.chat.sessions.add(self)
        self._timeout.start(self._registration_timeout, self.registration_timed_out)
        if self.member_id is not None:
            self.chat.fanout.attach(self.member_id, self)
        if self.member_id is None and not isinstance(self.dialect, Detecting):
            self.refuse(Full())
        elif self.chat.is_ending:
            self.disconnect(STOPPING)
        elif self.dialect.greeting:
            output.send(None, self.dialect.greeting)

    def frame_received(self, frame: bytes) -> None:
        """Do what one line or object asks; who asks too often is read more slowly."""
        if self.is_ended:
            return
        wait = self._throttle.consume()
        self._set_dialect(self.dialect.detect(frame))
        asked: Request | Refusal | None
        try:
            asked = self.dialect.decode(frame)
        except Refusal as refusal:
            refusal.__context__ = None  # its frames would hold this one, and this one the refusal
            asked = refusal.with_traceback(None)
        if self.member_id is None and asked is not None:
            self.refuse(Full(), asked)
            return
        if self.dialect.auto_registers and not self.is_member:
            asked = self._auto_register(asked)
        if isinstance(asked, Refusal):
            self.refuse(asked, asked)
        elif asked is not None:
            self._dispatch(asked)
        if not self.is_ended:
            self._throttle.throttle(wait)

    def idle_detected(self, dialect: Dialect) -> None:
        """Nothing came for a while: somebody who speaks `dialect`, and waits to be spoken to."""
        self._set_dialect(dialect)
        if self.member_id is None:
            self.refuse(Full())
        else:
            self._dispatch(Request(commands.Enter(self.address)))

    def refuse(self, refusal: Refusal, request: Request | Refusal | None = None) -> None:
        """Say what is refused, count it, and close if the connection cannot go on."""
        self.chat.counters[refusal.code] += 1
        self.reply(refusal, request)
        if refusal.closes_connection:
            self._reason = refusal.code.replace("-", " ")
            self.close()

    def reply(self, result: Result, request: Request | Refusal | None = None) -> None:
        """Send the answer to what was asked, after all that was told before."""
        self.chat.log_command(self, request, result)
        request_id = None if request is None else request.request_id
        if self.member_id is not None:
            self.chat.fanout.reply(self.member_id, result, request_id)
        else:
            self.output.send(result, self.dialect.encode_reply(result, request_id, self.chat.now()))

    def disconnect(self, reason: str) -> None:
        """End the membership from the server's side; the slot and the nickname are free at once."""
        if not self.is_ended:
            self._reason = reason
            self._leave_chat()
            self.reply(events.Goodbye(reason))
            self.close()

    def close(self) -> None:
        """Free the slot, send what waits, and close; who does not take it in time is cut off."""
        if not self.is_ended:
            self.is_ended = True
            self._leave_chat()
            self._stop_timers()
            self._timeout.start(limits.SHUTDOWN_SECONDS, self._input.abort)
            self._input.discard_input()
            self.output.close_after_flush()

    def send_queue_exceeded(self) -> None:
        """Drop a member who does not read.

        The hub learns of it in a later turn: this may be in the midst of telling everyone.
        """
        self._reason = "too slow"
        self.is_ended = True
        self._throttle.stop()
        self._input.abort()

    def connection_lost(self) -> None:
        """Free the slot and the nickname, however the connection ended."""
        self.is_ended = True
        self.output.close()
        self._timeout.cancel()
        self._stop_timers()
        self._leave_chat()
        if self.member_id is not None:
            self.chat.fanout.detach(self.member_id)
        self.chat.remove(self)
        del (
            self._input,
            self._throttle,
        )  # no cycle, or all this would wait for the garbage collector

    def registration_timed_out(self) -> None:
        """Nobody has entered in time."""
        late = RegistrationTimeout(
            f"No nickname within {self._registration_timeout:g} s, so the server closes."
        )
        self.refuse(Full() if self.member_id is None else late)

    # --- what came of it ------------------------------------------------------------------------

    def _dispatch(self, request: Request) -> None:
        """Have done what is asked, by whom it concerns, and say what came of it."""
        match request.command:
            case LocalReply() as note:
                self._succeeded(request, note)
            case commands.Authenticate() as command:
                self._authenticate(request, command)
            case command:
                self._run_command(request, command)

    def _run_command(self, request: Request, command: commands.Command) -> None:
        if self.member_id is None or self.is_ended:
            return
        try:
            reply = self.chat.hub.handle(self.member_id, command, self.chat.now())
        except Refusal as refusal:
            self._refused(request, refusal)
        except Exception:
            # A mistake of ours is one member's trouble, and nobody else's.
            self.log.failure("a command could not be handled")
            self._refused(request, ServerFailed())
        else:
            self._succeeded(request, reply)

    def _refused(self, request: Request, refusal: Refusal) -> None:
        if isinstance(request.command, commands.Enter):
            self._extend_registration_timeout()
        self.refuse(refusal, request)
        self._set_dialect(self.dialect.updated(request, refusal))

    def _succeeded(self, request: Request, result: Reply | LocalReply) -> None:
        self.reply(result, request)
        self._set_dialect(self.dialect.updated(request, result))
        match result:
            case events.Welcome() if not self.is_member:
                self.is_member = True
                self._timeout.cancel()
                self._inactivity = InactivityTimer(
                    self.chat.clock,
                    self.chat.settings.timeout,
                    self._probe if self.dialect.probe else None,
                    partial(self.disconnect, "inactive"),
                )
            case events.Watching():
                self._timeout.cancel()
                self._has_extended_timeout = True
            case events.Goodbye():
                self.close()
            case _ if self._inactivity is not None:
                self._inactivity.reset(type(request.command) not in _NOT_ACTIVITY)

    def _auto_register(self, request: Request | Refusal | None) -> Request | Refusal | None:
        """Enter by the name that the first frame asks for, or the address: what is left to do."""
        if isinstance(request, Request) and isinstance(request.command, commands.Rename):
            self._dispatch(Request(commands.Enter(request.command.nickname)))
            request = None
        if not self.is_member:
            self._dispatch(Request(commands.Enter(self.address)))
        return request

    def _authenticate(self, request: Request, command: commands.Authenticate) -> None:
        """Have the password checked, which takes a while; nothing else is read meanwhile."""
        self._extend_registration_timeout()
        self._throttle.pause()
        self._password_check = checked = self.chat.check_password(command, self.address)
        checked.addCallbacks(
            lambda account: self._run_command(
                request, commands.EnterAuthenticated(account, self.dialect.initial_rooms)
            ),
            lambda failure: self._authentication_failed(request, failure),
        )
        checked.addCallback(lambda _: self._throttle.resume())

    def _authentication_failed(self, request: Request, failure: Failure) -> None:
        if self.is_ended:
            return
        refusal = failure.value
        if not isinstance(refusal, Refusal):
            self.log.failure("a password could not be checked", failure)
            refusal = ServerFailed()
        self._refused(request, refusal)

    def _set_dialect(self, dialect: Dialect) -> None:
        before, self.dialect = self.dialect, dialect
        if dialect is not before and self.member_id is not None:
            self.chat.fanout.dialect_changed(self.member_id)

    def _leave_chat(self) -> None:
        if self.member_id is not None:
            self.chat.hub.remove_member(self.member_id, self._reason)

    # --- time -----------------------------------------------------------------------------------

    def _extend_registration_timeout(self) -> None:
        """A person may be choosing another nickname, or typing a password."""
        if not (self.is_member or self.is_ended or self._has_extended_timeout):
            self._has_extended_timeout = True
            self._registration_timeout = limits.REGISTRATION_SECONDS
            passed = self.chat.clock.seconds() - self._connected_at
            self._timeout.start(self._registration_timeout - passed, self.registration_timed_out)

    def _probe(self) -> None:
        if self.member_id is not None:
            self.chat.fanout.send(self.member_id, None, self.dialect.probe)

    def _stop_timers(self) -> None:
        self._throttle.stop()
        if self._inactivity is not None:
            self._inactivity.stop()
            self._inactivity = None
        if self._password_check is not None:
            self._password_check.cancel()
