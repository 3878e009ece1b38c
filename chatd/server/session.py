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
    may be choosing another nickname. Invalid frames do not extend the timeout. A TCP client has a
    slot; or no `member_id`, and is only sent the refusal, in the dialect of its first frame.
*watcher*
    A browser may watch, without a time limit, and register later. A watcher is no member: it has no
    slot and no nickname, and nobody is told of it. It counts towards a limit of its own.
*member*
    The hub has welcomed it. From now on it is disconnected when it is inactive.
*ended*
    The hub knows it no more, unless the client can resume (``chat.sessions``). The queue is still
    sent, then the connection is half-closed; the client's bytes are read and thrown away.
    If the client does not read or close within ``SHUTDOWN_SECONDS``, the connection is aborted.
*lost*
    The transport is gone, for whatever reason; this can also come first. A client that reads too
    slowly is aborted without a final frame, which it would not read either.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from chatd.chat import commands, errors, events, limits, order_commands
from chatd.chat.errors import Refusal, RegistrationTimeout
from chatd.chat.events import Reply
from chatd.chat.outbox import MemberId
from chatd.chat.resuming import CONNECTION_LOST
from chatd.log.operations import ConnectWithoutSlot, Handle, Operation
from chatd.server.chat import STOPPING, Chat
from chatd.server.lookups import Found, LookedUp, Lookups
from chatd.server.pipeline import PIPELINED, Pipeline
from chatd.server.resuming import Resumption, digest
from chatd.server.scripts import Scripts, step_cost
from chatd.server.send_queue import Input, Output
from chatd.server.slow_reads import complete, is_incomplete
from chatd.server.throttle import COSTLY, cost_in_bytes
from chatd.server.timing import InactivityTimer, RegistrationTimer, Timeout
from chatd.wire.basic import Detecting
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Request, Result

#: A connection that begins with such bytes is no member yet: they may be those of a port scanner.
_NO_FRAMES: Final = (errors.InvalidUtf8, errors.InvalidJson, errors.NoType)
#: What clients send by themselves; it does not show that the user is there.
_NOT_ACTIVITY: Final = (commands.Ping, KeepAlive)


class Session:
    """The server's side of one client: its frames, its timeouts, and what it is sent.

    :param address: of the client, ``ADDRESS:PORT``.
    :param connect: adds the connection to the hub.
    :param registration_timeout: seconds to register in.
    :ivar member_id: the hub's id of the connection; None before the hub knows it.
    :ivar rejection: why it has no slot, and no id; None if it has one, or may get one.
    :ivar dialect: the client's dialect, as far as it is known.
    :ivar pipeline: holds back what must wait for the results of earlier commands.
    :ivar is_encrypted: whether the client speaks over TLS.
    :ivar files_url: as of the chat, for the address that the client has reached.
    :ivar is_member: whether the hub has welcomed it; this stays true when it has left.
    :ivar is_ended: whether its frames are ignored from now on.
    """

    def __init__(
        self,
        chat: Chat,
        address: str,
        connect: Operation[MemberId],
        dialect: Dialect,
        registration_timeout: float,
    ) -> None:
        self.chat = chat
        self.address = address
        self.dialect = dialect
        self.member_id: MemberId | None = None
        self.is_ended = self.is_member = self.is_encrypted = False
        self.files_url: Callable[[bool], str] = partial(chat.files_url, "")
        self.rejection: Refusal | None = None
        self._connect = connect
        self._is_lost = False
        self._is_handling = False
        self._reason = CONNECTION_LOST
        self._resumption = Resumption(chat)
        self._registration = RegistrationTimer(
            chat.clock, registration_timeout, self.registration_timed_out
        )
        self._shutdown = Timeout(chat.clock)
        self._inactivity: InactivityTimer | None = None
        self._lookups = Lookups(chat, address)
        self._scripts = Scripts(self._take_step, self.close)

    def start(self, input_: Input, output: Output) -> None:
        """The client is connected: greet it, and start the registration timeout."""
        self._input, self.output = input_, output
        self._throttle = self.chat.read_throttle(self.address, input_, output)
        self.pipeline = Pipeline(self.chat.ordered_log, self._throttle)
        self.chat.sessions.add(self)
        self._registration.start()
        self.pipeline.ask(self._connect, self._connected)
        self.pipeline.pause()

    def _connected(self, result: MemberId | Refusal) -> None:
        """The hub knows the connection, or has no slot for it."""
        if self._is_lost:
            if not isinstance(result, Refusal):
                self.chat.leave(result, self._reason, lambda: None)
            return
        if isinstance(result, Refusal):
            self._reject(result)
        else:
            self.member_id = result
            self.chat.fanout.attach(result, self)
            if self.chat.is_ending:
                self.disconnect(STOPPING)
            elif self.dialect.greeting:
                self.output.send(None, self.dialect.greeting)
        if not self.is_ended:
            self._throttle.connected()

    def _reject(self, refusal: Refusal) -> None:
        """No slot is free: say so, on the main port when the dialect is known."""
        self.chat.rejected_sessions += 1
        self.rejection = refusal
        if self.chat.is_ending:
            self.disconnect(STOPPING)
        elif not isinstance(self.dialect, Detecting):
            self.refuse(refusal)

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
        self._is_handling = True
        self._set_dialect(self.dialect.detect(frame))
        request: Request | Refusal | None
        try:
            request = self.dialect.decode(frame)
        except Refusal as refusal:
            # Its traceback refers to this call's frame, which refers to the refusal: a cycle, which
            # would stay until the garbage collector runs.
            refusal.__context__ = None
            request = refusal.with_traceback(None)
        if self.rejection is not None and request is not None:
            self._rejected_request(request, self.rejection)
            return
        if self.dialect.auto_registers and not self.is_member:
            request = self._auto_register(request)
        if isinstance(request, Refusal):
            self.frame_refused(request)
        elif request is not None:
            self._dispatch(request)
        self._is_handling = False
        if not self.is_ended:
            is_part = isinstance(request, Request) and request.is_part
            self._throttle.frame_handled(started, 0 if is_part else 1)

    def _rejected_request(self, request: Request | Refusal, rejection: Refusal) -> None:
        """Refuse the first frame of a client that has no slot, unless its session has one."""
        resume = request.resume if isinstance(request, Request) else None
        is_known = resume and self.chat.member_of(digest(resume.token, self.is_encrypted))
        if not (is_known and isinstance(request, Request)):
            self.refuse(rejection, request)
            return
        self.rejection = None
        self.chat.rejected_sessions -= 1
        self._is_handling = False
        connect = ConnectWithoutSlot(self.address, self.chat.settings.node)
        self.pipeline.ask(connect, self._connected)
        self.pipeline.when_answered(partial(self._dispatch, request))

    def idle_detected(self, dialect: Dialect) -> None:
        """No data arrived within ``DIALECT_DETECTION_MILLISECONDS``: the client uses `dialect`."""
        self.pipeline.when_answered(partial(self._idle_detected, dialect))

    def _idle_detected(self, dialect: Dialect) -> None:
        self._set_dialect(dialect)
        if self.rejection is not None:
            self.refuse(self.rejection)
        else:
            self._dispatch(Request(commands.Enter(self.address)))

    def frame_refused(self, refusal: Refusal) -> None:
        """A frame is no request: refuse it, after what came before it."""
        self.pipeline.when_answered(partial(self._refuse_frame, refusal))

    def _refuse_frame(self, refusal: Refusal) -> None:
        # The dialect may have to remember why.
        self._set_dialect(self.dialect.updated(Request(LocalReply()), refusal))
        self.refuse(refusal, refusal)

    def refuse(self, refusal: Refusal, request: Request | Refusal | None = None) -> None:
        """Send and count a refusal, and close if the connection cannot go on after it."""
        self._count(refusal)
        self.reply(refusal, request)
        if refusal.closes_connection:
            self.close()

    def _count(self, refusal: Refusal) -> None:
        self.chat.counters[refusal.code] += 1
        if refusal.closes_connection:
            self._reason = refusal.code.replace("-", " ")

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
            self._end(events.Goodbye(reason))

    def close(self) -> None:
        """End the session: free the slot, send what is queued, and half-close the connection."""
        if not self.is_ended:
            self._end(None)

    def _end(self, goodbye: events.Goodbye | None) -> None:
        self.is_ended = True
        self._stop_timers()
        self._shutdown.start(limits.SHUTDOWN_SECONDS, self._input.abort)
        self._input.discard_input()
        self._leave_chat(partial(self._left, goodbye))

    def _left(self, goodbye: events.Goodbye | None) -> None:
        """The results of everything that the client asked for are sent."""
        if not self._is_lost:
            if goodbye is not None:
                self.reply(goodbye)
            self.output.close_after_flush()

    def drop_foreign(self, protocol: str) -> None:
        """The client speaks `protocol`, ``http`` for example: abort without a word."""
        self.chat.counters[f"foreign-{protocol}"] += 1
        self.abort("foreign protocol")

    def send_queue_exceeded(self) -> None:
        """The client reads too slowly: abort.

        This may be called while the hub sends an event to everyone. So the member must not leave
        the hub here, which would change the audiences under that loop; it does so in
        :meth:`connection_lost`, in a later turn.
        """
        self.abort("too slow")

    def connection_lost(self) -> None:
        """The connection is gone: free the slot and the nickname, if they are not free yet."""
        self.is_ended = self._is_lost = True
        self.output.close()
        self._shutdown.cancel()
        self._stop_timers()
        self._leave_chat(partial(self.chat.fanout.detach, self.member_id or 0))
        self.chat.remove(self)
        self.pipeline.clear()
        # Without the cycle all this is freed at once, and not only by the garbage collector.
        del self._input, self._throttle, self._scripts, self._registration

    def registration_timed_out(self) -> None:
        """The client has not registered in time."""
        self.pipeline.when_answered(self._registration_timed_out)

    def _registration_timed_out(self) -> None:
        if self.is_member or self.is_ended:
            return
        late = RegistrationTimeout(
            f"No nickname within {self._registration.seconds:g} s, so the server closes."
        )
        self.refuse(self.rejection or late)

    # --- requests and their results -------------------------------------------------------------

    def _dispatch(self, request: Request) -> None:
        match request.command:
            case commands.SendMessage() as command:  # first, as it comes most often
                self._run_command(request, command)
            case LocalReply() as reply:
                self.pipeline.when_answered(partial(self._succeeded, request, reply))
            case command if isinstance(command, LookedUp):
                self.pipeline.when_answered(partial(self._look_up, request, command))
            case commands.Enter() as command if request.resume is not None:
                self._resumption.hello(request.resume, self.is_encrypted)
                self._run_command(request, self._resumption.with_keys(command))
            case command:
                self._run_command(request, command)

    def _run_command(self, request: Request, command: commands.Command) -> None:
        if self.member_id is None or self.is_ended:
            return
        if type(command) in COSTLY:
            self._throttle.sent(cost_in_bytes(command))
        self.pipeline.unanswered += 1  # as in Pipeline.ask, with two calls less for each message
        self.chat.ordered_log.ask(
            Handle(self.member_id, command, request.number), partial(self._handled, request)
        )
        is_followed = request.script is not None and not request.is_single
        is_pipelined = type(command) in PIPELINED and not is_followed
        if not is_pipelined or self.pipeline.unanswered >= limits.UNANSWERED_COMMANDS:
            self.pipeline.pause()

    def _handled(self, request: Request, result: Reply | Refusal) -> None:
        self.pipeline.unanswered -= 1
        # What the end of the server has overtaken is not refused: the client sends it again.
        if self._is_lost or (self.chat.is_ending and isinstance(result, errors.NotRegistered)):
            return
        is_free = self._is_handling or type(result) is events.Ok  # which costs next to nothing
        started = None if is_free else self.chat.clock.seconds()
        if is_incomplete(request.command, result, self.chat):
            self.pipeline.unanswered += 1  # the client's next frame waits
            again = partial(self.pipeline.ask, Handle(self.member_id or 0, request.command))
            done = partial(self._completed, request)
            complete(request.command, self.chat, self.member_id, again, done)
        else:
            self._answer(request, result)
        if started is not None and not self.is_ended:
            # The frame was charged before; what the reply costs comes on top of it.
            self._throttle.reply_sent(started)
        self.pipeline.go_on()

    def _completed(self, request: Request, result: Reply | Refusal) -> None:
        self.pipeline.unanswered -= 1
        if not self.is_ended:
            started = self.chat.clock.seconds()
            self._answer(request, result)
            if not (self.is_ended or self._is_handling):
                self._throttle.reply_sent(started)
            self.pipeline.go_on()

    def _answer(self, request: Request, result: Reply | Refusal) -> None:
        if isinstance(result, Refusal):
            self._refused(request, result)
        else:
            self._succeeded(request, result)
            if type(request.command) in (order_commands.Ban, order_commands.Mute):
                self.chat.schedule_tick()  # for when it is over

    def _refused(self, request: Request, refusal: Refusal) -> None:
        if isinstance(request.command, commands.Enter):  # the user may choose another nickname
            self._registration.extend(limits.REGISTRATION_SECONDS)
        if request.script is not None:
            self._count(refusal)
            self._scripts.closes |= refusal.closes_connection
            self._scripts.proceed(request, refusal)
            return
        self._set_dialect(self.dialect.updated(request, refusal))
        self.refuse(refusal, request)
        if self.dialect.auto_registers and not self.is_member:
            match request.command:
                case commands.Enter(nickname) if nickname != self.address:
                    self._dispatch(Request(commands.Enter(self.address)))

    def _succeeded(self, request: Request, result: Result) -> None:
        result = self._resumption.completed(result, self.files_url, self.is_encrypted)
        is_reply = request.script is None or isinstance(result, LocalReply)
        if is_reply:
            self._set_dialect(self.dialect.updated(request, result))  # the reply is in its words
            self.reply(result, request)
        match result:
            case events.Welcome() | events.Resumed():
                self._welcomed(result)
            case events.Watching():
                self._registration.stop()
            case events.Goodbye() if is_reply:
                self.close()
            case events.Goodbye():
                self._scripts.closes = True
            case _ if is_reply and self._inactivity is not None:
                self._inactivity.reset(not isinstance(request.command, _NOT_ACTIVITY))
        if request.script is not None:
            self._scripts.proceed(request, result)

    def _take_step(self, request: Request) -> None:
        """Take a further step of a script: no other frame comes in between."""
        match request.command:
            case _ if self._is_lost:
                pass
            case LocalReply() as reply:
                self._succeeded(request, reply)
            case command:
                self._throttle.sent(step_cost(command))
                take: Any = self._look_up if isinstance(command, LookedUp) else self._run_command
                take(request, command)

    def _welcomed(self, welcome: events.Welcome | events.Resumed) -> None:
        if isinstance(welcome, events.Resumed) and self.member_id is not None:
            self._resumption.send_missed(
                welcome, self.member_id, self.output, self.pipeline, self.reply
            )
        if self._inactivity is not None:  # a late hello
            self._inactivity.reset(is_activity=True)
            return
        self.is_member = True
        self._registration.stop()
        self._inactivity = InactivityTimer(
            self.chat.clock,
            self.chat.settings.timeout,
            self._probe if self.dialect.encode_probe(0) else None,
            partial(self.disconnect, "inactive"),
        )
        if self.dialect.entering_history:
            self._dispatch(Request(commands.ReadHistory(limit=self.dialect.entering_history)))

    def _auto_register(self, request: Request | Refusal | None) -> Request | Refusal | None:
        """Enter under the nickname that the first valid frame asks for, or else under the address.

        Returns what is left to do of the first frame.
        """
        if isinstance(request, _NO_FRAMES):
            return request
        if isinstance(request, Request) and isinstance(request.command, commands.Rename):
            self._dispatch(Request(commands.Enter(request.command.nickname)))
            return None
        self._dispatch(Request(commands.Enter(self.address)))
        return request

    def _look_up(self, request: Request, command: LookedUp) -> None:
        """Check a secret, or find a message; that may take a while, and reading is paused."""
        if not isinstance(command, commands.JoinRoom | order_commands.RemoveMessage):
            self._registration.extend(limits.REGISTRATION_SECONDS)  # for typing a password
        self._throttle.pause()
        rooms, done = self.dialect.initial_rooms, partial(self._looked_up, request)
        self._lookups.look_up(command, self.member_id or 0, rooms, done)

    def _looked_up(self, request: Request, found: Found) -> None:
        if not self.is_ended:
            match found:
                case commands.EnterAuthenticated():
                    self._run_command(request, self._resumption.with_keys(found))
                case Refusal() | events.Ok():
                    self._answer(request, found)
                case command:
                    self._run_command(request, command)
        self._throttle.resume()

    def _set_dialect(self, dialect: Dialect) -> None:
        previous, self.dialect = self.dialect, dialect
        if dialect is not previous and self.member_id is not None:
            self.chat.fanout.dialect_changed(self.member_id)

    def abort(self, reason: str) -> None:
        """Close the connection at once; the member leaves for that reason."""
        self._reason = reason
        self.is_ended = True
        self._throttle.stop()
        self._input.abort()

    def _leave_chat(self, left: Callable[[], None]) -> None:
        """Leave the hub, or go away for a while, and then call `left`."""
        if self.member_id is None:
            left()
        else:
            self.chat.leave(self.member_id, self._reason, left)

    # --- timeouts -------------------------------------------------------------------------------

    def _probe(self) -> None:
        if self.member_id is not None:
            self.chat.fanout.send(self.member_id, None, self.dialect.encode_probe(self.chat.now()))

    def _stop_timers(self) -> None:
        self._throttle.stop()
        self._registration.stop()
        self._resumption.stop()
        if self._inactivity is not None:
            self._inactivity.stop()
            self._inactivity = None
        self._lookups.cancel()
