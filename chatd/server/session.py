"""A client's session: what it may do, from the connection to its end, in any dialect.

A session knows no framing. A protocol (``server.protocol``, ``web.websocket``) cuts the stream into
frames and passes them here. What the session decides about the stream (pause it, end it) goes back
through its ``Input``, and what it sends through its ``Output``.

The life of a session::

    start ──▶ unregistered ──────────▶ member ──▶ ended ──▶ lost
                    │   ▲ ▲              ▲          ▲
                    │   └─┘ refused      │          │
                    └──▶ watcher ────────┘          │
    (from anywhere) ────────────────────────────────┘

*unregistered*
    The client has to register within ``FIRST_LINE_TIMEOUT_SECONDS`` of connecting, on the plain
    port within ``REGISTRATION_SECONDS``. Once a nickname was refused, or a password is checked, the
    client has ``REGISTRATION_SECONDS`` everywhere, counted from the connection as well: the user
    may be choosing another nickname. Invalid frames do not extend the timeout. A TCP client already
    has a slot, which is one of the ``--slots`` places for members. If no slot was free, the session
    has no `member_id`, and only sends that refusal in the client's dialect, which its first frame
    shows.
*watcher*
    A browser may watch, without a time limit, and register later. A watcher has no slot and no
    nickname, and nobody is told of it: it is not a member. Watchers and unregistered browsers have
    limits of their own, so that they cannot take a member's place.
*member*
    The hub has welcomed it. From now on it is disconnected when it is inactive.
*ended*
    The hub knows it no more: the slot and the nickname are free at once. What is queued for it is
    still sent, then the connection is half-closed; what the client sends is read and thrown away.
    If the client does not read or close within ``SHUTDOWN_SECONDS``, the connection is aborted. So
    the final ``goodbye`` or ``error`` frame arrives, but no client can keep a connection open.
*lost*
    The transport is gone, for whatever reason; this can also come first. A client that reads too
    slowly is aborted without a final frame, which it would not read either.
"""

from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import commands, errors, events, limits
from chatd.chat.errors import Full, Refusal, RegistrationTimeout, ServerFailed
from chatd.chat.events import Reply
from chatd.chat.outbox import MemberId
from chatd.server.chat import STOPPING, Chat
from chatd.server.send_queue import Input, Output
from chatd.server.timing import InactivityTimer, Timeout
from chatd.wire.basic import Detecting
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Request, Result

#: A connection that begins with such bytes is no member yet: they may be those of a port scanner.
_NO_FRAMES: Final = (errors.InvalidUtf8, errors.InvalidJson, errors.NoType)
#: What clients send by themselves; it does not show that the user is there.
_NOT_ACTIVITY: Final = frozenset({commands.Ping, KeepAlive})


class Session:
    """The server's side of one client.

    It decodes the client's frames, passes commands to the hub, and runs the client's timeouts.

    :param address: of the client, ``ADDRESS:PORT``.
    :param member_id: the hub's id of the connection; None if no slot was free.
    :param registration_timeout: seconds to register in; invalid frames do not extend it.
    :ivar dialect: the client's dialect, as far as it is known.
    :ivar is_member: whether the hub has welcomed it; this stays true when it has left.
    :ivar is_ended: whether its frames are ignored from now on.
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
        """The client is connected: greet it, and start the registration timeout."""
        self._input, self.output = input_, output
        self._connected_at = self.chat.clock.seconds()
        self._throttle = self.chat.read_throttle(self.address, input_, output)
        self.chat.sessions.add(self)
        self._timeout.start(self._registration_timeout, self.registration_timed_out)
        if self.member_id is not None:
            self.chat.fanout.attach(self.member_id, self)
        # On the main port the first frame, or silence, shows in which dialect to say "full".
        if self.member_id is None and not isinstance(self.dialect, Detecting):
            self.refuse(Full())
        elif self.chat.is_ending:
            self.disconnect(STOPPING)
        elif self.dialect.greeting:
            output.send(None, self.dialect.greeting)
        if not self.is_ended:
            self._throttle.connected()

    def data_arrived(self) -> None:
        """Data came that is not handled yet; this may pause the input."""
        if not self.is_ended:
            self._throttle.data_arrived()

    def charge_bytes(self, count: int) -> None:
        """Charge what the client sends, also what is no frame, and what its framing answers.

        This may pause the input.
        """
        if not self.is_ended:
            self._throttle.charge_bytes(count)

    def frame_received(self, frame: bytes) -> None:
        """Handle one frame: the input is paused if it came too early, and nothing is lost."""
        if self.is_ended:
            return
        started = self.chat.clock.seconds()
        self._set_dialect(self.dialect.detect(frame))
        request: Request | Refusal | None
        try:
            request = self.dialect.decode(frame)
        except Refusal as refusal:
            # Its traceback refers to this call's frame, which refers to the refusal: a cycle, which
            # would stay until the garbage collector runs.
            refusal.__context__ = None
            request = refusal.with_traceback(None)
        if self.member_id is None and request is not None:
            self.refuse(Full(), request)
            return
        if self.dialect.auto_registers and not self.is_member:
            request = self._auto_register(request)
        if isinstance(request, Refusal):
            self.refuse(request, request)
        elif request is not None:
            self._dispatch(request)
        if not self.is_ended:
            self._throttle.frame_handled(started)

    def idle_detected(self, dialect: Dialect) -> None:
        """No data arrived within ``DIALECT_DETECTION_MILLISECONDS``: the client uses `dialect`."""
        self._set_dialect(dialect)
        if self.member_id is None:
            self.refuse(Full())
        else:
            self._dispatch(Request(commands.Enter(self.address)))

    def refuse(self, refusal: Refusal, request: Request | Refusal | None = None) -> None:
        """Send and count a refusal, and close if the connection cannot go on after it."""
        self.chat.counters[refusal.code] += 1
        self.reply(refusal, request)
        if refusal.closes_connection:
            self._reason = refusal.code.replace("-", " ")
            self.close()

    def reply(self, result: Result, request: Request | Refusal | None = None) -> None:
        """Send the result of a request, after everything that was sent before."""
        self.chat.log_command(self, request, result)
        request_id = None if request is None else request.request_id
        if self.member_id is not None:
            self._throttle.sent(self.chat.fanout.reply(self.member_id, result, request_id))
        else:
            self.output.send(result, self.dialect.encode_reply(result, request_id, self.chat.now()))

    def disconnect(self, reason: str) -> None:
        """End the session by the server's decision, with a goodbye."""
        if not self.is_ended:
            self._reason = reason
            self._leave_chat()
            self.reply(events.Goodbye(reason))
            self.close()

    def close(self) -> None:
        """End the session: free the slot, send what is queued, and half-close the connection."""
        if not self.is_ended:
            self.is_ended = True
            self._leave_chat()
            self._stop_timers()
            self._timeout.start(limits.SHUTDOWN_SECONDS, self._input.abort)
            self._input.discard_input()
            self.output.close_after_flush()

    def drop_foreign(self, protocol: str) -> None:
        """The client speaks a foreign protocol: abort without a word, as a browser would read it.

        :param protocol: its name, ``http`` for example.
        """
        self.chat.counters[f"foreign-{protocol}"] += 1
        self._abort("foreign protocol")

    def send_queue_exceeded(self) -> None:
        """The client reads too slowly: abort.

        This may be called while the hub sends an event to everyone. So the member must not leave
        the hub here, which would change the audiences under that loop; it does so in
        :meth:`connection_lost`, in a later turn.
        """
        self._abort("too slow")

    def connection_lost(self) -> None:
        """The connection is gone: free the slot and the nickname, if they are not free yet."""
        self.is_ended = True
        self.output.close()
        self._timeout.cancel()
        self._stop_timers()
        self._leave_chat()
        if self.member_id is not None:
            self.chat.fanout.detach(self.member_id)
        self.chat.remove(self)
        # Without the cycle all this is freed at once, and not only by the garbage collector.
        del self._input, self._throttle

    def registration_timed_out(self) -> None:
        """The client has not registered in time."""
        late = RegistrationTimeout(
            f"No nickname within {self._registration_timeout:g} s, so the server closes."
        )
        self.refuse(Full() if self.member_id is None else late)

    # --- requests and their results -------------------------------------------------------------

    def _dispatch(self, request: Request) -> None:
        match request.command:
            case commands.SendPrivate(text=text, to=to) as command:
                self._throttle.sent(len(text) * min(len(to), limits.RECIPIENTS))
                self._run_command(request, command)
            case LocalReply() as reply:
                self._succeeded(request, reply)
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
            # A bug must fail one request, not the server.
            self.log.failure("a command could not be handled")
            self._refused(request, ServerFailed())
        else:
            self._succeeded(request, reply)

    def _refused(self, request: Request, refusal: Refusal) -> None:
        if isinstance(request.command, commands.Enter):
            self._extend_registration_timeout()
        self._set_dialect(self.dialect.updated(request, refusal))
        self.refuse(refusal, request)

    def _succeeded(self, request: Request, result: Reply | LocalReply) -> None:
        self._set_dialect(self.dialect.updated(request, result))  # the reply is in its words
        self.reply(result, request)
        match result:
            case events.Welcome() if not self.is_member:
                self.is_member = True
                self._timeout.cancel()
                self._inactivity = InactivityTimer(
                    self.chat.clock,
                    self.chat.settings.timeout,
                    self._probe if self.dialect.encode_probe(0) else None,
                    partial(self.disconnect, "inactive"),
                )
                if self.dialect.entering_history:
                    history = commands.ReadHistory(limit=self.dialect.entering_history)
                    self._dispatch(Request(history))
            case events.Watching():
                self._timeout.cancel()
                self._has_extended_timeout = True  # a watcher has no timeout to extend
            case events.Goodbye():
                self.close()
            case _ if self._inactivity is not None:
                self._inactivity.reset(type(request.command) not in _NOT_ACTIVITY)

    def _auto_register(self, request: Request | Refusal | None) -> Request | Refusal | None:
        """Enter under the nickname that the first valid frame asks for, or else under the address.

        Returns what is left to do of the first frame.
        """
        if isinstance(request, _NO_FRAMES):
            return request
        if isinstance(request, Request) and isinstance(request.command, commands.Rename):
            self._dispatch(Request(commands.Enter(request.command.nickname)))
            request = None
        if not self.is_member:
            self._dispatch(Request(commands.Enter(self.address)))
        return request

    def _authenticate(self, request: Request, command: commands.Authenticate) -> None:
        """Check a password, which takes a while; reading is paused meanwhile.

        The password never reaches the hub. What does is ``EnterAuthenticated``, a command that no
        dialect makes of a client's bytes.
        """
        self._extend_registration_timeout()
        self._throttle.pause()
        self._password_check = check = self.chat.check_password(command, self.address)
        check.addCallbacks(
            lambda account: self._run_command(
                request, commands.EnterAuthenticated(account, self.dialect.initial_rooms)
            ),
            lambda failure: self._authentication_failed(request, failure),
        )
        check.addCallback(lambda _: self._throttle.resume())

    def _authentication_failed(self, request: Request, failure: Failure) -> None:
        if self.is_ended:
            return
        refusal = failure.value
        if not isinstance(refusal, Refusal):
            self.log.failure("a password could not be checked", failure)
            refusal = ServerFailed()
        self._refused(request, refusal)

    def _set_dialect(self, dialect: Dialect) -> None:
        previous, self.dialect = self.dialect, dialect
        if dialect is not previous and self.member_id is not None:
            self.chat.fanout.dialect_changed(self.member_id)

    def _abort(self, reason: str) -> None:
        self._reason = reason
        self.is_ended = True
        self._throttle.stop()
        self._input.abort()

    def _leave_chat(self) -> None:
        if self.member_id is not None:
            self.chat.hub.remove_member(self.member_id, self._reason)

    # --- timeouts -------------------------------------------------------------------------------

    def _extend_registration_timeout(self) -> None:
        """The user may be choosing another nickname, or typing a password."""
        if not (self.is_member or self.is_ended or self._has_extended_timeout):
            self._has_extended_timeout = True
            self._registration_timeout = limits.REGISTRATION_SECONDS
            passed = self.chat.clock.seconds() - self._connected_at
            self._timeout.start(self._registration_timeout - passed, self.registration_timed_out)

    def _probe(self) -> None:
        if self.member_id is not None:
            self.chat.fanout.send(self.member_id, None, self.dialect.encode_probe(self.chat.now()))

    def _stop_timers(self) -> None:
        self._throttle.stop()
        if self._inactivity is not None:
            self._inactivity.stop()
            self._inactivity = None
        if self._password_check is not None:
            self._password_check.cancel()
