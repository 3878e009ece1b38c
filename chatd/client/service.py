"""The client as a service: the life, what it has done for it, and the session, put together."""

from collections.abc import Callable
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from chatd.chat import commands, limits, names
from chatd.chat.commands import Asked
from chatd.chat.refusals import PasswordRequired, Refusal, RequestId, WrongPassword
from chatd.client import standing
from chatd.client.causes import cause
from chatd.client.finder import Finder
from chatd.client.lifecycle import Life, Server, machine
from chatd.client.protocol import ServerConnection
from chatd.client.screen import Screen
from chatd.client.session import Session
from chatd.wire import native_frames as frames
from chatd.wire.lines import visible
from chatd.wire.native_frames import FromServer
from chatd.wire.typed import help_lines

_ABOUT_PASSWORDS: Final = frozenset({PasswordRequired.code, WrongPassword.code})


class ChatClient(Service):
    """One client, from its start until it is gone.

    It is the :class:`chatd.client.lifecycle.Effects` of its life and the
    :class:`chatd.client.protocol.Owner` of its connection.

    :param nickname: the nickname wanted; empty to ask the person for it first.
    :param offered: the nickname that a person who is asked for one gets by saying nothing.
    :param once: a direct address without ``--reconnect``: when the server goes, so does the client.
    :ivar ended: fires with the exit status when the client is gone.
    :ivar entered: fires when the client is online for the first time.
    """

    def __init__(
        self,
        reactor: Any,
        nickname: str,
        finder: Finder,
        screen: Screen,
        jitter: Callable[[], float],
        once: bool = False,
        offered: str = "",
    ) -> None:
        self.ended: Deferred[int] = Deferred()
        self.entered: Deferred[None] = Deferred()
        self.session = Session(nickname, screen, self._send, self._leave, self._ending)
        self._reactor = reactor
        self._finder = finder
        self._offered = offered
        self._screen = screen
        self._connection: ServerConnection | None = None
        self._attempt: Deferred[ServerConnection] | None = None
        self._is_registered = False
        self._life = Life(self, reactor, jitter, once)
        self._inputs = machine(self._life)
        self._patience: IDelayedCall | None = None
        self._is_gone = False
        self._is_slow = False
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

        self.ended.addCallback(tell)
        self._inputs.leave()
        return gone

    def end_of_input(self) -> None:
        """Send what was read, wait for a connection if need be, then leave."""
        self.session.end_of_input()

    def read_more_slowly(self, slowly: bool) -> None:
        """Read nothing from the server while what is shown is not read, either."""
        self._is_slow = slowly
        if self._connection is not None:
            self._connection.read_more_slowly(slowly)

    def _ending(self) -> None:
        """Give lines that are the last some time to be sent and confirmed, from now on."""
        self._stop_being_patient()
        if not self._is_gone:
            self._patience = self._reactor.callLater(
                limits.OFFLINE_AT_END_SECONDS, self._out_of_patience
            )

    def _out_of_patience(self) -> None:
        self._patience = None
        if self.session.waits_to_end:
            self._inputs.leave()

    def _stop_being_patient(self) -> None:
        if self._patience is not None and self._patience.active():
            self._patience.cancel()
        self._patience = None

    # --- what the life has done for it ----------------------------------------------------------

    def seek(self) -> None:
        """Look for the server."""
        self._finder.seek(self._inputs.offered, self._inputs.rejected)

    def stop_seeking(self) -> None:
        """Do not look any more."""
        self._finder.stop()

    def connect(self, server: Server) -> None:
        """Open a connection."""
        self._is_registered = self._is_password_given = False
        self._screen.stands(standing.Connecting(str(server)))
        self._connection = connection = ServerConnection(self)
        # The life has its own, shorter patience.
        endpoint = TCP4ClientEndpoint(
            self._reactor, server.host, server.port, timeout=2 * limits.CONNECT_SECONDS
        )
        self._attempt = connectProtocol(endpoint, connection)
        self._attempt.addErrback(self._not_connected, connection)

    def disconnect(self) -> None:
        """Drop the connection, made or not."""
        connection, self._connection = self._connection, None
        attempt, self._attempt = self._attempt, None
        if connection is not None:
            connection.close()
        if attempt is not None:
            attempt.cancel()

    def hello(self) -> None:
        """Say hello."""
        self._send(commands.Enter(self.session.nickname))

    def ask(self, problem: str) -> None:
        """Ask for another nickname."""
        self._screen.stands(standing.Asking())
        if self._screen.can_ask and self._life.last_code in _ABOUT_PASSWORDS:
            self._screen.ask_secret(f"{visible(problem)} Your password?", self._password_given)
        elif self._screen.can_ask:
            self._screen.ask(f"{visible(problem)} Your nickname?", self._named)
        else:
            self._inputs.nobody_to_ask(f"{visible(problem)} Say another one: --nickname NAME")

    def online(self) -> None:
        """Tell the person, and send what waits."""
        if self.session.waits_to_end:
            self._ending()
        self._screen.stands(standing.Online(self.session.nickname))
        self._screen.talk(f"Connected to {self._life.server} as {self.session.nickname}.")
        if not self.entered.called:
            if self._screen.can_ask:
                for line in help_lines():
                    self._screen.talk(line)
            self.entered.callback(None)
        self.session.online()

    def offline(self, reason: str) -> None:
        """Note that nothing can be sent."""
        self.session.offline()
        if self.session.waits_to_end:
            self._ending()

    def quit(self) -> None:
        """Say goodbye."""
        self._screen.stands(standing.Leaving())
        self.session.leaving()
        self._send(commands.Quit())

    def waiting(self, reason: str, seconds: float) -> None:
        """Tell the person."""
        self._screen.stands(standing.Waiting(seconds))
        said = visible(reason).rstrip(".")
        why = said.removeprefix("no connection")
        self._screen.talk(
            f"No connection{why if why != said else f': {said}'}. Trying again in {seconds:.0f} s."
        )

    def gone(self, status: int, reason: str) -> None:
        """Tell the person why, and what was not sent; then it is over."""
        self._is_gone = True
        self._stop_being_patient()
        self.session.offline()
        if reason:
            self._screen.talk(
                "Server disconnected"
                if self._life.was_online and self._life.once
                else visible(reason)
            )
        if unsent := self.session.unsent:
            self._screen.talk("These lines were not sent:")
            for line in unsent:
                self._screen.talk(f"  {visible(line)}")
        self.ended.callback(status or self.session.status)

    # --- what comes from the connection ---------------------------------------------------------

    def connected(self, connection: ServerConnection) -> None:
        """The TCP connection is made."""
        connection.read_more_slowly(self._is_slow)
        self._inputs.connected()

    def received(self, frame: FromServer) -> None:
        """Before the welcome only the answer to hello counts."""
        match frame:
            case frames.Goodbye():
                self._inputs.lost(frame.data.reason)
            case _ if self._is_registered:
                self.session.received(frame)
            case frames.Welcome():
                self._screen.told(frame.data)
                self._welcomed(frame.data.nickname)
            case frames.Error(data=frames.ErrorData(code=PasswordRequired.code)):
                self._authenticate(frame.data)
            case frames.Error():
                self._life.refuse(self._inputs, frame.data.code, frame.data.message)

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
        password = self.session.passwords.get(names.folded(nickname))
        if not password or self._is_password_given:
            self._life.refuse(self._inputs, refused.code, refused.message)
        else:
            self._is_password_given = True
            self._life.expect(self._inputs, limits.PASSWORD_SECONDS)
            self._send(commands.Authenticate(nickname, password))

    def lost(self, connection: ServerConnection, reason: str) -> None:
        """The connection is gone."""
        if connection is self._connection:
            self._connection = None
            self._inputs.lost(reason)

    def _not_connected(self, failure: Failure, connection: ServerConnection) -> None:
        if connection is self._connection:
            self._connection = None
            self._inputs.failed(f"no connection to {self._life.server}: {cause(failure)}")

    # --- what comes from the person -------------------------------------------------------------

    def _send(self, command: Asked, request_id: RequestId = None) -> None:
        if self._connection is not None:
            self._connection.send(command, request_id)

    def _leave(self) -> None:
        self._inputs.leave()

    def _named(self, nickname: str) -> None:
        if not self._is_gone:
            self.session.nickname = nickname.strip()
            self._inputs.answered()

    def _password_given(self, password: str) -> None:
        if not self._is_gone:
            self.session.passwords[names.folded(self.session.nickname)] = password
            self._inputs.answered()

    def _start(self) -> None:
        if self.session.nickname:
            self._inputs.start()
        else:
            self._screen.ask("Your nickname?", self._named_at_first, self._offered)

    def _named_at_first(self, nickname: str) -> None:
        self.session.nickname = nickname.strip()
        self._start()
