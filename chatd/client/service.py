"""The client as a service: the life, what it has done for it, and the session, put together."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from chatd.chat import commands, limits, names
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import PasswordRequired, Refusal, RequestId, WrongPassword
from chatd.client import status
from chatd.client.finder import Finder
from chatd.client.lifecycle import Core, Server, machine
from chatd.client.protocol import ServerConnection, describe_failure
from chatd.client.session import Session
from chatd.client.ui import UserInterface
from chatd.wire import frames
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import help_lines

_PASSWORD_CODES: Final = frozenset({PasswordRequired.code, WrongPassword.code})


class ChatClient(Service):
    """One client, from its start until it is gone.

    It is the :class:`chatd.client.lifecycle.Effects` of its life and the
    :class:`chatd.client.protocol.Owner` of its connection.

    :param nickname: the nickname wanted; empty to ask the person for it first.
    :param offered: the nickname that a person who is asked for one gets by saying nothing.
    :param once: a direct address without ``--reconnect``: when the server goes, so does the client.
    :param output_shared_with: clients whose output goes to the same place; they are paused, too.
    :ivar ended: fires with the exit status when the client is gone.
    :ivar entered: fires when the client is online for the first time.
    """

    def __init__(
        self,
        reactor: Any,
        nickname: str,
        finder: Finder,
        ui: UserInterface,
        jitter: Callable[[], float],
        once: bool = False,
        default_nickname: str = "",
        output_shared_with: Sequence["ChatClient"] = (),
    ) -> None:
        self.when_ended: Deferred[int] = Deferred()
        self.when_online: Deferred[None] = Deferred()
        self.session = Session(nickname, ui, self)
        self._reactor = reactor
        self._finder = finder
        self._default_nickname = default_nickname
        self._output_shared_with = output_shared_with
        self._ui = ui
        self._connection: ServerConnection | None = None
        self._connecting: Deferred[ServerConnection] | None = None
        self._is_registered = False
        self._core = Core(self, reactor, jitter, once)
        self._inputs = machine(self._core)
        self._flush_timeout: IDelayedCall | None = None
        self._is_gone = False
        self._is_paused = False
        self._is_password_given = False

    def startService(self) -> None:
        """Begin the life; a person without a nickname is asked for one first."""
        super().startService()
        self._start()

    def stopService(self) -> Deferred[None]:
        """Say goodbye; fires when the client is gone."""
        super().stopService()
        if self._is_gone:
            return succeed(None)
        gone: Deferred[None] = Deferred()

        def tell(status: int) -> int:
            gone.callback(None)
            return status

        self.when_ended.addCallback(tell)
        self._inputs.leave()
        return gone

    # --- what the session has done for it -------------------------------------------------------

    def send(self, command: ClientCommand, request_id: RequestId = None) -> None:
        """Send a command, if there is a connection."""
        if self._connection is not None:
            self._connection.send(command, request_id)

    def leave(self) -> None:
        """Say goodbye if need be, and go."""
        self._inputs.leave()

    def set_paused(self, paused: bool) -> None:
        """Read nothing from the server while what is shown is not read, either."""
        for client in self._output_shared_with:
            client.set_paused(paused)
        self._is_paused = paused
        if self._connection is not None:
            self._connection.set_paused(paused)

    def draining(self) -> None:
        """Give lines that are the last some time to be sent and confirmed, from now on."""
        self._cancel_flush_timeout()
        if not self._is_gone:
            self._flush_timeout = self._reactor.callLater(
                limits.OFFLINE_AT_END_SECONDS, self._flush_timed_out
            )

    def _flush_timed_out(self) -> None:
        self._flush_timeout = None
        if self.session.is_draining:
            self._inputs.leave()

    def _cancel_flush_timeout(self) -> None:
        if self._flush_timeout is not None and self._flush_timeout.active():
            self._flush_timeout.cancel()
        self._flush_timeout = None

    # --- what the life has done for it ----------------------------------------------------------

    def find_server(self) -> None:
        """Look for the server."""
        self._finder.find(self._inputs.offered, self._inputs.rejected)

    def stop_finding(self) -> None:
        """Do not look any more."""
        self._finder.stop()

    def connect(self, server: Server) -> None:
        """Open a connection."""
        self._is_registered = self._is_password_given = False
        self._ui.set_status(status.Connecting(str(server)))
        self._connection = connection = ServerConnection(self)
        # The life has its own, shorter patience.
        endpoint = TCP4ClientEndpoint(
            self._reactor, server.host, server.port, timeout=2 * limits.CONNECT_SECONDS
        )
        self._connecting = connectProtocol(endpoint, connection)
        self._connecting.addErrback(self._connect_failed, connection)

    def disconnect(self) -> None:
        """Drop the connection, made or not."""
        connection, self._connection = self._connection, None
        attempt, self._connecting = self._connecting, None
        if connection is not None:
            connection.close()
        if attempt is not None:
            attempt.cancel()

    def hello(self) -> None:
        """Say hello."""
        self.send(commands.Enter(self.session.nickname))

    def ask(self, problem: str) -> None:
        """Ask for another nickname."""
        self._ui.set_status(status.Asking())
        if self._ui.can_ask and self._core.last_code in _PASSWORD_CODES:
            self._ui.prompt_password(f"{escape(problem)} Your password?", self._password_given)
        elif self._ui.can_ask:
            self._ui.prompt(f"{escape(problem)} Your nickname?", self._nickname_given)
        else:
            self._inputs.cannot_ask(f"{escape(problem)} Say another one: --nickname NAME")

    def online(self) -> None:
        """Tell the person, and send what waits."""
        if self.session.is_draining:
            self.draining()
        self._ui.set_status(status.Online(self.session.nickname))
        self._ui.notify(f"Connected to {self._core.server} as {self.session.nickname}.")
        if not self.when_online.called:
            if self._ui.can_ask:
                for line in help_lines():
                    self._ui.notify(line)
            self.when_online.callback(None)
        self.session.online()

    def offline(self, reason: str) -> None:
        """Note that nothing can be sent."""
        self.session.offline()
        if self.session.is_draining:
            self.draining()

    def quit(self) -> None:
        """Say goodbye."""
        self._ui.set_status(status.Leaving())
        self.session.leaving()
        self.send(commands.Quit())

    def waiting(self, reason: str, seconds: float) -> None:
        """Tell the person."""
        self._ui.set_status(status.Waiting(seconds))
        said = escape(reason).rstrip(".")
        why = said.removeprefix("no connection")
        self._ui.notify(
            f"No connection{why if why != said else f': {said}'}. Trying again in {seconds:.0f} s."
        )

    def gone(self, status: int, reason: str) -> None:
        """Tell the person why, and what was not sent; then it is over."""
        self._is_gone = True
        self._cancel_flush_timeout()
        self.session.offline()
        if reason:
            self._ui.notify(
                "Server disconnected"
                if self._core.was_online and self._core.once
                else escape(reason)
            )
        if unsent := self.session.unsent:
            self._ui.notify("These lines were not sent:")
            for line in unsent:
                self._ui.notify(f"  {escape(line)}")
        self.when_ended.callback(status or self.session.status)

    # --- what comes from the connection ---------------------------------------------------------

    def connected(self, connection: ServerConnection) -> None:
        """The TCP connection is made."""
        connection.set_paused(self._is_paused)
        self._inputs.connected()

    def frame_received(self, frame: FromServer) -> None:
        """Before the welcome only the answer to hello counts."""
        match frame:
            case frames.Goodbye():
                self._inputs.lost(frame.data.reason)
            case _ if self._is_registered:
                self.session.frame_received(frame)
            case frames.Welcome():
                self._ui.show_event(frame.data)
                self._welcomed(frame.data.nickname)
            case frames.Error(data=frames.ErrorData(code=PasswordRequired.code)):
                self._authenticate(frame.data)
            case frames.Error():
                self._core.hello_refused(self._inputs, frame.data.code, frame.data.message)

    def _welcomed(self, nickname: str) -> None:
        try:
            self.session.nickname = names.nickname(nickname, nickname)
        except Refusal:
            self._inputs.rejected("It is no chat server: it welcomes nobody by a possible name.")
        else:
            self._is_registered = True
            self._inputs.welcomed()

    def _authenticate(self, refused: frames.ErrorData) -> None:
        """Give the password that the person gave; each is tried once."""
        nickname = self.session.nickname
        password = self.session.passwords.get(names.casefold(nickname))
        if not password or self._is_password_given:
            self._core.hello_refused(self._inputs, refused.code, refused.message)
        else:
            self._is_password_given = True
            self._core.set_timeout(self._inputs, limits.PASSWORD_SECONDS)
            self.send(commands.Authenticate(nickname, password))

    def connection_lost(self, connection: ServerConnection, reason: str) -> None:
        """The connection is gone."""
        if connection is self._connection:
            self._connection = None
            self._inputs.lost(reason)

    def _connect_failed(self, failure: Failure, connection: ServerConnection) -> None:
        if connection is self._connection:
            self._connection = None
            self._inputs.failed(
                f"no connection to {self._core.server}: {describe_failure(failure)}"
            )

    # --- what comes from the person -------------------------------------------------------------

    def _nickname_given(self, nickname: str) -> None:
        if not self._is_gone:
            self.session.nickname = nickname.strip()
            self._inputs.answered()

    def _password_given(self, password: str) -> None:
        if not self._is_gone:
            self.session.passwords[names.casefold(self.session.nickname)] = password
            self._inputs.answered()

    def _start(self) -> None:
        if self.session.nickname:
            self._inputs.start()
        else:
            self._ui.prompt("Your nickname?", self._first_nickname_given, self._default_nickname)

    def _first_nickname_given(self, nickname: str) -> None:
        self.session.nickname = nickname.strip()
        self._start()
